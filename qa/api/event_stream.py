"""Server-sent events of work that runs in a thread, and ends when the client goes away."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing, suppress
from typing import Any, TypeVar

T = TypeVar("T")
PING_SECONDS = 10.0
"""How long a stream may be silent before something is sent, so that no proxy cuts it."""


def data_line(data: object, event: str = "") -> str:
    """Return one server-sent event with JSON, or with a text as it is."""
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
    return f"event: {event}\ndata: {text}\n\n" if event else f"data: {text}\n\n"


async def in_thread(
    values: Generator[T, None, None], stopped: threading.Event
) -> AsyncGenerator[T | None, None]:
    """Yield the values of a generator that runs in a thread; its errors are raised here.

    None means that nothing has come for PING_SECONDS. ``stopped`` is set as soon as nobody wants
    more, such as when the client has gone away. That must not wait for the next value: a language
    model may take a minute for its first word.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def put(kind: str, value: object) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it whoever would read this
            loop.call_soon_threadsafe(queue.put_nowait, (kind, value))

    threading.Thread(target=_produce, args=[values, put, stopped], daemon=True).start()
    try:
        while True:
            try:
                kind, value = await asyncio.wait_for(queue.get(), PING_SECONDS)
            except TimeoutError:
                yield None
                continue
            if kind == "error":
                raise value
            if kind == "end":
                return
            yield value
    finally:
        stopped.set()


def _produce(
    values: Generator[Any, None, None],
    put: Callable[[str, object], None],
    stopped: threading.Event,
) -> None:
    """Put each value, and how it ends."""
    try:
        with closing(values):
            for value in values:
                if stopped.is_set():
                    return
                put("value", value)
    except Exception as error:  # raised where the values are read
        put("error", error)
    else:
        put("end", None)
