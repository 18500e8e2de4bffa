"""From a mark in the chat to the words in the article, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from qa.article_qa import ArticleQA
from tests.browser.books import MILES, WordsQA, book, mile
from tests.browser.test_page import CALLED, CONTRAST, LEAST_CONTRAST, assert_is_lit
from tests.browser.visiting import (
    GRADIO_WARNINGS,
    HOSTILE_SENTENCES,
    HOSTILE_TITLE,
    NARROW,
    WIDE,
    Opener,
    Serve,
    serving,
)

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

# Quicker than any hand: in the very moment in which the mark is there.
CLICK_AT_ONCE = """number => {
  new MutationObserver((_, watching) => {
    const links = [...document.querySelectorAll('#chat a:is([title],[data-tip])')];
    const marks = links.filter(link => link.textContent === '[1]');
    if (marks.length < number) return;
    watching.disconnect();
    marks.at(-1).click();
  }).observe(document.body, {childList: true, subtree: true});
}"""

BYTES_A_TURN = 200_000


@pytest.fixture(scope="module")
def shelf_of_books() -> Iterator[ArticleQA]:
    with WordsQA.from_text(book(), title="The road") as qa:
        yield qa


@pytest.fixture(scope="module")
def road(shelf_of_books: ArticleQA) -> Iterator[str]:
    with serving(shelf_of_books) as url:
        yield url


def received(page: Page) -> list[int]:
    """Return a list that grows by each number of bytes that the page is sent."""
    sizes: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.dataReceived", lambda data: sizes.append(data["dataLength"]))
    return sizes


def test_a_mark_clicked_as_soon_as_it_appears_highlights_its_place(
    visit: Opener, address: str
) -> None:
    shown = visit(address)
    for turn, question in enumerate([CALLED, "Why did Islamabad suspend the Simla Agreement?"], 1):
        shown.page.evaluate(CLICK_AT_ONCE, turn)
        reply = shown.ask(question)
        assert_is_lit(shown.place(shown.mark(reply)))


def test_an_answer_and_its_place_in_the_article_appear_together(
    visit: Opener, address: str
) -> None:
    shown = visit(address)
    shown.page.evaluate(
        """() => {
          new MutationObserver((_, watching) => {
            if (!document.querySelector('#chat a[href^="#s"]')) return;
            watching.disconnect();
            requestAnimationFrame(() => {
              window.placesThen = document.querySelectorAll('.paper mark').length;
            });
          }).observe(document.body, {childList: true, subtree: true});
        }"""
    )
    shown.ask(CALLED)
    assert shown.page.evaluate("window.placesThen") > 0


def test_only_one_place_is_highlighted_after_further_answers(visit: Opener, address: str) -> None:
    shown = visit(address)
    first = shown.mark(shown.ask(CALLED))
    first.click()
    assert_is_lit(shown.place(first))
    shown.ask("What did Kwatra say about the operation?")
    lit = shown.page.locator(".paper .lit")
    expect(lit).to_have_count(1)
    assert f"#{lit.get_attribute('id')}" == first.get_attribute("href")


def test_a_book_is_not_sent_again_at_each_answer(visit: Opener, road: str) -> None:
    shown = visit(road)
    sizes = received(shown.page)
    for number in (4_000, 17, 2_500):
        sizes.clear()
        reply = shown.ask(f"Where is milestone {number}?")
        expect(shown.place(shown.mark(reply))).to_have_text(mile(number))
        assert 1_000 < sum(sizes) < BYTES_A_TURN


def test_every_mark_in_a_book_leads_to_its_place_with_one_click(visit: Opener, road: str) -> None:
    shown = visit(road)
    shown.ask("Where are 100 and 2500 and 4690?")
    shown.ask("Where is 1000?")
    for turn, number, miles in [(1, 3, 4690), (1, 1, 100), (2, 1, 1000), (1, 2, 2500)]:
        link = shown.mark(shown.reply(turn), number)
        link.click()
        assert_is_lit(shown.place(link))
        expect(shown.place(link)).to_have_text(mile(miles))
        expect(shown.page.locator(".paper .lit")).to_have_count(1)


def test_the_same_mark_leads_to_its_place_again_after_reading_on(visit: Opener, road: str) -> None:
    shown = visit(road)
    link = shown.mark(shown.ask("Where is 1000?"))
    for _ in range(2):
        link.press("Enter")
        assert_is_lit(shown.place(link))
        expect(shown.place(link)).to_be_focused()
        shown.page.get_by_role("button", name="Next part").click()
        expect(shown.place(link)).to_have_count(0)


def test_a_book_can_be_read_forward_and_back_without_gaps(visit: Opener, serve: Serve) -> None:
    with WordsQA.from_text(book(200), title="A shorter road") as qa:
        shown = visit(serve(qa), size=NARROW)
        text = shown.page.locator(".paper article")
        after = shown.page.get_by_role("button", name="Next part")
        before = shown.page.get_by_role("button", name="Earlier part")
        read: list[int] = []
        while True:
            part = [int(n) for n in re.findall(r"Milestone (\d+) is", text.inner_text())]
            if read:
                expect(shown.page.get_by_text(mile(part[0]))).to_be_in_viewport()
            read += part
            if not after.is_visible():
                break
            after.click()
            expect(text).to_contain_text(mile(read[-1] + 1))
        assert read == list(range(1, 201))
        first = part[0]
        before.click()
        expect(shown.page.get_by_text(mile(first - 1))).to_be_in_viewport()


def test_the_last_sentence_of_a_book_can_be_cited(visit: Opener, road: str) -> None:
    shown = visit(road)
    reply = shown.ask(f"Where is {MILES}?")
    expect(shown.place(shown.mark(reply))).to_be_in_viewport()
    expect(shown.page.get_by_role("button", name="Next part")).to_have_count(0)
    expect(shown.page.locator(".paper .part")).to_contain_text("100 %")


@pytest.mark.parametrize(
    ("size", "dark"), [(WIDE, False), (NARROW, True)], ids=["wide-light", "narrow-dark"]
)
def test_a_mark_shows_its_quote_by_mouse_and_by_keyboard(
    visit: Opener, address: str, qa: ArticleQA, size: tuple[int, int], *, dark: bool
) -> None:
    shown = visit(address, size=size, dark=dark)
    link = shown.mark(shown.ask(CALLED))
    citation = qa.ask(CALLED).citations[0]
    tip = shown.page.get_by_role("tooltip")
    expect(tip).to_have_count(0)
    link.hover()
    expect(tip).to_contain_text(citation.quote)
    expect(tip).to_contain_text(citation.title)
    expect(tip).to_be_in_viewport(ratio=1)
    expect(link).to_have_accessible_description(re.compile(re.escape(citation.quote)))
    assert tip.locator("p").first.evaluate(CONTRAST) >= LEAST_CONTRAST
    assert tip.locator("p").last.evaluate(CONTRAST) >= LEAST_CONTRAST
    tip.hover()  # to select of it, say
    expect(tip).to_be_visible()
    shown.page.mouse.move(1, 1)
    expect(tip).to_have_count(0)
    shown.page.keyboard.press("Shift+Tab")
    link.focus()
    expect(tip).to_be_visible()
    shown.page.keyboard.press("Escape")
    expect(tip).to_have_count(0)
    expect(link).to_be_focused()


def test_a_tip_shows_markup_in_an_article_as_text(visit: Opener, hostile_address: str) -> None:
    shown = visit(hostile_address)
    link = shown.mark(shown.ask("What did the architect write in the margin?"))
    link.hover()
    tip = shown.page.get_by_role("tooltip")
    expect(tip).to_contain_text(HOSTILE_SENTENCES[3])
    expect(tip).to_contain_text(HOSTILE_TITLE)
    assert tip.locator(":not(p)").count() == 0
    assert shown.page.evaluate("window.pwned") is None


def test_the_strip_leads_to_cited_places_and_retrieved_passages(visit: Opener, road: str) -> None:
    shown = visit(road)
    shown.ask(f"Where are {MILES // 2} and {MILES}?")
    strip = shown.page.get_by_role("navigation", name="Where the evidence lies in the article")
    cited = strip.get_by_role("link", name="Cited [2], 100 % into the article")
    cited.press("Enter")
    place = shown.place(cited)
    assert_is_lit(place)
    expect(place).to_have_text(mile(MILES))
    found = strip.get_by_role("link", name="Passage 2 of 3, 50 % into the article")
    found.focus()
    expect(shown.page.get_by_role("tooltip")).to_contain_text(mile(MILES // 2 + 1))
    found.press("Enter")
    expect(shown.place(found)).to_contain_text(mile(MILES // 2 + 1))
    assert_is_lit(shown.place(found))


def test_the_strip_shows_where_a_place_is(visit: Opener, road: str) -> None:
    shown = visit(road)
    paper = shown.page.locator(".paper article")
    before = paper.bounding_box()
    shown.ask(f"Where are 1 and {MILES // 4} and {MILES}?")
    after = paper.bounding_box()
    assert before
    assert after
    assert (before["x"], before["width"]) == (after["x"], after["width"])
    track = shown.page.locator(".strip").bounding_box()
    assert track
    for number, share in ((1, 0), (2, 0.25), (3, 1)):
        mark = shown.page.locator(".strip .cited").nth(number - 1).bounding_box()
        assert mark
        middle = (mark["y"] + mark["height"] / 2 - track["y"]) / track["height"]
        assert abs(middle - share) < 0.01
    shown.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    expect(shown.page.locator(".strip")).to_be_hidden()
