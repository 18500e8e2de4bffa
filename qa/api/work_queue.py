"""Run blocking work in threads, only so much at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import HTTPException, Request

T = TypeVar("T")

_RETRY_AFTER = 10
_LOOK_EVERY = 0.25
"""Seconds after which it is looked again whether the client is still there."""


def check_stopped(stopped: threading.Event) -> None:
    """Raise HTTPException if the client has left; nobody sees its status 408."""
    if stopped.is_set():
        raise HTTPException(408, "The client left before the work was done.")


class WorkQueue:
    """Runs functions in threads, in the order in which they come.

    Args:
        most_running: How many run at once.
        most_waiting: How many may wait; further ones are refused.
    """

    def __init__(self, most_running: int, most_waiting: int) -> None:
        self._limiter = CapacityLimiter(most_running)
        self._most_waiting = most_waiting

    @property
    def waiting(self) -> int:
        """How many functions wait."""
        return self._limiter.statistics().tasks_waiting

    def check_room(self) -> None:
        """Raise HTTPException with status 503 if too many functions wait."""
        if self.waiting >= self._most_waiting:
            message = "Too many requests are waiting at the moment. Try again in a minute."
            raise HTTPException(503, message, {"retry-after": str(_RETRY_AFTER)})

    async def run(self, function: Callable[[], T]) -> T:
        """Return what the function returns; see :meth:`check_room`."""
        self.check_room()
        return await to_thread.run_sync(function, limiter=self._limiter)

    async def run_for(
        self, request: Request, function: Callable[[], T], stopped: threading.Event
    ) -> T:
        """Return what the function returns, and set ``stopped`` if the client leaves."""
        self.check_room()
        task = asyncio.ensure_future(self.run(function))
        while not (await asyncio.wait({task}, timeout=_LOOK_EVERY))[0]:
            if await request.is_disconnected():
                stopped.set()
        return task.result()
