"""The page in a real browser, with a real server, article and models."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from qa.article_qa import ArticleQA
from tests.browser.visiting import (
    EXAMPLES,
    GRADIO_WARNINGS,
    HOSTILE_SENTENCES,
    HOSTILE_TITLE,
    NARROW,
    Opener,
    Serve,
)

pytestmark = [
    pytest.mark.browser,
    *GRADIO_WARNINGS,
]

CALLED = "Who did Marco Rubio call?"
UNANSWERABLE = "Who paid for the missile strikes?"
# WCAG 2.2 AA for text of normal size.
LEAST_CONTRAST = 4.5
CONTRAST = """element => {
  const parse = colour => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return {rgb: [r, g, b], a};
  };
  const over = (top, below, alpha) => top.map((c, i) => c * alpha + below[i] * (1 - alpha));
  const chain = [];
  for (let node = element; node; node = node.parentElement) chain.unshift(node);
  let ground = [255, 255, 255], opacity = 1;
  for (const node of chain) {
    const style = getComputedStyle(node), {rgb, a} = parse(style.backgroundColor);
    opacity *= Number(style.opacity);
    ground = over(rgb, ground, a * opacity);
  }
  const ink = parse(getComputedStyle(element).color);
  const luminance = rgb => rgb.map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const [a, b] = [luminance(over(ink.rgb, ground, ink.a * opacity)), luminance(ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""


class HeldQA(ArticleQA):
    """The real library, but its models are loaded only once ``released`` is set."""

    released: threading.Event

    @property
    def ready(self) -> bool:
        return self.released.is_set() and super().ready

    def warm_up(self) -> None:
        self.released.wait()
        super().warm_up()

    def ask(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as they are passed on
        self.released.wait()
        return super().ask(*args, **options)


@pytest.fixture
def held() -> Iterator[HeldQA]:
    with HeldQA.bundled() as qa:
        qa.released = threading.Event()
        yield qa
        qa.released.set()


def background(element: Locator) -> str:
    return str(element.evaluate("element => getComputedStyle(element).backgroundColor"))


def assert_is_lit(place: Locator) -> None:
    expect(place).to_be_in_viewport(ratio=0.5)
    expect(place).to_have_class(re.compile(r"\blit\b"))


def test_an_answer_is_shown_with_its_quote(visit: Opener, address: str) -> None:
    shown = visit(address)
    reply = shown.ask(CALLED)
    expect(reply).to_contain_text("Jaishankar")
    expect(reply).to_contain_text("Sharif")
    expect(shown.question(1)).to_have_text(CALLED)
    expect(shown.place(shown.mark(reply))).to_contain_text("Marco Rubio made a call")


def test_a_click_on_a_citation_brings_its_sentence_into_view(visit: Opener, address: str) -> None:
    shown = visit(address)
    link = shown.mark(shown.ask(CALLED))
    place = shown.place(link)
    before = background(place)
    link.click()
    assert_is_lit(place)
    assert background(place) != before
    for number in (1, 2):  # and again, after scrolling away
        shown.page.locator(".paper").evaluate(f"paper => paper.scrollTop = {number} * 9000")
        link.click()
        assert_is_lit(place)


def test_a_citation_works_by_keyboard(visit: Opener, address: str) -> None:
    shown = visit(address)
    link = shown.mark(shown.ask(CALLED))
    link.focus()
    shown.page.keyboard.press("Enter")
    assert_is_lit(shown.place(link))
    expect(shown.place(link)).to_be_focused()


def test_every_citation_is_marked_with_its_number_and_one_is_active(
    visit: Opener, address: str
) -> None:
    shown = visit(address)
    reply = shown.ask("What did Kwatra say about the operation?")
    links = reply.get_by_role("link").all()
    for number, link in enumerate(links, start=1):
        place = shown.place(link)
        expect(place).to_have_attribute("data-number", str(number))
        assert place.evaluate("element => element.tagName") == "MARK"
    shown.mark(reply).click()
    expect(shown.page.locator(".lit")).to_have_count(1)


def test_citations_of_older_answers_still_work(visit: Opener, address: str) -> None:
    shown = visit(address)
    first = shown.mark(shown.ask(CALLED))
    shown.ask("Why did Islamabad suspend the Simla Agreement?")
    first.click()
    assert_is_lit(shown.place(first))
    expect(shown.place(first)).to_contain_text("Marco Rubio made a call")


def test_the_question_box_has_the_focus_before_and_after(visit: Opener, address: str) -> None:
    shown = visit(address)
    expect(shown.page.locator("#question textarea")).to_be_focused()
    shown.ask(CALLED)
    expect(shown.page.locator("#question textarea")).to_be_focused()
    expect(shown.page.locator("#question textarea")).to_have_value("")


def test_a_clicked_example_is_asked_and_answered(visit: Opener, address: str) -> None:
    shown = visit(address)
    for example in EXAMPLES:
        expect(shown.page.locator("#chat").get_by_text(example)).to_be_visible()
    shown.page.locator("#chat").get_by_text(EXAMPLES[1]).click()
    reply = shown.answered()
    expect(shown.mark(reply)).to_be_visible()
    expect(shown.question(1)).to_have_text(EXAMPLES[1])


def test_a_refusal_looks_different(visit: Opener, address: str) -> None:
    shown = visit(address)
    reply = shown.ask(UNANSWERABLE)
    refusal = reply.locator(".refusal")
    expect(refusal).to_contain_text("No sentence says who paid for the missile strikes.")
    nearest = refusal.get_by_role("link").first
    nearest.click()
    assert_is_lit(shown.place(nearest))


def test_a_new_conversation_has_no_marks(visit: Opener, address: str) -> None:
    shown = visit(address)
    shown.ask(CALLED)
    expect(shown.page.locator(".paper mark")).not_to_have_count(0)
    shown.page.get_by_role("button", name="New conversation").click()
    expect(shown.page.locator(".paper mark")).to_have_count(0)
    expect(shown.page.locator("#chat").get_by_text(EXAMPLES[0])).to_be_visible()


def test_a_question_asked_while_the_models_load_is_answered(
    held: HeldQA, serve: Serve, visit: Opener
) -> None:
    url = serve(held)
    shown = visit(url)
    expect(shown.page.locator('.status[data-state="loading"]')).to_be_visible()
    expect(shown.page.locator(".status")).to_contain_text("Loading the models…")
    shown.page.locator("#question textarea").fill(CALLED)
    shown.page.locator("#question textarea").press("Enter")
    expect(shown.reply(1)).to_contain_text("Loading the models…")
    held.released.set()
    expect(shown.answered()).to_contain_text("Jaishankar")
    expect(shown.page.locator(".status")).to_have_text("Ready")


def test_an_article_is_shown_literally_and_stays_inert(visit: Opener, hostile_address: str) -> None:
    shown = visit(hostile_address)
    article = shown.page.locator(".paper article")
    expect(article.locator("h2")).to_have_text(HOSTILE_TITLE)
    for sentence in HOSTILE_SENTENCES:
        expect(article).to_contain_text(sentence)
    assert article.locator("img, script, b, code, a").count() == 0
    for question, sentence in zip(
        (
            "When did the bridge open?",
            "What is the toll?",
            "Where is the map?",
            "What did the architect write in the margin?",
        ),
        HOSTILE_SENTENCES,
        strict=True,
    ):
        reply = shown.ask(question)
        expect(reply).to_contain_text(sentence)
        # Not "strong": a refusal has a heading of our own; the text above is literal.
        assert reply.locator("img, script, b, code").count() == 0
        for link in reply.get_by_role("link").all():
            assert (link.get_attribute("href") or "").startswith("#s")
    assert shown.page.evaluate("window.pwned") is None


def test_questions_are_shown_literally_and_stay_inert(visit: Opener, hostile_address: str) -> None:
    shown = visit(hostile_address)
    hostile = [*HOSTILE_SENTENCES, "# a\n- b", "<details open>| a |"]
    for turn, question in enumerate(hostile, start=1):
        shown.ask(question)
        asked = shown.question(turn)
        expect(asked).to_have_text(question.replace("\n", " "))
        assert asked.locator("img, script, a, b, strong, code, h1, li, details").count() == 0
    assert shown.page.evaluate("window.pwned") is None


def test_the_page_fits_a_phone(visit: Opener, address: str) -> None:
    shown = visit(address, size=NARROW)
    link = shown.mark(shown.ask(CALLED))
    width = "document.documentElement.scrollWidth"
    assert shown.page.evaluate(width) <= NARROW[0]
    link.click()
    assert_is_lit(shown.place(link))
    assert shown.page.evaluate(width) <= NARROW[0]
    shown.page.get_by_role("link", name="Back to the conversation").click()
    expect(shown.page.locator("#question")).to_be_in_viewport()


def test_text_can_be_read_in_the_dark(visit: Opener, address: str) -> None:
    shown = visit(address, dark=True)
    first = shown.mark(shown.ask(CALLED))
    reply = shown.ask("What did Kwatra say about the operation?")
    shown.ask(UNANSWERABLE)
    shown.follow(first)
    read = {
        "question": shown.question(1).locator("p"),
        "answer": reply.locator("p").first,
        "citation": shown.mark(reply),
        "last reply": shown.reply(3).locator("p").first,
        "article": shown.page.locator(".paper article p").first,
        "heading": shown.page.locator(".paper article h2"),
        "active mark": shown.page.locator(".paper .lit"),
        "marks": shown.page.locator(".paper mark:not(.lit)").first,
        "status": shown.page.locator(".status"),
        "about": shown.page.locator("header p"),
    }
    contrast = {name: element.evaluate(CONTRAST) for name, element in read.items()}
    assert {name: ratio for name, ratio in contrast.items() if ratio < LEAST_CONTRAST} == {}
    assert shown.page.evaluate("document.body.classList.contains('dark')")


def test_too_long_a_question_gets_an_error_message(
    visit: Opener, address: str, qa: ArticleQA
) -> None:
    shown = visit(address)
    reply = shown.ask("why " * qa.settings.max_question_chars)
    expect(reply.locator(".problem")).to_contain_text("question")
    assert len(shown.question(1).inner_text()) < qa.settings.max_question_chars
    expect(shown.ask(CALLED)).to_contain_text("Jaishankar")


def test_the_arrow_to_the_newest_answer_covers_no_text(visit: Opener, address: str) -> None:
    shown = visit(address)
    shown.page.set_viewport_size({"width": 1280, "height": 500})
    for _ in range(3):
        shown.ask(CALLED)
    # Gradio scrolls to the newest answer some time after it has come, and the arrow goes.
    arrow_left = shown.page.wait_for_function(
        """() => {
          document.querySelector('#chat .panel-wrap').scrollTo(0, 0);
          const arrow = document.querySelector('#chat .scroll-down-button-container button');
          return arrow?.getBoundingClientRect().left;
        }"""
    ).json_value()
    text = shown.page.locator("#chat [data-testid=bot]").first.bounding_box()
    assert text
    assert text["x"] + text["width"] <= arrow_left
