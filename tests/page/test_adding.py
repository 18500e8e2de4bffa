"""Adding one after the other: waiting in the queue, and stopping at any time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from index.embedding.embedder import Progress
from index.types import Article
from qa.page.adding import (
    MAX_WAITING,
    QUEUE_FULL,
    AdditionQueue,
    AdditionState,
    Source,
    add_each,
    addition_html,
)


@dataclass
class Held:
    """Adds as the index does, but only once ``released`` is set; records what it saved."""

    released: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    saved: list[str] = field(default_factory=list)

    def source(self, label: str) -> Source:
        def add(progress: Progress) -> Article:
            self.began.set()
            self.released.wait()
            progress(1, 2)
            progress(2, 2)
            self.saved.append(label)
            return Article.from_text(label, title=label)

        return Source(label, add)


def started(held: Held, queue: AdditionQueue, visitor: str) -> Iterator[AdditionState]:
    """Start an addition that holds up the queue, and return its states."""
    states = add_each([held.source(visitor)], queue, visitor)
    next(states)
    held.began.wait()
    return states


def test_the_progress_bar_shows_how_many_passages_are_embedded() -> None:
    shown = threading.Event()

    def add(progress: Progress) -> Article:
        progress(1, 2)
        shown.wait()
        return Article.from_text("one")

    for state in add_each([Source("<one>", add)], AdditionQueue(), "visitor"):
        if state.label and state.passages:
            shown.set()
            assert 'value="1" max="2"' in addition_html(state, 9)
            assert "Adding &lt;one&gt;…" in addition_html(state, 9)
    assert shown.is_set()


def test_pages_that_were_read_badly_are_named_when_the_addition_is_over() -> None:
    state = AdditionState(added=(Article.from_text("one", title="One"),))
    assert "Added “One”. Page 2 is hard" in addition_html(state, 9, ["Page 2 is hard to read."])


def test_the_second_addition_waits_for_the_first() -> None:
    held, queue = Held(), AdditionQueue()
    first = started(held, queue, "first")
    second = add_each([held.source("second")], queue, "second")
    waiting = next(second)
    assert waiting.ahead == 1
    assert "Waiting for another addition before adding second…" in addition_html(waiting, 9)
    held.released.set()
    assert list(first)[-1].added[0].title == "first"
    assert list(second)[-1].added[0].title == "second"
    assert held.saved == ["first", "second"]


def test_a_waiting_addition_can_be_stopped_without_blocking_others() -> None:
    held, queue = Held(), AdditionQueue()
    first = started(held, queue, "first")
    second = add_each([held.source("second")], queue, "second")
    third = add_each([held.source("third")], queue, "third")
    next(second)
    assert next(third).ahead == 2
    queue.stop("second")
    last = list(second)[-1]
    assert (last.is_stopped, last.added) == (True, ())
    assert "Stopped. Nothing was added." in addition_html(last, 9)
    held.released.set()
    list(first)
    assert list(third)[-1].added[0].title == "third"
    assert held.saved == ["first", "third"]


def test_an_addition_is_stopped_at_once_while_the_source_is_read() -> None:
    held, queue = Held(), AdditionQueue()
    states = started(held, queue, "visitor")
    queue.stop("visitor")
    assert list(states)[-1].is_stopped
    after = add_each([Held(held.released).source("after")], queue, "after")
    next(after)
    held.released.set()
    assert list(after)[-1].added
    assert held.saved == []


def test_an_article_being_saved_is_complete_before_the_addition_stops() -> None:
    queue, saved = AdditionQueue(), []

    def add(progress: Progress) -> Article:
        progress(1, 1)
        queue.stop("visitor")
        saved.append("one")
        return Article.from_text("one")

    *_, last = add_each([Source("one", add), Source("two", add)], queue, "visitor")
    assert last.is_stopped
    assert [article.text for article in last.added] == saved == ["one"]
    assert "Stopped. Nothing else was added." in addition_html(last, 9)


def test_a_full_queue_refuses_an_addition() -> None:
    held, queue = Held(), AdditionQueue()
    waiting = [started(held, queue, "0")]
    for number in range(MAX_WAITING):
        waiting.append(add_each([held.source(str(number))], queue, str(number)))
        next(waiting[-1])
    cleaned = threading.Event()
    (refused,) = add_each([held.source("more")], queue, "more", cleaned.set)
    assert refused.problems == (QUEUE_FULL,)
    assert cleaned.is_set()
    held.released.set()
    for states in waiting:
        assert list(states)[-1].added


def test_an_addition_finishes_even_if_the_visitor_leaves() -> None:
    held, queue = Held(), AdditionQueue()
    cleaned = threading.Event()
    states = add_each([held.source("one"), held.source("two")], queue, "left", cleaned.set)
    next(states)
    del states
    held.released.set()
    assert cleaned.wait(10)
    assert held.saved == ["one", "two"]
