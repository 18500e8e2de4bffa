"""Serve a page on a free port, and use it in a browser."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from gradio import Blocks
from playwright.sync_api import Locator, Page, Request, expect

from index.articles import bundled_article, examples_for
from qa.api.services import Services
from qa.article_qa import ArticleQA
from qa.page.layout import build_page
from qa.page.server import PageServer, ServeOptions, launch

# Suggested for the bundled article, after the questions for overviews.
# The first is not sure enough for the small model.
EXAMPLES = tuple(each.question for each in examples_for(bundled_article().id))[1:5]
WIDE = (1280, 800)
NARROW = (390, 844)
# The first answer waits for the models, on whatever machine this is.
PATIENCE_MS = 90_000
# Gradio's queue statistics make two calls that pandas 3 has deprecated.
GRADIO_WARNINGS = (
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
)
# Resolves when nothing in the conversation has changed for 200 ms. Gradio may replace `#chat`.
UNTIL_CHAT_IS_STILL = """() => new Promise((resolve) => {
  let timer = setTimeout(done, 200);
  const observer = new MutationObserver((changes) => {
    const chat = document.querySelector('#chat');
    if (chat && !changes.some(({target}) => chat.contains(target) || target.contains(chat))) return;
    clearTimeout(timer);
    timer = setTimeout(done, 200);
  });
  observer.observe(document.body, {childList: true, subtree: true, characterData: true});
  function done() {
    observer.disconnect();
    resolve();
  }
})"""
HOSTILE_TITLE = "</div><b>Hostile</b> ${window.pwned=1}"
HOSTILE_SENTENCES = (
    "The bridge <img src=x onerror=window.pwned=1> opened in 1932.",
    "The toll is ${window.pwned=1} dollars and {{window.pwned=1}} cents.",
    "The map is at [[x]](javascript:window.pwned=1) or https://evil.example/map, see [1].",
    "The architect wrote </div><script>window.pwned=1</script> and **bold** `code` in the margin.",
)


@dataclass
class Visit:
    """An open page, with the requests to other hosts and the errors that it caused."""

    page: Page
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    turns: int = 0
    is_reloaded: bool = False
    """After a reload Gradio may log broken-off requests at any time."""

    def faults(self) -> list[str]:
        """Return the logged errors, except those that a reload causes."""
        broken_off = (
            "AbortError",
            "Connection errored out",
            "404: Not Found",
            "network error",
            # Gradio ends the stream of a session that is gone by an exception.
            "ERR_INCOMPLETE_CHUNKED_ENCODING",
        )
        # A browser may ask the root of the host for an icon, which is outside of a prefix.
        harmless = ("/favicon.ico", *(broken_off if self.is_reloaded else ()))
        return [error for error in self.errors if not any(known in error for known in harmless)]

    def ask(self, question: str) -> Locator:
        """Ask by typing and Enter, and return the reply as soon as it is shown."""
        box = self.page.locator("#question textarea")
        box.fill(question)
        box.press("Enter")
        return self.answered()

    def answered(self) -> Locator:
        """Return the reply to the next question as soon as it is shown."""
        self.turns += 1
        marker = f'.status[data-turn="{self.turns}"][data-state="done"]'
        expect(self.page.locator(marker)).to_be_visible(timeout=PATIENCE_MS)
        # A click is lost if Gradio replaces its target between pressing and releasing.
        self.page.evaluate(UNTIL_CHAT_IS_STILL)
        return self.reply(self.turns)

    def reply(self, turn: int) -> Locator:
        """Return the reply to the question of this number, from 1."""
        return self.page.locator("#chat [data-testid=bot]").nth(turn - 1)

    def question(self, turn: int) -> Locator:
        """Return the question of this number as it is shown, from 1."""
        return self.page.locator("#chat [data-testid=user]").nth(turn - 1)

    def mark(self, reply: Locator, number: int = 1) -> Locator:
        """Return the link ``[number]`` of a reply."""
        return reply.get_by_role("link", name=f"[{number}]", exact=True)

    def follow(self, link: Locator) -> None:
        """Click a mark once, and wait until its place is highlighted."""
        link.click()
        expect(self.page.locator(".paper .lit").first).to_be_visible()

    def place(self, link: Locator) -> Locator:
        """Return the element of the article that a link leads to."""
        return self.page.locator(link.get_attribute("href") or "no address")


Opener = Callable[..., Visit]
Serve = Callable[[ArticleQA], str]
"""Serves a page until the test ends, and returns its address."""


@contextmanager
def serving(qa: ArticleQA, port: int = 0) -> Iterator[str]:
    """Serve the page over ``qa`` on a port of the loopback address, 0 for any free one."""
    with served_page(qa, port=port) as server:
        yield server.address


@contextmanager
def served_page(
    qa: ArticleQA,
    services: Services | None = None,
    **options: Any,  # noqa: ANN401 - of ServeOptions
) -> Iterator[PageServer]:
    """Serve the page over ``qa`` on a free port, with these options."""
    server = _launched(qa, ServeOptions(**{"port": 0, **options}), services)
    try:
        yield server
    finally:
        server.close()


def built(qa: ArticleQA) -> Blocks:
    """Return the page over ``qa``.

    Gradio creates an event loop and drops it unclosed. It is collected here, so that its warning
    does not fail another test.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        page = build_page(qa)
        gc.collect()
    return page


def _launched(qa: ArticleQA, options: ServeOptions, services: Services | None = None) -> PageServer:
    page = built(qa)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        server = launch(page, options, settings=qa.settings, services=services)
        gc.collect()
    return server


def watch(visit: Visit, url: str) -> None:
    """Record requests to other hosts than that of ``url``, which fail, and all errors.

    They are not intercepted, because Chromium then caches nothing.
    """

    def record(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            visit.outside.append(request.url)

    visit.page.on("request", record)
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    visit.page.on(
        "console",
        lambda message: (
            visit.errors.append(f"{message.text} {message.location.get('url', '')}")
            if message.type == "error"
            else None
        ),
    )
