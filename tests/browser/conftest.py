"""Fixtures: a real server with real models, and a real browser without other hosts."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from qa.article_qa import ArticleQA
from tests.browser.visiting import (
    HOSTILE_SENTENCES,
    HOSTILE_TITLE,
    PATIENCE_MS,
    WIDE,
    Opener,
    Serve,
    Visit,
    serving,
    watch,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: tests run as root in a container. The others keep Chromium itself quiet.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Names of an attacker, which are this machine as after DNS rebinding.
    "--host-resolver-rules=MAP *.example 127.0.0.1",
]
# Two of these test processes share two cores in CI. The default is 5 s.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"No browser is installed: none of {', '.join(BROWSERS)} is on the path.")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def qa() -> Iterator[ArticleQA]:
    with ArticleQA.bundled() as bundled:
        yield bundled


@pytest.fixture(scope="session", autouse=True)
def settled(qa: ArticleQA) -> None:
    """Load what all tests need, and exclude it from garbage collection, which is slow."""
    qa.warm_up()
    gc.freeze()


@pytest.fixture(scope="session")
def address(qa: ArticleQA) -> Iterator[str]:
    with serving(qa) as url:
        yield url


@pytest.fixture(scope="session")
def hostile_address() -> Iterator[str]:
    text = "\n".join(HOSTILE_SENTENCES)
    with ArticleQA.from_text(text, title=HOSTILE_TITLE) as hostile, serving(hostile) as url:
        yield url


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve pages for one test; they outlive its visits, which depend on this fixture."""
    with ExitStack() as stack:
        yield lambda qa: stack.enter_context(serving(qa))


@pytest.fixture
def visit(browser: Browser, serve: Serve) -> Iterator[Opener]:  # noqa: ARG001 - stops after it
    """Open pages; at the end none may have contacted another host or logged an error."""
    opened: list[Visit] = []

    def open_page(
        url: str, *, size: tuple[int, int] = WIDE, dark: bool = False, touch: bool = False
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=touch,
            is_mobile=touch,
        )
        visit = Visit(context.new_page())
        opened.append(visit)
        watch(visit, url)
        visit.page.goto(url, wait_until="domcontentloaded")
        expect(visit.page.locator("#question textarea")).to_be_editable(timeout=PATIENCE_MS)
        return visit

    yield open_page
    for visit in opened:
        visit.page.context.close()
        assert visit.outside == []
        assert visit.faults() == []
