"""What the page shows a visitor who waits, stops, is over a limit, or gets no reply."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from index.embedding.embedder import Progress
from index.types import Article
from qa.article_qa import ArticleQA
from qa.page import asking
from qa.settings import Settings
from tests.browser.test_page import CALLED, HeldQA
from tests.browser.test_shelf import (
    BRIDGE,
    MAX_BYTES,
    TOWER,
    add_text,
    expect_added,
    file,
    open_tab,
)
from tests.browser.visiting import GRADIO_WARNINGS, PATIENCE_MS, Opener, Serve, Visit, serving

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


class SlowLibrary(ArticleQA):
    """The real library, but an article is added only once ``released`` is set."""

    released: threading.Event

    def add_article(self, article: Article, progress: Progress | None = None) -> Article:
        self.released.wait()
        return super().add_article(article, progress)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[SlowLibrary]:
    settings = Settings(max_article_bytes=MAX_BYTES)
    with SlowLibrary.open(tmp_path / "library", settings) as qa:
        qa.released = threading.Event()
        yield qa
        qa.released.set()


def note(shown: Visit) -> Locator:
    return shown.page.locator("#note")


def trouble(shown: Visit) -> Locator:
    return shown.page.locator("#trouble").get_by_role("alert")


def ask(shown: Visit) -> None:
    shown.page.locator("#question textarea").fill(CALLED)
    shown.page.locator("#question textarea").press("Enter")


def test_a_waiting_addition_says_so_and_can_be_stopped(
    slow: SlowLibrary, serve: Serve, visit: Opener
) -> None:
    url = serve(slow)
    first, second = visit(url), visit(url)
    add_text(first.page, BRIDGE, "Bridge")
    expect(note(first)).to_contain_text("Adding Bridge…")
    add_text(second.page, TOWER, "Tower")
    expect(note(second)).to_contain_text("Waiting for another addition before adding Tower…")
    second.page.get_by_role("button", name="Stop adding").click()
    expect(note(second)).to_contain_text("Stopped. Nothing was added.")
    expect(second.page.get_by_label("Text", exact=True)).to_have_value(TOWER)
    slow.released.set()
    expect_added(first.page, "Bridge")
    assert [info.title for info in slow.catalogue()] == ["Bridge"]


def test_a_waiting_addition_follows_the_first(
    slow: SlowLibrary, serve: Serve, visit: Opener
) -> None:
    url = serve(slow)
    first, second = visit(url), visit(url)
    add_text(first.page, BRIDGE, "Bridge")
    expect(note(first)).to_contain_text("Adding Bridge…")
    add_text(second.page, TOWER, "Tower")
    expect(note(second)).to_contain_text("Waiting for another addition")
    slow.released.set()
    expect_added(second.page, "Tower")
    assert [info.title for info in slow.catalogue()] == ["Bridge", "Tower"]


def test_an_addition_stopped_by_keyboard_leaves_nothing(
    slow: SlowLibrary, serve: Serve, visit: Opener
) -> None:
    url = serve(slow)
    shown = visit(url)
    open_tab(shown.page, "Text")
    shown.page.get_by_label("Text", exact=True).fill(BRIDGE)
    button = shown.page.get_by_role("button", name="Add text")
    button.press("Enter")
    expect(shown.page.get_by_role("button", name="Stop adding")).to_be_focused()
    shown.page.keyboard.press("Escape")
    expect(note(shown)).to_contain_text("Stopped. Nothing was added.")
    expect(button).to_be_focused()
    slow.released.set()
    add_text(shown.page, TOWER, "Tower")
    expect_added(shown.page, "Tower")
    assert [info.title for info in slow.catalogue()] == ["Tower"]


def test_a_file_refused_by_gradio_shows_a_lasting_message(
    slow: SlowLibrary, serve: Serve, visit: Opener
) -> None:
    url = serve(slow)
    shown = visit(url)
    open_tab(shown.page, "Files")
    # Disable the page's own check.
    shown.page.evaluate("document.querySelector('#note [data-limit]').dataset.limit = 1e9")
    large = file("large.txt", b"x" * (MAX_BYTES + 1))
    shown.page.locator("#files input[type=file]").set_input_files([large])
    message = note(shown).get_by_role("alert")
    expect(message).to_contain_text('maximum allowed size of 9.8 Kb: "large.txt"')
    expect(message).to_contain_text("Nothing was uploaded. Split the file")
    expect(shown.page.get_by_test_id("toast-body")).to_be_hidden()


def test_a_visitor_over_the_limit_sees_a_message_and_keeps_the_question(
    serve: Serve, visit: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_ASKED", 2)
    with HeldQA.bundled() as qa:
        qa.released = threading.Event()
        qa.released.set()
        qa.warm_up()
        url = serve(qa)
        visitors = [visit(url) for _ in range(3)]
        for shown in visitors:
            ready = shown.page.locator('.status[data-state="ready"]')
            expect(ready).to_be_visible(timeout=PATIENCE_MS)
        qa.released.clear()
        *first, last = visitors
        for shown in visitors:
            ask(shown)
            if shown is not last:
                expect(shown.page.get_by_role("button", name="Stop")).to_be_visible()
        expect(trouble(last)).to_have_text(asking.TOO_MANY)
        expect(last.page.locator("#question textarea")).to_have_value(CALLED)
        # Gradio's own queue is longer and has its own message.
        full = {"detail": "Queue is full. Max size is 256 and size is 256."}
        last.page.route("**/queue/join*", lambda route: route.fulfill(status=503, json=full))
        ask(last)
        expect(trouble(last)).to_contain_text("Too many requests are waiting at the moment")
        expect(last.page.locator("#question textarea")).to_have_value(CALLED)
        last.page.unroute("**/queue/join*")
        assert all("503" in error for error in last.errors)
        last.errors.clear()
        qa.released.set()
        for shown in first:
            shown.answered()
        expect(last.ask(CALLED)).to_contain_text("Jaishankar")
        expect(trouble(last)).to_be_hidden()


def test_a_server_that_does_not_answer_is_reported_in_the_page(
    qa: ArticleQA, visit: Opener
) -> None:
    with serving(qa) as url:
        shown = visit(url)
    shown.page.locator("#question textarea").fill(CALLED)
    shown.page.locator("#question textarea").press("Enter")
    expect(trouble(shown)).to_contain_text("Check that it is running", timeout=PATIENCE_MS)
    shown.errors.clear()


def close_streams(shown: Visit, times: int) -> list[str]:
    """Have the next streams of results closed at once; return their addresses as they are."""
    closed: list[str] = []

    def close(route: Route) -> None:
        closed.append(route.request.url)
        events = {"Content-Type": "text/event-stream"}
        route.fulfill(body='data: {"msg":"close_stream"}\n\n', headers=events)

    shown.page.route("**/queue/data?*", close, times=times)
    return closed


def count_reopened(shown: Visit) -> None:
    """Count in ``window.reopened`` how often the page has its stream of results opened again."""
    shown.page.evaluate(
        "() => { reopened = 0; addEventListener('streamlost', () => { reopened += 1 }) }"
    )


def test_a_question_is_answered_although_its_stream_was_closed(visit: Opener, address: str) -> None:
    shown = visit(address)
    closed = close_streams(shown, times=2)
    expect(shown.ask(CALLED)).to_contain_text("Jaishankar")
    assert len(closed) == 2


def test_a_stream_that_no_event_waits_for_is_not_opened_again(visit: Opener, address: str) -> None:
    shown = visit(address)
    count_reopened(shown)
    for _ in range(3):
        shown.ask(CALLED)
    assert shown.page.evaluate("reopened") == 0
