"""Server-sent events: a name and a JSON value each, and comments that keep a connection open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

from fastapi.responses import StreamingResponse

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
"""The longest time without an event or a comment; proxies cut what is silent for a minute."""
HEARTBEAT = b": still working\n\n"


def server_event(name: str, value: object) -> bytes:
    """Return one event; its value is a single line of JSON."""
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return b"event: %s\ndata: %s\n\n" % (name.encode("ascii"), data)


def event_response(
    events: AsyncIterator[bytes] | AsyncIterator[str] | Iterator[str],
) -> StreamingResponse:
    """Return the response that sends these events; ``events`` is closed if the client leaves."""
    # nginx would collect the events otherwise.
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, media_type=MEDIA_TYPE, headers=headers)


async def queued(queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
    """Yield what is put into the queue until None, and heartbeats while nothing comes."""
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                event = await queue.get()
        except TimeoutError:
            yield HEARTBEAT
            continue
        if event is None:
            return
        yield event
