"""Letting a visitor stop what another of their requests waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Stops:
    """Who is waiting, by visitor.

    Gradio can cancel a request as well, but its page then takes no further question.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, threading.Event] = {}

    def wait_for(self, visitor: str, work: Callable[[], T]) -> T | None:
        """Return what ``work`` returns, or None as soon as the visitor stops it.

        The work itself goes on to its end in its thread, and what it returns is dropped.
        """
        woken = threading.Event()
        self._waiting[visitor] = woken
        pool = ThreadPoolExecutor(max_workers=1)
        working = pool.submit(work)
        working.add_done_callback(lambda _: woken.set())
        woken.wait()
        pool.shutdown(wait=False)
        self._waiting.pop(visitor, None)
        return working.result() if working.done() else None

    @property
    def is_waiting(self) -> bool:
        """Whether anybody is waiting."""
        return bool(self._waiting)

    def stop(self, visitor: str) -> None:
        """Stop what the visitor waits for, if anything."""
        woken = self._waiting.get(visitor)
        if woken:
            woken.set()
