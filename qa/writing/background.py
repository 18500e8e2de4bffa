"""Run an asynchronous task in the background and yield its pieces, so that it can be stopped."""

from __future__ import annotations

import queue
import threading
from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

_POLL_SECONDS = 0.05
"""How long it takes at most to notice that the task was asked to stop."""

Result = TypeVar("Result")


def pieces_of(
    task: Callable[[Callable[[str], None]], Awaitable[Result]], stopped: threading.Event
) -> Generator[str, None, Result | None]:
    """Yield what ``task`` passes to its argument, as it does; return what it returns.

    The task runs in an event loop and a thread of its own. It is cancelled, and its end awaited,
    when the generator is closed or ``stopped`` is set; then None is returned.

    Raises:
        Exception: Whatever the task raises.
    """
    from anyio.from_thread import start_blocking_portal

    arrived: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    with start_blocking_portal() as portal:
        future = portal.start_task_soon(task, arrived.put)
        future.add_done_callback(lambda _: arrived.put(None))
        try:
            while not stopped.is_set():
                try:
                    piece = arrived.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    continue
                if piece is None:
                    return future.result()
                yield piece
            return None
        finally:
            future.cancel()
