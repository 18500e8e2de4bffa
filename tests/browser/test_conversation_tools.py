"""The buttons of a conversation: copy, ask again, stop, save as a document."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, expect

from qa.article_qa import ArticleQA
from tests.browser.test_page import CALLED, HeldQA, held
from tests.browser.visiting import GRADIO_WARNINGS, Opener, Serve, Visit

__all__ = ["held"]

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


def save(shown: Visit, button: str) -> Download:
    with shown.page.expect_download() as started:
        shown.page.get_by_role("button", name=button).click()
    return started.value


def test_in_a_saved_page_a_citation_leads_to_its_words(
    visit: Opener, address: str, browser: Browser, tmp_path: Path
) -> None:
    shown = visit(address)
    shown.ask(CALLED)
    saved = save(shown, "Save HTML")
    assert saved.suggested_filename.startswith("conversation-")
    file = tmp_path / saved.suggested_filename
    saved.save_as(file)
    opened = browser.new_page()
    opened.goto(file.as_uri())
    opened.get_by_role("link", name="[1]", exact=True).click()
    place = opened.locator(".paper :target")
    expect(place).to_be_in_viewport()
    expect(place).to_contain_text("Marco Rubio made a call")
    opened.close()


def test_a_conversation_is_saved_as_markdown_twice(
    visit: Opener, address: str, tmp_path: Path
) -> None:
    shown = visit(address)
    shown.ask(CALLED)
    for number in (1, 2):
        file = tmp_path / f"{number}.md"
        saved = save(shown, "Save Markdown")
        saved.save_as(file)
        assert saved.suggested_filename.endswith(".md")
        assert CALLED in file.read_text(encoding="utf-8")
    expect(shown.page.locator(".tools").get_by_role("status")).to_contain_text("Saved as")


def test_an_answer_is_copied_with_its_quotes_and_sources(
    visit: Opener, address: str, qa: ArticleQA
) -> None:
    shown = visit(address)
    shown.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown.ask(CALLED)
    shown.page.get_by_role("button", name="Copy answer with sources").click()
    expect(shown.page.locator(".tools").get_by_role("status")).to_have_text("Copied")
    copied = shown.page.evaluate("navigator.clipboard.readText()")
    for citation in qa.ask(CALLED).citations:
        assert citation.quote in copied


def test_a_question_is_asked_again(visit: Opener, address: str) -> None:
    shown = visit(address)
    shown.page.get_by_label("Ask US urges").uncheck()
    expect(shown.ask(CALLED)).to_contain_text("No article is selected.")
    shown.page.get_by_label("Ask US urges").check()
    shown.page.get_by_role("button", name="Ask again").click()
    expect(shown.reply(1)).to_contain_text("Jaishankar")
    expect(shown.page.locator("#chat [data-testid=user]")).to_have_count(1)


def test_a_question_is_stopped_and_the_next_is_answered(
    held: HeldQA, serve: Serve, visit: Opener
) -> None:
    url = serve(held)
    shown = visit(url)
    box = shown.page.locator("#question textarea")
    box.fill("Who is waiting?")
    box.press("Enter")
    expect(shown.reply(1)).to_be_visible()
    shown.page.get_by_role("button", name="Stop").click()
    expect(box).to_have_value("Who is waiting?")
    expect(shown.page.locator("#chat [data-testid=bot]")).to_have_count(0)
    held.released.set()
    expect(shown.ask(CALLED)).to_contain_text("Jaishankar")
