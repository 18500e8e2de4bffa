"""Below an answer: its sources, its confidence, the passages, and a copy button."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from qa.answers.confidence_wording import confidence_in_words
from qa.article_qa import ArticleQA
from tests.browser.test_page import CALLED, CONTRAST, LEAST_CONTRAST, UNANSWERABLE
from tests.browser.visiting import GRADIO_WARNINGS, NARROW, Opener, Serve

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

WHO_BUILT = "Who designed the bridge?"


@pytest.fixture
def shelf() -> Iterator[ArticleQA]:
    """Two articles, one of which has a title and words that are made to mislead."""
    with ArticleQA.bundled() as qa:
        qa.add_text(
            "The bridge was designed by <b>Ann</b> Archer.\n\n</details> [x](javascript:y)",
            title="Bridges <i>& tunnels</i>",
        )
        yield qa


def test_confidence_is_shown_in_words_and_the_number_on_demand(
    visit: Opener, address: str, qa: ArticleQA
) -> None:
    shown = visit(address)
    sure = shown.ask(CALLED).locator(".sure")
    number = sure.get_by_text("In tests, ")
    expect(sure.locator("summary")).to_have_text(confidence_in_words(qa.ask(CALLED)))
    expect(number).to_be_hidden()
    sure.locator("summary").focus()
    shown.page.keyboard.press("Enter")
    expect(number).to_be_visible()
    expect(number).to_contain_text(f"{qa.ask(CALLED).confidence:.0%}".removesuffix("%"))


def test_a_refusal_shows_the_confidence_of_the_best_passage(visit: Opener, address: str) -> None:
    shown = visit(address)
    sure = shown.ask(UNANSWERABLE).locator(".sure")
    expect(sure.locator("summary")).to_have_text("No confident answer found")
    expect(sure.locator("summary")).to_have_attribute(
        "title", re.compile("best passage had the answer")
    )


def test_the_passages_are_listed_on_demand(visit: Opener, address: str, qa: ArticleQA) -> None:
    shown = visit(address)
    reply = shown.ask(CALLED)
    items = reply.locator(".passages li")
    expect(items.first).to_be_hidden()
    reply.locator(".passages summary").click()
    expect(items).to_have_count(len(qa.ask(CALLED).passages))
    expect(items.first).to_contain_text("cited as [1]")
    expect(items.last).to_contain_text("not cited")
    link = items.first.get_by_role("link", name="[1]", exact=True)
    shown.follow(link)
    expect(shown.place(link)).to_contain_text("Marco Rubio made a call")


def test_an_open_list_of_passages_stays_open_after_the_next_answer(
    visit: Opener, address: str
) -> None:
    shown = visit(address)
    reply = shown.ask(CALLED)
    reply.locator(".sure summary").click()
    shown.ask(UNANSWERABLE)
    expect(reply.locator(".sure summary")).to_be_visible()


def test_with_several_articles_a_citation_names_its_article(
    shelf: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(shelf)
    shown = visit(url)
    reply = shown.ask(WHO_BUILT)
    expect(reply.locator(".sources")).to_have_text("[1] Bridges <i>& tunnels</i>")
    reply.locator(".passages summary").click()
    expect(reply.locator(".passages li").first).to_contain_text("Bridges <i>& tunnels</i>")
    expect(reply.locator(".passages li").first).to_contain_text("<b>Ann</b> Archer")
    assert reply.locator("b, i, img").count() == 0
    shown.page.get_by_label("Ask US urges").uncheck()
    expect(shown.ask(WHO_BUILT).locator(".sources")).to_have_count(0)


def test_any_answer_can_be_copied(visit: Opener, address: str, qa: ArticleQA) -> None:
    shown = visit(address)
    shown.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    first, second = shown.ask(CALLED), shown.ask(UNANSWERABLE)
    status = shown.page.locator(".tools").get_by_role("status")
    first.get_by_role("button", name="Copy answer with sources").click()
    expect(status).to_have_text("Copied")
    copied = shown.page.evaluate("navigator.clipboard.readText()")
    assert all(citation.quote in copied for citation in qa.ask(CALLED).citations)
    second.get_by_role("button", name="Copy answer with sources").click()
    expect(shown.page.locator("#outbox [data-number]")).to_have_count(1)
    shown.page.wait_for_function(
        "async () => (await navigator.clipboard.readText()).startsWith('No sentence says')"
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_text_below_an_answer_is_readable_on_a_phone(
    visit: Opener, address: str, *, dark: bool
) -> None:
    shown = visit(address, size=NARROW, dark=dark)
    reply = shown.ask(CALLED)
    reply.locator(".sure summary").click()
    reply.locator(".passages summary").click()
    read = (".sure summary", ".sure p", ".passages summary", ".passages li", ".facts", ".copy")
    contrast = {name: reply.locator(name).first.evaluate(CONTRAST) for name in read}
    assert {name: ratio for name, ratio in contrast.items() if ratio < LEAST_CONTRAST} == {}
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


def test_small_talk_gets_a_reply_without_evidence(visit: Opener, address: str) -> None:
    shown = visit(address)
    reply = shown.ask("Good morning to you")
    expect(reply).to_contain_text("Ask me anything about")
    for part in (".foot", ".sure", ".passages", ".sources", ".refusal", "a"):
        expect(reply.locator(part)).to_have_count(0)
    expect(shown.page.locator(".strip a")).to_have_count(0)


def test_a_question_in_another_language_gets_a_note_above_its_answer(
    visit: Opener, address: str
) -> None:
    reply = visit(address).ask("¿A quién llamó el secretario de Estado?")
    expect(reply.locator("em").first).to_contain_text("Note: The question seems to be in Spanish")


def test_the_wording_of_a_follow_up_can_be_edited_by_keyboard_and_asked(
    visit: Opener, address: str
) -> None:
    shown = visit(address)
    shown.ask("How many people were killed at Pahalgam?")
    reply = shown.ask("Where exactly?")
    understood = "Where exactly? (after “How many people were killed at Pahalgam?”)"
    expect(reply).to_contain_text(f"Understood as: {understood}")
    edit = reply.get_by_role("button", name="Edit this wording and ask it")
    edit.focus()
    edit.press("Enter")
    box = shown.page.locator("#question textarea")
    expect(box).to_be_focused()
    expect(box).to_have_value(understood)
    box.press("Enter")
    again = shown.answered()
    expect(shown.question(3)).to_contain_text(understood)
    expect(again).not_to_contain_text("Understood as")
