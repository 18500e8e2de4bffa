"""Removals of articles that can be undone for ten seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

from index.errors import ArticleNotFound
from qa.article_qa import ArticleQA
from qa.output.to_text import in_quotation_marks
from qa.page.messages import sentence

UNDO_SECONDS = 10.0

Later: TypeAlias = Callable[[float, Callable[[], None]], object]
"""Calls a function after so many seconds."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal that one visitor asked for, and can undo until ``until`` by the server's clock."""

    number: int
    article_id: str
    title: str
    until: float


def in_a_thread(seconds: float, call: Callable[[], None]) -> None:
    """Call a function after so many seconds, unless the program ends before."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


class Removals:
    """Removals that take effect after ten seconds unless they are undone. Thread-safe.

    Until then the article stays in the library and is only hidden from the visitor who removed
    it. So an undo restores it exactly, and nothing is lost if the program is killed.

    Args:
        library: Where the articles are.
        clock: Returns the time in seconds.
        later: Calls a function after a delay.
    """

    def __init__(
        self,
        library: ArticleQA,
        clock: Callable[[], float] = time.monotonic,
        later: Later = in_a_thread,
    ) -> None:
        self._library, self._clock, self._later = library, clock, later
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._pending: dict[int, Removal] = {}
        self._running: set[int] = set()
        self._problems: dict[int, str] = {}
        self._removing = threading.Lock()  # held while the library is changed

    def begin(self, article_id: str, title: str) -> Removal:
        """Have an article removed in ten seconds."""
        until = self._clock() + UNDO_SECONDS
        removal = Removal(next(self._numbers), article_id, title, until)
        with self._lock:
            self._pending[removal.number] = removal
        self._later(UNDO_SECONDS, lambda: self._carry_out(removal))
        return removal

    def undo(self, removal: Removal) -> bool:
        """Return whether the removal could still be undone, and undo it."""
        with self._lock:
            in_time = self._clock() < removal.until
            return in_time and self._pending.pop(removal.number, None) is not None

    def keep(self, article_id: str) -> None:
        """Drop every removal of an article that somebody has just added again."""
        with self._removing, self._lock:
            for number, removal in list(self._pending.items()):
                if removal.article_id == article_id:
                    del self._pending[number]

    def current(self, removals: Collection[Removal]) -> tuple[Removal, ...]:
        """Return those that are neither undone nor over: their articles are hidden."""
        with self._lock:
            return tuple(r for r in removals if r.number in self._pending.keys() | self._running)

    def undoable(self, removals: Sequence[Removal]) -> list[tuple[Removal, float]]:
        """Return those that can be undone, each with the seconds that are left."""
        now = self._clock()
        return [(removal, removal.until - now) for removal in removals if now < removal.until]

    def take_problem(self, removals: Collection[Removal]) -> str:
        """Return, once, a sentence on why the articles of some removals are still there."""
        with self._lock:
            problems = [
                self._problems.pop(r.number) for r in removals if r.number in self._problems
            ]
        return " ".join(dict.fromkeys(problems))

    def _carry_out(self, removal: Removal) -> None:
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
                problem = f"{in_quotation_marks(removal.title)} was not removed. {sentence(error)}"
            with self._lock:
                self._running.discard(removal.number)
                if problem:
                    self._problems[removal.number] = problem
