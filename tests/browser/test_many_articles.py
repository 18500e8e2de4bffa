"""Many articles in the list, and the bookmarklet."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from qa.api.services import Services
from qa.article_qa import ArticleQA
from qa.page.layout import build_page
from qa.page.server import ServeOptions, launch
from qa.visitors.tags import Tags
from tests.browser.test_accessibility import barriers
from tests.browser.test_shelf import open_tab, row
from tests.browser.visiting import GRADIO_WARNINGS, NARROW, PATIENCE_MS, WIDE, Opener, Visit

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

TITLES = ("Café of bridges", *(f"Report {number} on rivers" for number in range(12)))
ELSEWHERE = "http://elsewhere.example/page?a=1&b=%C3%A9#part"


@pytest.fixture
def address() -> Iterator[str]:
    """Serve thirteen articles, of which the first two are tagged."""
    with ArticleQA.bundled() as qa, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of Gradio
        ids = [qa.add_text(f"Text {title}.", title=title).id for title in TITLES]
        qa.remove(next(id_ for id_ in qa.titles() if id_ not in ids))
        services = Services.of(qa)
        Tags(services.state).add(ids[0], "Old <b>maps</b>")
        Tags(services.state).add(ids[1], "old <B>maps</B>")
        server = launch(build_page(qa, services), ServeOptions(port=0), services=services)
        gc.collect()
        yield server.address
        server.close()
        services.close()


def ticked(page: Page) -> list[str]:
    boxes = page.locator("#shelf li input:checked")
    return [str(box.get_attribute("aria-label")) for box in boxes.all()]


def saved(shown: Visit) -> None:
    shown.page.wait_for_function("!(window.shelfPending > 0)")


def test_many_articles_are_searched_sorted_tagged_and_selected(address: str, visit: Opener) -> None:
    shown = visit(address)
    page, rows = shown.page, shown.page.locator("#shelf li:visible")
    search, order = page.get_by_label("Search titles and tags"), page.get_by_label("Order of the")
    page.get_by_role("group", name="Ask only the articles with a tag").get_by_role("button").click()
    assert ticked(page) == [f"Ask {title}" for title in TITLES[:2]]
    expect(page.locator("#shelf .count")).to_have_text("2 of 13 asked")
    search.fill("CAFE map")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(TITLES[0])
    search.fill("rivers 1")
    expect(rows).to_have_count(3)
    order.select_option("Newest first")
    saved(shown)
    expect(rows.first).to_contain_text("Report 11")
    expect(search).to_have_value("rivers 1")
    assert set(ticked(page)) == {f"Ask {title}" for title in TITLES[:2]}
    page.get_by_role("button", name="the 3 found").click()
    search.fill("nothing like this")
    expect(page.locator("#shelf .unfound")).to_be_visible()
    search.fill("")
    expect(rows).to_have_count(13)
    assert ticked(page) == [f"Ask Report {number} on rivers" for number in (11, 10, 1)]
    row(page, "Report 1 on rivers").get_by_role("button", name="Edit").press("Enter")
    tags = page.get_by_label("Tags, separated by commas")
    tags.fill("dams, locks")
    assert barriers(shown) == []
    tags.press("Enter")
    expect(row(page, "Report 1 on rivers")).to_contain_text("locks")
    row(page, "Report 1 on rivers").get_by_text("locks").click()
    assert ticked(page) == ["Ask Report 1 on rivers"]
    assert page.locator("#shelf b").count() == 0
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert barriers(shown) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


def test_the_bookmarklet_fills_in_the_address_and_adds_nothing(
    address: str, visit: Opener, browser: Browser
) -> None:
    shown = visit(address)
    open_tab(shown.page, "Web address")
    link = shown.page.get_by_role("link", name="Add to Article QA")
    script = str(link.get_attribute("href"))
    link.click()
    expect(shown.page.locator("#bookmarklet").get_by_role("status")).to_contain_text("Drag it")
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    elsewhere = context.new_page()
    elsewhere.route("http://elsewhere.example/**", lambda route: route.fulfill(body="A page."))
    elsewhere.goto(ELSEWHERE)
    with elsewhere.expect_popup() as opened:
        elsewhere.evaluate("script => { location.href = script; }", script)
    page = opened.value
    box = page.get_by_label("Web address (separate several with spaces)")
    expect(box).to_have_value(ELSEWHERE, timeout=PATIENCE_MS)
    expect(page.locator("#bookmarklet").get_by_role("status")).to_contain_text("Add page")
    assert page.url == address
    expect(page.locator("#shelf li")).to_have_count(13)
    expect(page.locator("#note").get_by_role("status")).to_be_empty()
    page.goto(f"{address}?add=javascript:alert(1)")
    expect(page.locator("#question textarea")).to_be_editable(timeout=PATIENCE_MS)
    page.wait_for_function("window.hasRestored")
    expect(page.get_by_role("tab", name="Web address")).not_to_be_visible()
    context.close()
