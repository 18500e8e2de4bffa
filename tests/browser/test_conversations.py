"""Conversations that are kept: found, renamed, deleted, annotated, continued after a restart."""

from __future__ import annotations

import gc
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from qa.api.services import Services
from qa.article_qa import ArticleQA
from qa.page.layout import build_page
from qa.page.server import ServeOptions, launch
from tests.browser.test_accessibility import barriers
from tests.browser.visiting import GRADIO_WARNINGS, NARROW, PATIENCE_MS, Opener, Visit

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

OPENED, RENAMED = "When did the bridge open?", "The <i>bridge"
TEXT = "The bridge opened in 1932. The bridge is 1,149 m long. The tower was built in 1889."


@contextmanager
def kept_page(folder: Path, port: int = 0) -> Iterator[int]:
    """Serve the page of a library with what is kept for its visitors, and return the port."""
    with ArticleQA.open(folder) as qa, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        if not qa.catalogue():
            qa.add_text(TEXT, title="Bridge")
        services = Services.of(qa)
        server = launch(build_page(qa, services), ServeOptions(port=port), settings=qa.settings)
        gc.collect()
        try:
            yield server.port
        finally:
            server.close()
            services.close()


def listed(page: Page) -> Locator:
    return page.locator("#conversations li")


def find_and_rename(shown: Visit) -> None:
    page = shown.page
    page.get_by_label("Search conversations").press_sequentially("1932")
    expect(listed(page)).to_have_count(1)
    page.get_by_role("button", name=f"Rename {OPENED}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("New name")).to_be_focused()
    page.keyboard.type(RENAMED)
    page.keyboard.press("Enter")
    expect(listed(page).get_by_role("button", name=RENAMED, exact=True)).to_be_focused()
    expect(page.get_by_label("Search conversations")).to_have_value("1932")
    page.get_by_label("Search conversations").fill("")
    expect(listed(page)).to_have_count(2)


def delete_and_undo(shown: Visit) -> None:
    page = shown.page
    page.get_by_role("button", name="Delete Who built").click()
    expect(page.locator("#chat [data-testid=bot]")).to_have_count(0)
    expect(listed(page)).to_have_count(1)
    assert barriers(shown) == []
    page.get_by_role("button", name=re.compile("Undo: bring Who built")).click()
    expect(shown.reply(1)).to_be_visible()
    expect(listed(page)).to_have_count(2)


def open_and_annotate(shown: Visit) -> None:
    page = shown.page
    listed(page).get_by_role("button", name=RENAMED, exact=True).click()
    expect(shown.question(1)).to_have_text(OPENED)
    expect(page.locator(".paper mark[data-number]").first).to_be_visible()
    page.get_by_role("button", name="Pin this answer").click()
    expect(shown.reply(1)).to_contain_text("Pinned")
    page.get_by_role("button", name="Note on this answer").click()
    page.get_by_label(f"Your note on “{OPENED}”").fill("See <b>page 2.\nAsk Ada.")
    assert barriers(shown) == []
    page.get_by_role("button", name="Save note").click()
    expect(shown.reply(1)).to_contain_text("See <b>page 2.")


def continue_after_restart(shown: Visit) -> None:
    page = shown.page
    expect(page.locator("#question textarea")).to_be_editable(timeout=PATIENCE_MS)
    expect(shown.question(1)).to_have_text(OPENED)
    expect(shown.reply(1)).to_contain_text("Ask Ada.")
    shown.turns = 1
    expect(shown.ask("How long is it?")).to_contain_text("1,149")
    page.get_by_role("button", name="Pinned only (1)").click()
    expect(shown.reply(1)).to_be_visible()
    expect(shown.reply(2)).to_be_hidden()
    expect(shown.question(2)).to_be_hidden()
    page.get_by_role("button", name="Conversations").click()
    expect(listed(page).first).to_contain_text("2 questions · 1 pinned")


def test_conversations_are_kept_found_changed_and_continued(visit: Opener, tmp_path: Path) -> None:
    with kept_page(tmp_path) as port:
        address = f"http://127.0.0.1:{port}/"
        shown = visit(address)
        page = shown.page
        shown.ask(OPENED)
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator("#chat [data-testid=bot]")).to_have_count(0)
        shown.turns = 0
        shown.ask("Who built the tower <b>?")
        page.get_by_role("button", name="Conversations").click()
        expect(listed(page)).to_have_count(2)
        find_and_rename(shown)
        delete_and_undo(shown)
        open_and_annotate(shown)
        shown.is_reloaded = True
        page.goto("about:blank")  # an open page would log that the server ends
    with kept_page(tmp_path, port):
        page.goto(address, wait_until="domcontentloaded")
        continue_after_restart(shown)


def test_a_narrow_page_says_that_conversations_in_memory_end_with_the_program(
    visit: Opener, address: str
) -> None:
    shown = visit(address, size=NARROW, dark=True)
    shown.page.get_by_role("button", name="Conversations").click()
    expect(shown.page.locator("#conversations")).to_contain_text("until the program ends")
    expect(shown.page.locator("#conversations [role=search] input")).to_be_visible()
    assert barriers(shown) == []
