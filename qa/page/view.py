"""What one visitor sees of the articles: open, selected, and removed but still restorable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import Self, TypeAlias

from index.errors import ArticleNotFound
from index.types import ArticleInfo
from qa.article_qa import ArticleQA
from qa.output.to_text import in_quotation_marks
from qa.page.messages import error_message
from qa.page.panel import leaf_for

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
        library: ArticleQA,
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
        self._schedule(UNDO_SECONDS, lambda: self._execute(removal))
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


@dataclass(frozen=True, slots=True)
class View:
    """What one visitor has open and selected, and what was last sent to the browser."""

    article_id: str = ""
    """The open article; empty for the first."""
    leaf: int = 0
    """Where the shown part of it begins; see :class:`qa.page.panel.Sheet`."""
    unselected: frozenset[str] = frozenset()
    """The articles that are not asked. New articles are asked until they are unticked."""
    renaming: str = ""
    """The article that is being renamed."""
    removals: tuple[Removal, ...] = ()
    """The articles that this visitor removed, until they are removed for everybody."""
    edited_question: str = ""
    """The wording of a follow-up that was put into the question box to be edited."""
    problem: str = ""
    """An error message to show in the list of articles."""
    focused: str = ""
    """The article whose row, or whose Undo, gets the keyboard's focus."""
    target: str = ""
    """Where the panel scrolls to, once: the id of a place, or an edge of the shown part."""
    shelf_digest: str = ""
    """Of the list of articles that the browser has."""
    panel_digest: str = ""
    """Of the panel that the browser has."""

    def showing(self, article_id: str, *, start: int = 0, target: str = "") -> Self:
        """Return the view with the part of an article that holds ``text[start]``."""
        shown = self.leaf if article_id == self.article_id else None
        leaf = leaf_for(start, shown)
        return replace(self, article_id=article_id, leaf=leaf, target=target)

    def without_form(self, focused: str = "") -> Self:
        """Return the view with no article being renamed and no error message."""
        return replace(self, renaming="", problem="", focused=focused)

    def restored(self, earlier: Self) -> Self:
        """Return the view with what was open, selected and removed in an earlier one."""
        return replace(
            self,
            article_id=earlier.article_id,
            leaf=earlier.leaf,
            unselected=earlier.unselected,
            removals=earlier.removals,
        )

    @property
    def hidden(self) -> frozenset[str]:
        """The ids of the articles that this visitor has removed."""
        return frozenset(removal.article_id for removal in self.removals)

    def visible(self, articles: Sequence[ArticleInfo]) -> list[ArticleInfo]:
        """Return the articles that this visitor sees."""
        return [article for article in articles if article.id not in self.hidden]

    def selected(self, articles: Sequence[ArticleInfo]) -> list[str] | None:
        """Return the ids of the articles to ask; None for all of them."""
        ids = [article.id for article in articles]
        excluded = self.unselected | self.hidden
        included = [article_id for article_id in ids if article_id not in excluded]
        return None if len(included) == len(ids) else included

    def open_id(self, articles: Collection[ArticleInfo]) -> str:
        """Return the id of the article to show: the open one, or the first if it is not there."""
        ids = [article.id for article in articles]
        return self.article_id if self.article_id in ids else next(iter(ids), "")
