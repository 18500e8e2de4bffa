"""Letting a visitor stop what another of their requests waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Stops:
    """Who is waiting, by visitor.

    Gradio can cancel a request as well, but its page then takes no further question.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, threading.Event] = {}

    def expect(self, visitor: str, work: Future[T]) -> Callable[[], T | None]:
        """Return what waits for ``work``, and may be stopped from now on.

        It returns what the work comes to, or None as soon as the visitor stops it. Work that
        has begun then goes on to its end, and what it comes to is dropped. A visitor who goes
        away waits until the work ends.
        """
        woken = threading.Event()
        self._waiting[visitor] = woken

        def forget() -> None:
            if self._waiting.get(visitor) is woken:
                self._waiting.pop(visitor, None)

        def end(_: Future[T]) -> None:
            woken.set()
            forget()

        def outcome() -> T | None:
            woken.wait()
            forget()
            if not work.done():
                work.cancel()
            return work.result() if work.done() and not work.cancelled() else None

        work.add_done_callback(end)
        return outcome

    @property
    def count(self) -> int:
        """How many are waiting."""
        return len(self._waiting)

    def waits(self, visitor: str) -> bool:
        """Return whether this visitor is waiting."""
        return visitor in self._waiting

    def stop(self, visitor: str) -> None:
        """Stop what the visitor waits for, if anything."""
        woken = self._waiting.get(visitor)
        if woken:
            woken.set()
