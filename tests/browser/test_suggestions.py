"""The questions that an empty conversation suggests."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from qa.article_qa import ArticleQA
from tests.browser.visiting import EXAMPLES, GRADIO_WARNINGS, PATIENCE_MS, Opener, Serve, Visit

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

COMMITTEE = (
    "The Finance Committee was established in 2011. The report of the Finance Committee is long. "
    "There are 14 members in the Finance Committee."
)
ABOUT = "What is this about?"


def offered(shown: Visit, question: str) -> Locator:
    return shown.page.locator("#chat .example").get_by_text(question)


def test_suggested_questions_are_answered_by_an_added_article(serve: Serve, visit: Opener) -> None:
    with ArticleQA.from_text(COMMITTEE, title="Minutes") as qa:
        shown = visit(serve(qa))
        expect(offered(shown, ABOUT)).to_be_visible(timeout=PATIENCE_MS)
        expect(offered(shown, EXAMPLES[0])).to_have_count(0)
        offered(shown, ABOUT).click()
        reply = shown.answered()
        expect(reply).to_contain_text("The Finance Committee was established in 2011.")
        expect(shown.mark(reply)).to_be_visible()


def test_suggested_questions_change_with_the_open_article(serve: Serve, visit: Opener) -> None:
    with ArticleQA.bundled() as qa:
        shown = visit(serve(qa))
        expect(offered(shown, EXAMPLES[0])).to_be_visible(timeout=PATIENCE_MS)
        shown.page.get_by_role("button", name="Add articles").click()
        shown.page.get_by_role("tab", name="Text").click()
        shown.page.locator("#new-text textarea").fill(COMMITTEE)
        shown.page.get_by_role("button", name="Add text").click()
        expect(offered(shown, EXAMPLES[0])).to_have_count(0, timeout=PATIENCE_MS)
        expect(offered(shown, ABOUT)).to_be_visible(timeout=PATIENCE_MS)
        shown.page.get_by_role("button", name="US urges").first.click()
        expect(offered(shown, EXAMPLES[0])).to_be_visible(timeout=PATIENCE_MS)


def test_a_text_without_good_questions_gets_no_suggestions(serve: Serve, visit: Opener) -> None:
    with ArticleQA.from_text("${window.pwned=1} <b>x</b>") as qa:
        shown = visit(serve(qa))
        expect(shown.page.locator('.status[data-state="ready"]')).to_be_visible(timeout=PATIENCE_MS)
        expect(shown.page.locator("#chat")).to_contain_text("Ask a question.")
        expect(shown.page.locator("#chat .example")).to_have_count(0)
        assert shown.page.evaluate("window.pwned") is None
