"""The page on a phone: touch without hovering, and the article below the chat."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from qa.article_qa import ArticleQA
from tests.browser.test_accessibility import barriers
from tests.browser.test_page import assert_is_lit
from tests.browser.test_shelf import BRIDGE, OPENED, TOWER, expect_added, file, library, row
from tests.browser.visiting import GRADIO_WARNINGS, NARROW, Opener, Serve, Visit

__all__ = ["library"]

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

TABLET = (1180, 820)
# WCAG 2.2 requires targets of 24 pixels; a fingertip covers more.
LEAST_SIDE = 24


def ask(shown: Visit, question: str) -> Locator:
    shown.page.locator("#question textarea").fill(question)
    shown.page.get_by_role("button", name="Ask", exact=True).tap()
    return shown.answered()


def test_a_tapped_mark_shows_its_quote_and_leads_to_the_place_and_back(
    library: ArticleQA, serve: Serve, visit: Opener
) -> None:
    library.add_text("\n\n".join([BRIDGE, *[TOWER] * 40]), title="Bridge")
    url = serve(library)
    shown = visit(url, size=NARROW, touch=True)
    mark = shown.mark(ask(shown, OPENED))
    quote, place = shown.page.get_by_role("dialog", name="Quote"), shown.place(mark)
    mark.tap()
    expect(quote).to_contain_text("The harbour bridge opened in 1932.")
    expect(quote).to_be_in_viewport(ratio=1)
    expect(mark).to_be_in_viewport(ratio=1)
    expect(place).not_to_be_in_viewport()
    assert barriers(shown) == []
    quote.get_by_role("button", name="Close").tap()
    expect(quote).to_have_count(0)
    mark.tap()
    shown.page.locator("header").tap()
    expect(quote).to_have_count(0)
    mark.tap()
    quote.get_by_role("link", name="Show in the article").tap()
    assert_is_lit(place)
    expect(quote).to_have_count(0)
    shown.page.get_by_role("link", name="Back to the conversation").tap()
    expect(mark).to_be_in_viewport(ratio=1)
    expect(mark).to_be_focused()
    for _ in range(2):  # a second tap on the mark leads there, too
        mark.tap()
    assert_is_lit(place)


def test_the_list_of_articles_can_be_used_by_touch(
    library: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(library)
    shown = visit(url, size=NARROW, touch=True)
    page = shown.page
    expect(ask(shown, "Hello")).to_contain_text("Add one under “Add articles”")
    page.locator("#files input[type=file]").set_input_files([file("Tower.txt", TOWER.encode())])
    expect_added(page, "Tower")
    page.get_by_role("tab", name="Text").tap()
    page.get_by_label("Title (optional)").fill("Bridge")
    page.get_by_label("Text", exact=True).fill(BRIDGE)
    page.get_by_role("button", name="Add text").tap()
    expect_added(page, "Bridge")
    row(page, "Tower").get_by_role("button", name="Tower", exact=True).tap()
    expect(page.locator(".paper h2")).to_have_text("Tower")
    row(page, "Tower").get_by_role("checkbox").tap()
    expect(row(page, "Tower").get_by_role("checkbox")).not_to_be_checked()
    expect(ask(shown, OPENED)).to_contain_text("1932")
    targets = page.locator(':is(button, #chat a, summary, input):visible:not([tabindex="-1"])')
    small = [
        each.evaluate("element => element.outerHTML")
        for each in targets.all()
        if (box := each.bounding_box()) and min(box["width"], box["height"]) < LEAST_SIDE
    ]
    assert small == []


def test_on_a_wide_touch_screen_a_tap_leads_to_the_place_at_once(
    visit: Opener, address: str
) -> None:
    shown = visit(address, size=TABLET, touch=True)
    mark = shown.mark(ask(shown, "Who did Marco Rubio call?"))
    mark.tap()
    assert_is_lit(shown.place(mark))
    expect(shown.page.get_by_role("dialog")).to_have_count(0)
    expect(shown.page.get_by_role("tooltip")).to_have_count(0)
