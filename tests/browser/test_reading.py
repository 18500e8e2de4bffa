"""Reading along: from a mark of the chat to the words in the article, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_page import CALLED, assert_is_lit
from tests.browser.visiting import GRADIO_WARNINGS, Opener

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

# Quicker than any hand: in the very moment in which the mark is there.
CLICK_AT_ONCE = """number => {
  const chat = document.querySelector('#chat');
  new MutationObserver((_, watching) => {
    const marks = [...chat.querySelectorAll('a')].filter(link => link.textContent === '[1]');
    if (marks.length < number) return;
    watching.disconnect();
    marks.at(-1).click();
  }).observe(chat, {childList: true, subtree: true});
}"""


def test_a_mark_that_is_clicked_as_soon_as_it_is_there_lights_its_place(
    visit: Opener, address: str
) -> None:
    shown = visit(address)
    for turn, question in enumerate([CALLED, "Why did Islamabad suspend the Simla Agreement?"], 1):
        shown.page.evaluate(CLICK_AT_ONCE, turn)
        reply = shown.ask(question)
        assert_is_lit(shown.place(shown.mark(reply)))


def test_an_answer_and_its_place_in_the_article_come_together(visit: Opener, address: str) -> None:
    shown = visit(address)
    shown.page.evaluate(
        """() => {
          const chat = document.querySelector('#chat');
          new MutationObserver((_, watching) => {
            if (!chat.querySelector('a[href^="#s"]')) return;
            watching.disconnect();
            requestAnimationFrame(() => {
              window.placesThen = document.querySelectorAll('.paper mark').length;
            });
          }).observe(chat, {childList: true, subtree: true});
        }"""
    )
    shown.ask(CALLED)
    assert shown.page.evaluate("window.placesThen") > 0


def test_one_place_alone_is_lit_after_further_answers(visit: Opener, address: str) -> None:
    shown = visit(address)
    first = shown.mark(shown.ask(CALLED))
    first.click()
    assert_is_lit(shown.place(first))
    shown.ask("What did Kwatra say about the operation?")
    lit = shown.page.locator(".paper .lit")
    expect(lit).to_have_count(1)
    assert f"#{lit.get_attribute('id')}" == first.get_attribute("href")
