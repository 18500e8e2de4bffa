"""Remove articles ten seconds after a visitor asks, so that it can be undone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

from index.errors import ArticleNotFound
from qa.output.error_messages import error_message
from qa.output.to_text import in_quotation_marks
from qa.visitors.caller_qa import CallerQA

UNDO_SECONDS = 10.0

Scheduler: TypeAlias = Callable[[float, Callable[[], None]], object]
"""Calls a function after a number of seconds."""


@dataclass(frozen=True, slots=True)
class Removal:
    """An article that a visitor removed, and can restore until ``until`` by the server's clock."""

    number: int
    article_id: str
    title: str
    until: float


def call_later(seconds: float, call: Callable[[], None]) -> None:
    """Call a function in a thread after ``seconds``, unless the program ends first."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


class Removals:
    """Removes articles from the library ten seconds after a visitor asks. Thread-safe.

    Until then the article is only hidden from that visitor, so an undo restores it exactly and
    nothing is lost if the program is killed.

    Args:
        library: The library to remove from.
        clock: Returns the time in seconds.
        schedule: Calls a function after a delay.
    """

    def __init__(
        self,
        library: CallerQA,
        clock: Callable[[], float] = time.monotonic,
        schedule: Scheduler = call_later,
    ) -> None:
        self._library, self._clock, self._schedule = library, clock, schedule
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._pending: dict[int, Removal] = {}
        self._running: set[int] = set()
        self._problems: dict[int, str] = {}
        self._removing = threading.Lock()  # held while the library is changed

    def begin(self, article_id: str, title: str) -> Removal:
        """Schedule the removal of an article."""
        until = self._clock() + UNDO_SECONDS
        removal = Removal(next(self._numbers), article_id, title, until)
        with self._lock:
            self._pending[removal.number] = removal
        context = copy_context()  # it acts later for the same caller
        self._schedule(UNDO_SECONDS, lambda: context.run(self._execute, removal))
        return removal

    def undo(self, removal: Removal) -> bool:
        """Cancel a removal; return False if it is too late."""
        with self._lock:
            is_in_time = self._clock() < removal.until
            return is_in_time and self._pending.pop(removal.number, None) is not None

    def cancel_for(self, article_id: str) -> None:
        """Cancel every pending removal of an article, because somebody added it again."""
        with self._removing, self._lock:
            for number, removal in list(self._pending.items()):
                if removal.article_id == article_id:
                    del self._pending[number]

    def unfinished(self, removals: Collection[Removal]) -> tuple[Removal, ...]:
        """Return the removals that are pending or running; their articles are hidden."""
        with self._lock:
            return tuple(r for r in removals if r.number in self._pending.keys() | self._running)

    def undoable(self, removals: Sequence[Removal]) -> list[tuple[Removal, float]]:
        """Return the removals that can still be undone, each with the seconds left."""
        now = self._clock()
        return [(removal, removal.until - now) for removal in removals if now < removal.until]

    def take_problem(self, removals: Collection[Removal]) -> str:
        """Return, once, why the articles of some removals could not be removed."""
        with self._lock:
            problems = [
                self._problems.pop(r.number) for r in removals if r.number in self._problems
            ]
        return " ".join(dict.fromkeys(problems))

    def _execute(self, removal: Removal) -> None:
        with self._removing:
            with self._lock:
                if self._pending.pop(removal.number, None) is None:
                    return
                self._running.add(removal.number)
            problem = ""
            try:
                with suppress(ArticleNotFound):  # somebody else removed it, too
                    self._library.remove(removal.article_id)
            except Exception as error:
                title = in_quotation_marks(removal.title)
                problem = f"{title} was not removed. {error_message(error)}"
            with self._lock:
                self._running.discard(removal.number)
                if problem:
                    self._problems[removal.number] = problem
