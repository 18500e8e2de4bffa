"""Removing articles on the page, which can be undone for ten seconds by the server's clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from bench.crash_work import text_of
from index.errors import LibraryLocked
from index.types import Article
from qa import ArticleQA
from qa.page import undo
from qa.page.article_list import ALREADY_REMOVED, UNDO_TOO_LATE
from qa.page.chat import Chat
from qa.page.handlers import Handlers
from qa.page.undo import UNDO_SECONDS, Removals
from qa.page.view import View
from tests.page.handling import handlers_of, local

pytestmark = pytest.mark.slow
ONE, TWO, THREE = (
    Article.from_text(text_of(number), title=f"Title {number}") for number in range(3)
)


class Clock:
    """A clock that a test advances, with the calls that are scheduled on it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        return self.now

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        self.waiting.append((self.now + seconds, call))

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [call for at, call in self.waiting if at <= self.now]
        self.waiting = [each for each in self.waiting if each[0] > self.now]
        for call in due:
            call()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fake = Clock()
    monkeypatch.setattr(Removals.__init__, "__defaults__", (fake, fake.schedule))
    return fake


@pytest.fixture
def qa(tmp_path: Path) -> Any:  # noqa: ANN401 - an iterator of one
    with ArticleQA.open(tmp_path / "library") as library:
        for article in (ONE, TWO, THREE):
            library.add_article(article)
        yield library


@pytest.fixture
def handlers(qa: ArticleQA, clock: Clock) -> Handlers:
    return handlers_of(qa, clock)


def visitor(name: str = "visitor") -> gr.Request:
    return gr.Request(session_hash=name)


def click(
    handlers: Handlers,
    view: View,
    action: str,
    article: Article | None = None,
    who: str = "visitor",
) -> tuple[str, View]:
    """Return the shelf and the view after a click in the list of articles."""
    data = {
        "action": action,
        "id": article.id if article else "",
        "unselected": list(view.unselected),
    }
    shelf, _, after = handlers.change_shelf(
        Chat(), view, gr.EventData(gr.HTML(), data), visitor(who)
    )
    return shelf if isinstance(shelf, str) else "", after


def ids(qa: ArticleQA) -> list[str]:
    return [info.id for info in qa.catalogue()]


def test_a_removed_article_is_hidden_from_the_visitor_and_not_asked(
    handlers: Handlers, qa: ArticleQA
) -> None:
    shelf, view = click(handlers, View(), "remove", TWO)
    assert "Removed “Title 1”." in shelf
    assert f'data-left="{UNDO_SECONDS:.0f}"' in shelf
    assert "Remove Title 1" not in shelf
    assert view.selected(qa.catalogue()) == [ONE.id, THREE.id]
    assert "Title 1" not in handlers.panel(Chat(), View(article_id=TWO.id, removals=view.removals))


def test_within_ten_seconds_a_killed_program_loses_nothing(
    handlers: Handlers, qa: ArticleQA, clock: Clock
) -> None:
    before = qa.articles()
    click(handlers, View(), "remove", TWO)
    clock.advance(UNDO_SECONDS - 0.1)
    assert qa.articles() == before


def test_undo_restores_the_article_in_its_position(handlers: Handlers, qa: ArticleQA) -> None:
    before = qa.articles()
    view = View(unselected=frozenset([TWO.id]))
    _, view = click(handlers, view, "remove", TWO)
    shelf, view = click(handlers, view, "undo", TWO)
    assert qa.articles() == before
    assert view.removals == ()
    assert view.unselected == {TWO.id}
    assert "Undo" not in shelf
    assert shelf.index("Title 0") < shelf.index("Title 1") < shelf.index("Title 2")


def test_after_ten_seconds_the_article_is_removed_and_undo_is_too_late(
    handlers: Handlers, qa: ArticleQA, clock: Clock
) -> None:
    _, removed = click(handlers, View(), "remove", TWO)
    clock.advance(UNDO_SECONDS)
    assert ids(qa) == [ONE.id, THREE.id]
    shelf, view = click(handlers, removed, "undo", TWO)
    assert UNDO_TOO_LATE in shelf
    assert view.removals == ()


def test_undo_is_too_late_by_the_servers_clock_even_if_the_removal_is_delayed(
    handlers: Handlers, clock: Clock
) -> None:
    _, removed = click(handlers, View(), "remove", TWO)
    clock.now += UNDO_SECONDS  # its thread has not run yet
    shelf, view = click(handlers, removed, "undo", TWO)
    assert UNDO_TOO_LATE in shelf
    assert "Remove Title 1" not in shelf
    assert view.hidden == {TWO.id}


def test_only_the_visitor_who_removed_an_article_can_undo_it(handlers: Handlers) -> None:
    click(handlers, View(), "remove", TWO, "one")
    shelf, _ = click(handlers, View(), "choose", who="other")
    assert "Undo" not in shelf
    assert "Remove Title 1" in shelf
    shelf, _ = click(handlers, View(), "undo", TWO, "other")
    assert UNDO_TOO_LATE in shelf


def test_a_second_removal_does_not_change_the_first(
    handlers: Handlers, qa: ArticleQA, clock: Clock
) -> None:
    _, view = click(handlers, View(), "remove", ONE)
    clock.advance(UNDO_SECONDS / 2)
    shelf, view = click(handlers, view, "remove", THREE)
    assert shelf.count("Undo</button>") == 2
    _, view = click(handlers, view, "undo", ONE)
    clock.advance(UNDO_SECONDS / 2)
    assert ids(qa) == [ONE.id, TWO.id, THREE.id]
    clock.advance(UNDO_SECONDS / 2)
    assert ids(qa) == [ONE.id, TWO.id]


def test_one_visitors_undo_does_not_cancel_another_visitors_removal(
    handlers: Handlers, qa: ArticleQA, clock: Clock
) -> None:
    _, mine = click(handlers, View(), "remove", TWO, "one")
    clock.advance(1)
    _, theirs = click(handlers, View(), "remove", TWO, "other")
    click(handlers, mine, "undo", TWO, "one")
    clock.advance(UNDO_SECONDS)
    assert ids(qa) == [ONE.id, THREE.id]
    shelf, _ = click(handlers, theirs, "choose", who="other")
    assert "Undo" not in shelf


def test_undo_of_an_article_that_somebody_else_removed_says_so(
    handlers: Handlers, qa: ArticleQA
) -> None:
    _, view = click(handlers, View(), "remove", TWO)
    qa.remove(TWO.id)
    shelf, _ = click(handlers, view, "undo", TWO)
    assert ALREADY_REMOVED in shelf


def test_a_removal_that_fails_shows_the_article_again_and_why(
    handlers: Handlers, qa: ArticleQA, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: str) -> None:
        msg = "Another process is writing. Try again."
        raise LibraryLocked(msg)

    monkeypatch.setattr(qa, "remove", locked)
    _, view = click(handlers, View(), "remove", TWO)
    clock.advance(UNDO_SECONDS)
    shelf, view = click(handlers, view, "choose")
    assert "“Title 1” was not removed. Another process is writing. Try again." in shelf
    assert "Remove Title 1" in shelf
    assert view.removals == ()


def test_an_article_added_again_before_its_removal_stays(
    handlers: Handlers, qa: ArticleQA, clock: Clock
) -> None:
    _, view = click(handlers, View(), "remove", TWO)
    *_, (_, added, *_) = handlers.additions.add_text(TWO.text, "", visitor())
    assert added == [TWO.id]
    clock.advance(UNDO_SECONDS)
    assert ids(qa) == [ONE.id, TWO.id, THREE.id]
    shelf, _ = click(handlers, view, "choose")
    assert "Remove Title 1" in shelf
    assert "Undo" not in shelf


def test_the_removal_of_the_last_article_can_be_undone(
    handlers: Handlers, qa: ArticleQA, clock: Clock
) -> None:
    view = View()
    for article in (ONE, TWO, THREE):
        _, view = click(handlers, view, "remove", article)
    assert view.selected(qa.catalogue()) == []
    shelf, view = click(handlers, view, "undo", THREE)
    assert "Remove Title 2" in shelf
    clock.advance(UNDO_SECONDS)
    assert ids(qa) == [THREE.id]


def test_the_real_timer_carries_a_removal_out(
    qa: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "UNDO_SECONDS", 0.05)
    removals = Removals(local(qa))
    removal = removals.begin(TWO.id, TWO.title)
    removals.undo(removal)
    removal = removals.begin(ONE.id, ONE.title)
    while removals.unfinished([removal]):
        pass
    assert ids(qa) == [TWO.id, THREE.id]
