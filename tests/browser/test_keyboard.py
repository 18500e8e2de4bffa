"""The page by keyboard alone."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Locator, Page, expect

from qa.article_qa import ArticleQA
from tests.browser.test_page import CALLED, HeldQA, held
from tests.browser.test_shelf import library, open_tab, row, shelf_of_two
from tests.browser.visiting import EXAMPLES, GRADIO_WARNINGS, NARROW, WIDE, Opener, Serve, Visit

__all__ = ["held", "library", "shelf_of_two"]

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

SIZES = [pytest.param(WIDE, id="wide"), pytest.param(NARROW, id="narrow")]
# The visible elements that Tab stops at.
STOPS = (
    ":is(button, a[href], input, textarea, summary, [tabindex='0']):not([tabindex='-1'])"
    ":not(:disabled):not([type=file]):visible"
)
MOST_STOPS = 60
# The focused element: its name, its position, and whether the focus is visible.
FOCUSED = """() => {
  const at = document.activeElement, place = at.getBoundingClientRect();
  const column = at.closest('#shelf-column, #chat-column, #article-column');
  const outlines = [at, at.closest('#question')].filter(Boolean).map(getComputedStyle);
  return {
    name: `${at.tagName} ${at.ariaLabel || at.textContent.trim() || at.id || at.name}`,
    column: column ? column.id : '',
    top: place.top + scrollY, left: place.left,
    isShown: outlines.some(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1),
    isEnd: at === document.body,
  };
}"""


def tabbed(page: Page) -> list[dict[str, object]]:
    """Return the focused element after each Tab, from the start of the page to its end."""
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()")
    page.locator("header h1").click()
    found: list[dict[str, object]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at["isEnd"]:
            return found
        found.append(at)
    pytest.fail("Tab never reaches the end of the page.")


def box_of(shown: Visit) -> Locator:
    return shown.page.locator("#question textarea")


@pytest.mark.parametrize("size", SIZES)
def test_tab_reaches_everything_in_visual_order(
    visit: Opener, address: str, size: tuple[int, int]
) -> None:
    shown = visit(address, size=size)
    shown.ask(CALLED)
    open_tab(shown.page, "Text")
    stops = tabbed(shown.page)
    assert [stop["name"] for stop in stops if not stop["isShown"]] == []
    assert len(stops) == shown.page.locator(STOPS).count()
    columns = [column for column, _ in itertools.groupby(stop["column"] for stop in stops)]
    by_eye = sorted(columns, key=lambda name: corner(shown.page, str(name)))
    assert columns == by_eye
    assert len(columns) == 3


def corner(page: Page, column: str) -> tuple[float, float]:
    """Return where a column begins: what is higher comes first, then what is further left."""
    box = page.locator(f"#{column}").bounding_box()
    assert box is not None
    return round(box["y"]), round(box["x"])


def test_resizing_the_window_keeps_order_and_focus(visit: Opener, address: str) -> None:
    shown = visit(address)
    rename = shown.page.get_by_role("button", name="Edit US urges")
    rename.focus()
    for size, first in ((NARROW, "chat-column"), (WIDE, "shelf-column")):
        shown.page.set_viewport_size({"width": size[0], "height": size[1]})
        expect(shown.page.locator("#columns > *").first).to_have_id(first)
        expect(rename).to_be_focused()


def test_the_question_box_gets_the_focus_when_the_focused_element_disappears(
    visit: Opener, address: str
) -> None:
    shown = visit(address)
    shown.page.get_by_role("button", name=EXAMPLES[0]).press("Enter")
    shown.answered()
    expect(box_of(shown)).to_be_focused()
    shown.page.get_by_role("button", name="New conversation").press("Enter")
    expect(shown.page.locator("#chat [data-testid=bot]")).to_have_count(0)
    expect(box_of(shown)).to_be_focused()


def test_an_answer_does_not_move_the_focus(held: HeldQA, serve: Serve, visit: Opener) -> None:
    url = serve(held)
    shown = visit(url)
    box_of(shown).fill(CALLED)
    box_of(shown).press("Enter")
    expect(shown.reply(1)).to_be_visible()
    paper = shown.page.get_by_role("region", name="Article", exact=True)
    paper.focus()
    held.released.set()
    shown.answered()
    expect(paper).to_be_focused()


def test_escape_returns_from_a_cited_place_to_its_mark(visit: Opener, address: str) -> None:
    shown = visit(address)
    link = shown.mark(shown.ask(CALLED))
    link.press("Enter")
    expect(shown.place(link)).to_be_focused()
    shown.page.keyboard.press("Escape")
    expect(link).to_be_focused()


def test_escape_stops_a_question(held: HeldQA, serve: Serve, visit: Opener) -> None:
    url = serve(held)
    shown = visit(url)
    box_of(shown).fill("Who is waiting?")
    box_of(shown).press("Enter")
    expect(shown.page.get_by_role("button", name="Stop")).to_be_visible()
    shown.page.keyboard.press("Escape")
    expect(box_of(shown)).to_have_value("Who is waiting?")
    held.released.set()


def test_escape_cancels_renaming(shelf_of_two: ArticleQA, serve: Serve, visit: Opener) -> None:
    url = serve(shelf_of_two)
    shown = visit(url)
    tower = row(shown.page, "Tower")
    tower.get_by_role("button", name="Edit Tower").press("Enter")
    expect(shown.page.get_by_label("New title")).to_be_focused()
    shown.page.keyboard.press("Escape")
    expect(tower.locator(".title")).to_be_focused()
    assert [info.title for info in shelf_of_two.catalogue()] == ["Bridge", "Tower"]


def test_nothing_moves_with_reduced_motion(held: HeldQA, serve: Serve, visit: Opener) -> None:
    url = serve(held)
    shown = visit(url)
    expect(shown.page.locator('.status[data-state="loading"]')).to_be_visible()
    moving = "element => element.getAnimations({subtree: true}).length"
    assert shown.page.locator("body").evaluate(moving) == 0
    assert shown.page.locator(".paper").evaluate("e => getComputedStyle(e).scrollBehavior") == (
        "auto"
    )
    held.released.set()
