"""Take screenshots of the page for the documentation: wide, narrow and dark.

    python -m tests.browser.screenshots            # writes docs/images/page-*.png

If the settings name a language model, the pictures are of an answer that it writes instead:

    ARTICLE_QA_LLM_FILE=model.gguf ARTICLE_QA_UNSUPPORTED=strike python -m tests.browser.screenshots

Needs the ``test`` extra and a Chromium on the path.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from qa.article_qa import ArticleQA
from qa.page.layout import build_page
from qa.page.server import ServeOptions, launch
from tests.browser.conftest import ARGUMENTS, BROWSERS
from tests.browser.visiting import PATIENCE_MS

ANSWERED = ("Who did Marco Rubio call?", "Why did Islamabad suspend the Simla Agreement?")
REFUSED = "How many soldiers died at Galwan?"
WRITTEN = "Explain what happened between India and Pakistan."
WRITING_MS = 300_000
"""The longest time for a language model without a graphics card."""


@dataclass(frozen=True, slots=True)
class View:
    """A window of the page, and the question whose first citation is followed in it."""

    name: str
    width: int
    height: int
    dark: bool = False
    followed: int | None = None
    """The turn whose ``[1]`` is clicked, the last one that is asked; None asks the refused question
    as well, and shows its reply."""


VIEWS = (
    View("wide", 1280, 800, followed=1),
    View("refusal", 1280, 800),
    View("narrow", 390, 844),
    View("narrow-cited", 390, 844, followed=1),
    View("dark", 1280, 800, dark=True, followed=2),
)
WRITTEN_VIEWS = (
    View("written-wide", 1280, 800, followed=1),
    View("written-narrow", 390, 844),
    View("written-dark", 1280, 800, dark=True, followed=1),
)


def main() -> None:
    """Take every picture and print where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    with ArticleQA.bundled() as qa, sync_playwright() as playwright:
        qa.warm_up()
        server = launch(build_page(qa), ServeOptions(port=0), settings=qa.settings)
        address = server.address
        path = next(filter(None, map(shutil.which, BROWSERS)))
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        if qa.settings.has_language_model:
            for view in WRITTEN_VIEWS:
                _take_written(browser, address, view, folder / f"page-{view.name}.png")
        else:
            _start(browser, address, folder / "page-start.png")
            for view in VIEWS:
                _take(browser, address, view, folder / f"page-{view.name}.png")
        browser.close()
        server.close()


def _start(browser: Browser, address: str, path: Path) -> None:
    page = _opened(browser, address, View("start", 1280, 800))
    expect(page.locator('.status[data-state="ready"]')).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#chat .example").first).to_be_visible(timeout=PATIENCE_MS)
    _save(page, path)


def _take(browser: Browser, address: str, view: View, path: Path) -> None:
    page = _opened(browser, address, view)
    asked = ANSWERED[: view.followed] if view.followed else (*ANSWERED, REFUSED)
    for turn, question in enumerate(asked, start=1):
        _ask(page, question, turn, PATIENCE_MS)
    _follow(page, view)
    _save(page, path)


def _take_written(browser: Browser, address: str, view: View, path: Path) -> None:
    page = _opened(browser, address, view)
    page.get_by_role("radio", name="In own words").check(force=True)
    _ask(page, WRITTEN, 1, WRITING_MS)
    _follow(page, view)
    _save(page, path)


def _ask(page: Page, question: str, turn: int, patience_ms: float) -> None:
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")
    done = page.locator(f'.status[data-turn="{turn}"][data-state="done"]')
    expect(done).to_be_visible(timeout=patience_ms)


def _follow(page: Page, view: View) -> None:
    if view.followed:
        reply = page.locator("#chat [data-testid=bot]").nth(view.followed - 1)
        reply.locator("a", has_text="[1]").first.click()
        expect(page.locator(".paper .lit").first).to_be_in_viewport()


def _opened(browser: Browser, address: str, view: View) -> Page:
    page = browser.new_page(
        viewport={"width": view.width, "height": view.height},
        color_scheme="dark" if view.dark else "light",
        reduced_motion="reduce",
    )
    page.goto(address, wait_until="domcontentloaded")
    expect(page.locator("#question textarea")).to_be_editable(timeout=PATIENCE_MS)
    return page


def _save(page: Page, path: Path) -> None:
    page.screenshot(path=path, animations="disabled")
    page.close()
    # A page has few colours; a palette of them is a third of the size.
    picture = Image.open(path).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE)
    picture.save(path, optimize=True)


if __name__ == "__main__":
    main()
