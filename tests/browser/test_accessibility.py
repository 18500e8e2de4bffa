"""Accessibility of every state of the page, as checked by axe-core."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from qa.article_qa import ArticleQA
from tests.browser.test_page import CALLED, UNANSWERABLE, HeldQA, held
from tests.browser.test_shelf import library, open_tab, row, shelf_of_two
from tests.browser.visiting import (
    GRADIO_WARNINGS,
    NARROW,
    PATIENCE_MS,
    WIDE,
    Opener,
    Serve,
    Visit,
)

__all__ = ["held", "library", "shelf_of_two"]

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

WINDOWS = [
    pytest.param(WIDE, False, id="wide-light"),
    pytest.param(NARROW, True, id="narrow-dark"),
]
GRAVE = ("serious", "critical")


def barriers(shown: Visit) -> list[str]:
    """Return what axe-core holds for a serious or critical barrier; no rule is left out."""
    violations = Axe().run(shown.page).response["violations"]
    return [
        f"{violation['id']} at {node['target']}: {node['html']}"
        for violation in violations
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize(("size", "dark"), WINDOWS)
def test_a_conversation_is_accessible(
    visit: Opener, address: str, size: tuple[int, int], *, dark: bool
) -> None:
    shown = visit(address, size=size, dark=dark)
    ready = shown.page.locator('.status[data-state="ready"]')
    expect(ready).to_be_visible(timeout=PATIENCE_MS)
    assert barriers(shown) == []
    link = shown.mark(shown.ask(CALLED))
    assert barriers(shown) == []
    shown.follow(link)
    assert barriers(shown) == []
    shown.ask(UNANSWERABLE)
    assert barriers(shown) == []
    shown.ask("?" * 9000)
    assert barriers(shown) == []


@pytest.mark.parametrize(("size", "dark"), WINDOWS)
def test_the_list_of_articles_is_accessible(
    shelf_of_two: ArticleQA,
    serve: Serve,
    visit: Opener,
    size: tuple[int, int],
    *,
    dark: bool,
) -> None:
    url = serve(shelf_of_two)
    shown = visit(url, size=size, dark=dark)
    for tab in ("Files", "Text", "Web address"):
        open_tab(shown.page, tab)
        assert barriers(shown) == []
    shown.page.get_by_label("Web address (separate several with spaces)").fill("http://127.0.0.1/")
    shown.page.get_by_role("button", name="Add page").click()
    expect(shown.page.locator("#note").get_by_role("alert")).not_to_be_empty()
    assert barriers(shown) == []
    row(shown.page, "Tower").get_by_role("button", name="Edit Tower").click()
    expect(shown.page.get_by_label("New title")).to_be_visible()
    assert barriers(shown) == []
    shown.page.get_by_role("button", name="Remove Bridge").click()
    expect(shown.page.get_by_role("button", name="Undo: bring Bridge back")).to_be_visible()
    assert barriers(shown) == []


def test_waiting_for_an_answer_is_accessible(held: HeldQA, serve: Serve, visit: Opener) -> None:
    url = serve(held)
    shown = visit(url)
    shown.page.locator("#question textarea").fill(CALLED)
    shown.page.locator("#question textarea").press("Enter")
    expect(shown.page.get_by_role("button", name="Stop")).to_be_visible()
    assert barriers(shown) == []
    held.released.set()
    shown.answered()


def test_a_page_without_an_article_is_accessible(
    library: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(library)
    assert barriers(visit(url)) == []
