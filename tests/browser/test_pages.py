"""The pages of a PDF as printed: the cited words, many pages, keyboard and accessibility."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from qa.settings import Settings
from tests.browser.books import WordsQA, mile
from tests.browser.test_accessibility import barriers
from tests.browser.visiting import GRADIO_WARNINGS, NARROW, Opener, serving
from tests.documents import pdf
from tests.printed import printed_article

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]
PAGES = 500
MOST_PICTURES = 16
MOST_BYTES = 20_000
"""Of what describes the pages, with the boxes of an answer."""


@pytest.fixture(scope="module")
def road() -> Iterator[str]:
    data = pdf([["", "", mile(number)] for number in range(1, PAGES + 1)])
    article = printed_article(data, title="The printed road")
    with WordsQA._in_memory(Settings(), article) as qa, serving(qa) as url:
        yield url


def open_pages(page: Page) -> None:
    page.get_by_role("radio", name="Pages").check()
    expect(page.get_by_role("img", name="Page 1", exact=True)).to_be_visible()


def lit(page: Page) -> Locator:
    return page.locator("#pages .box.lit")


def is_over_dark_letters(box: Locator) -> bool:
    """Return whether the picture has letters under the box, and none just above it."""
    found: bool = box.evaluate(
        """box => {
          const face = box.closest('.face'), image = face.querySelector('img');
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          const at = box.getBoundingClientRect(), all = face.getBoundingClientRect();
          const scale = canvas.width / all.width;
          const darkest = top => Math.min(...context.getImageData(
            (at.left - all.left) * scale, (top - all.top) * scale,
            at.width * scale, at.height * scale).data);
          return darkest(at.top) < 90 && darkest(at.top - 2 * at.height) > 200;
        }"""
    )
    return found


def test_a_mark_leads_to_its_words_on_the_printed_page(visit: Opener, road: str) -> None:
    shown = visit(road)
    open_pages(shown.page)
    reply = shown.ask("Which are 37 and 450 ?")
    expect(shown.page.get_by_label("Page", exact=True)).to_have_value("37")
    shown.mark(reply, 2).click()
    expect(lit(shown.page)).to_be_in_viewport()
    expect(lit(shown.page)).to_be_focused()
    expect(shown.page.get_by_role("img", name="Page 450", exact=True)).to_be_visible()
    assert is_over_dark_letters(lit(shown.page))
    expect(shown.page.locator("#pages .sheet[data-page='450']")).to_contain_text(mile(450))
    shown.page.keyboard.press("Escape")
    expect(shown.mark(reply, 2)).to_be_focused()
    # The other view shows the same place, and the choice outlives a reload.
    shown.page.get_by_role("radio", name="Text").check()
    expect(shown.page.locator("#article .lit")).to_be_in_viewport()
    shown.page.get_by_role("radio", name="Pages").check()
    shown.is_reloaded = True
    shown.page.reload(wait_until="domcontentloaded")
    expect(shown.page.get_by_role("radio", name="Pages")).to_be_checked()
    expect(lit(shown.page)).to_be_in_viewport()


def test_five_hundred_pages_are_light(visit: Opener, road: str) -> None:
    shown = visit(road)
    asked: list[str] = []
    shown.page.on("request", lambda request: asked.append(request.url))
    open_pages(shown.page)
    sheets = shown.page.locator("#pages .sheets")
    sheets.evaluate(
        """async sheets => {
          for (let step = 0; step <= 60; step += 1) {
            sheets.scrollTo(0, step / 60 * sheets.scrollHeight);
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    expect(shown.page.get_by_role("img", name=f"Page {PAGES}", exact=True)).to_be_visible()
    number = shown.page.get_by_label("Page", exact=True)
    number.fill("250")
    number.press("Enter")
    expect(shown.page.get_by_role("img", name="Page 250", exact=True)).to_be_visible()
    assert len([url for url in asked if ".webp" in url]) < 3 * MOST_PICTURES
    assert sheets.locator("img").count() <= MOST_PICTURES
    shown.ask("Which is 250 ?")
    sent = shown.page.locator("[data-printed]").get_attribute("data-printed") or ""
    assert len(sent) < MOST_BYTES


def test_the_pages_are_operable_by_keyboard_and_accessible(visit: Opener, road: str) -> None:
    shown = visit(road, size=NARROW, dark=True)
    page = shown.page
    page.get_by_role("radio", name="Text").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("img", name="Page 1", exact=True)).to_be_visible()
    sheets = page.get_by_role("region", name="Pages of The printed road")
    sheets.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Page", exact=True)).to_have_value("2")
    wide = page.locator(".sheet").first.evaluate("sheet => sheet.clientWidth")
    page.keyboard.press("+")
    expect(page.get_by_label("Zoom", exact=True).last).to_have_text("125 %")
    assert page.locator(".sheet").first.evaluate("s => s.clientWidth") > wide
    expect(page.get_by_label("Page", exact=True)).to_have_value("2")
    page.keyboard.press("0")
    shown.ask("Which is 3 ?")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert barriers(shown) == []
