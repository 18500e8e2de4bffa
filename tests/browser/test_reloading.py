"""A conversation survives a reload of its tab, and no other tab sees it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from qa.article_qa import ArticleQA
from tests.browser.test_page import CALLED, HeldQA, assert_is_lit, held
from tests.browser.test_shelf import library, row, shelf_of_two
from tests.browser.visiting import EXAMPLES, GRADIO_WARNINGS, PATIENCE_MS, Opener, Serve, Visit

__all__ = ["held", "library", "shelf_of_two"]

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


def reload(shown: Visit) -> None:
    shown.is_reloaded = True
    shown.page.reload(wait_until="domcontentloaded")
    expect(shown.page.locator("#question textarea")).to_be_editable(timeout=PATIENCE_MS)


def test_a_conversation_survives_a_reload_and_goes_on(visit: Opener, address: str) -> None:
    shown = visit(address)
    shown.ask(CALLED)
    second = shown.ask(EXAMPLES[1]).inner_text()
    reload(shown)
    expect(shown.question(1)).to_have_text(CALLED)
    expect(shown.reply(2)).to_have_text(re.compile(re.escape(second[:40])))
    expect(shown.page.locator(".paper mark[data-number]").first).to_be_visible()
    mark = shown.mark(shown.reply(1))
    mark.click()
    assert_is_lit(shown.place(mark))
    expect(shown.ask(EXAMPLES[2]).get_by_role("link").first).to_be_visible()
    expect(shown.page.get_by_role("button", name="Save HTML")).to_be_visible()


def test_an_open_place_is_open_again_after_a_reload(visit: Opener, address: str) -> None:
    shown = visit(address)
    first = shown.mark(shown.ask(CALLED))
    shown.ask(EXAMPLES[1])
    shown.follow(first)
    reload(shown)
    expect(shown.reply(2)).to_be_visible()
    assert_is_lit(shown.place(shown.mark(shown.reply(1))))


def test_no_other_tab_sees_the_conversation(visit: Opener, address: str) -> None:
    shown = visit(address)
    shown.ask(CALLED)
    stranger, neighbour = visit(address), Visit(shown.page.context.new_page())
    neighbour.page.goto(address, wait_until="domcontentloaded")
    for other in (stranger, neighbour):
        reload(other)
        expect(other.page.locator('.status[data-state="ready"]')).to_be_visible()
        expect(other.page.locator("#chat").get_by_text(EXAMPLES[0])).to_be_visible()
        expect(other.page.locator("#chat [data-testid=bot]")).to_have_count(0)


def test_a_conversation_that_was_left_does_not_return_after_a_reload(
    visit: Opener, address: str
) -> None:
    shown = visit(address)
    shown.ask(CALLED)
    shown.page.get_by_role("button", name="New conversation").click()
    expect(shown.page.locator(".paper mark")).to_have_count(0)
    reload(shown)
    expect(shown.page.locator('.status[data-state="ready"]')).to_be_visible()
    expect(shown.page.locator("#chat").get_by_text(EXAMPLES[0])).to_be_visible()
    expect(shown.page.locator("#chat [data-testid=bot]")).to_have_count(0)


def test_a_pending_question_survives_a_reload_and_cannot_be_left(
    held: HeldQA, serve: Serve, visit: Opener
) -> None:
    url = serve(held)
    shown = visit(url)
    shown.page.locator("#question textarea").fill(CALLED)
    shown.page.locator("#question textarea").press("Enter")
    expect(shown.page.get_by_role("button", name="Stop")).to_be_visible()
    expect(shown.page.get_by_role("button", name="New conversation")).to_have_count(0)
    # And a reload loses neither the question nor its answer.
    reload(shown)
    expect(shown.question(1)).to_have_text(CALLED)
    expect(shown.page.get_by_role("button", name="Stop")).to_be_visible()
    expect(shown.page.locator('.status[data-state="busy"]')).to_be_visible()
    held.released.set()
    expect(shown.answered()).to_contain_text("Jaishankar")
    expect(shown.place(shown.mark(shown.reply(1)))).to_be_visible()
    expect(shown.page.get_by_role("button", name="New conversation")).to_be_visible()


def test_ticks_and_the_open_article_survive_a_reload(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(shelf_of_two)
    shown = visit(url)
    row(shown.page, "Tower").get_by_role("button", name="Tower", exact=True).click()
    expect(shown.page.locator(".paper h2")).to_have_text("Tower")
    row(shown.page, "Bridge").get_by_role("checkbox").uncheck()
    expect(row(shown.page, "Bridge").get_by_role("checkbox")).not_to_be_checked()
    shown.page.wait_for_function("window.shelfPending === 0")
    reload(shown)
    expect(shown.page.locator(".paper h2")).to_have_text("Tower")
    expect(row(shown.page, "Bridge").get_by_role("checkbox")).not_to_be_checked()
    expect(row(shown.page, "Tower").get_by_role("checkbox")).to_be_checked()


def test_a_reply_names_an_article_removed_meanwhile(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(shelf_of_two)
    shown = visit(url)
    mark = shown.mark(shown.ask("When did the bridge open?"))
    bridge = next(each for each in shelf_of_two.catalogue() if each.title == "Bridge")
    shelf_of_two.remove(bridge.id)
    reload(shown)
    expect(shown.reply(1)).to_contain_text("Removed since: “Bridge”.")
    expect(shown.page.locator(".paper h2")).to_have_text("Tower")
    mark.click()
    expect(shown.page.locator("#shelf").get_by_role("alert")).to_contain_text("removed")
