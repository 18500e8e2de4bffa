"""Fixtures: a real server with real models, and a real browser without other hosts."""

from __future__ import annotations

import gc
import itertools
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, expect, sync_playwright

from index.errors import SettingsError
from qa.article_qa import ArticleQA
from qa.page.server import ServeOptions, listen
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

# The headless shell has the same engine without a window around it, which takes half of the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# No sandbox: tests run as root in a container. The others keep Chromium itself quiet.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Names of an attacker are this machine, as after DNS rebinding. No other host is reached.
    "--host-resolver-rules=MAP *.example 127.0.0.1, MAP *.localhost 127.0.0.1, "
    "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE localhost.",
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


@pytest.fixture(scope="session")
def port() -> int:
    """Return a free port."""
    with listen(ServeOptions(port=0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def serve(port: int) -> Iterator[Serve]:
    """Serve pages for one test; they outlive its visits, which depend on this fixture.

    The first is on the same port in every test, so that its scripts are in the browser's cache.
    """
    with ExitStack() as stack:
        ports = itertools.chain([port], itertools.repeat(0))

        def open_server(qa: ArticleQA) -> str:
            try:
                return stack.enter_context(serving(qa, port=next(ports)))
            except SettingsError:  # another program has taken the port
                return stack.enter_context(serving(qa))

        yield open_server


@dataclass
class Window:
    """A browser context that visits share one after another, with its cache of the page's scripts.

    A context of its own for each visit would load and compile them each time, for a second.
    """

    context: BrowserContext
    devtools: CDPSession
    """Of a blank page, which stays open."""

    @classmethod
    def open(cls, browser: Browser, size: tuple[int, int], *, dark: bool, touch: bool) -> Window:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=touch,
            is_mobile=touch,
        )
        return cls(context, context.new_cdp_session(context.new_page()))

    def clear(self, url: str) -> None:
        """Close the visited pages, and forget all that they stored but the cached files."""
        for page in self.context.pages[1:]:
            page.close()
        self.context.clear_cookies()
        self.context.clear_permissions()
        place = urlsplit(url)
        stored = "cookies,indexeddb,local_storage,service_workers"
        self.devtools.send(
            "Storage.clearDataForOrigin",
            {"origin": f"{place.scheme}://{place.netloc}", "storageTypes": stored},
        )


@pytest.fixture(scope="session")
def free_windows() -> dict[object, list[Window]]:
    """Return the windows that no test uses, by their arguments."""
    return defaultdict(list)


@pytest.fixture
def visit(
    browser: Browser,
    free_windows: dict[object, list[Window]],
    serve: Serve,  # noqa: ARG001 - stops after it
) -> Iterator[Opener]:
    """Open pages; at the end none may have contacted another host or logged an error."""
    opened: list[tuple[Visit, Window, list[Window], str]] = []

    def open_page(
        url: str, *, size: tuple[int, int] = WIDE, dark: bool = False, touch: bool = False
    ) -> Visit:
        free = free_windows[size, dark, touch]
        window = free.pop() if free else Window.open(browser, size, dark=dark, touch=touch)
        visit = Visit(window.context.new_page())
        opened.append((visit, window, free, url))
        watch(visit, url)
        visit.page.goto(url, wait_until="domcontentloaded")
        expect(visit.page.locator("#question textarea")).to_be_editable(timeout=PATIENCE_MS)
        return visit

    yield open_page
    for _, window, free, url in opened:
        window.clear(url)
        free.append(window)
    for visit, *_ in opened:
        assert visit.outside == []
        assert visit.faults() == []
