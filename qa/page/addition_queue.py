"""The line of those who add articles: one adds, the others wait, and each may stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

MOST_WAITING = 8


class Stopped(Exception):
    """The visitor stopped it; what was being added is not added."""


class Place:
    """One addition's place in the line.

    Its thread waits for the turn, and calls :meth:`seal` when it is about to record an
    article, from where it cannot be stopped until :meth:`unseal`. Whoever shows the place
    waits for news of it.
    """

    def __init__(self, visitor: str) -> None:
        self.visitor = visitor
        self.ahead = 0
        """How many additions come before this one."""
        self._lock = threading.Lock()
        self._turn = threading.Event()
        self._news: SimpleQueue[None] = SimpleQueue()
        self._stopping = False
        self._sealed = False

    @property
    def stopped(self) -> bool:
        """Whether nothing more will be recorded from this place."""
        with self._lock:
            return self._stopping and not self._sealed

    def stop(self) -> None:
        """Stop it now, or as soon as what is being recorded is."""
        with self._lock:
            self._stopping = True
        self._turn.set()
        self.tell()

    def move(self, ahead: int) -> None:
        """Say how many come before it; its turn is when none does."""
        self.ahead = ahead
        if not ahead:
            self._turn.set()
        self.tell()

    def wait_for_turn(self) -> None:
        """Return when it is this one's turn, or when it is stopped."""
        self._turn.wait()

    def seal(self) -> None:
        """Have it recorded, whatever happens.

        Raises:
            Stopped: It was stopped before.
        """
        with self._lock:
            if self._stopping:
                raise Stopped
            self._sealed = True

    def unseal(self) -> None:
        """Let it be stopped again."""
        with self._lock:
            self._sealed = False

    def tell(self) -> None:
        """Wake whoever waits for news."""
        self._news.put(None)

    def wait_for_news(self) -> None:
        """Return when something has happened that was not yet waited for."""
        self._news.get()


class Line:
    """The places, in the order they were taken; the first is the one that adds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: list[Place] = []

    def join(self, visitor: str) -> Place | None:
        """Return a place at the end, or None if too many wait already."""
        with self._lock:
            if len(self._places) > MOST_WAITING:
                return None
            place = Place(visitor)
            self._places.append(place)
            place.move(len(self._places) - 1)
        return place

    def stop(self, visitor: str) -> None:
        """Stop whatever the visitor adds or waits to add."""
        with self._lock:
            places = [place for place in self._places if place.visitor == visitor]
        for place in places:
            place.stop()

    @contextmanager
    def turn_of(self, place: Place) -> Iterator[None]:
        """Wait for the place's turn, and have it leave the line at the end."""
        try:
            place.wait_for_turn()
            yield
        finally:
            self.leave(place)

    def leave(self, place: Place) -> None:
        """Take a place out of the line; those behind it move up."""
        with self._lock:
            self._places.remove(place)
            for ahead, other in enumerate(self._places):
                other.move(ahead)
