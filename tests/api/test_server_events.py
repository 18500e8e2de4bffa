"""Server-sent events and the comments between them."""

from __future__ import annotations

import asyncio

import pytest

from qa.api import server_events
from qa.api.server_events import HEARTBEAT, queued, server_event
from tests.asgi import run


def test_a_value_is_one_line_whatever_is_in_it() -> None:
    sent = server_event("piece", {"text": "two\nlines\r\n: é \ud800"})
    assert sent.count(b"\n") == 3
    assert b"\r" not in sent


def test_a_comment_is_sent_while_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_events, "HEARTBEAT_SECONDS", 0.001)

    async def receive() -> list[bytes]:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        events = queued(queue)
        received = [await anext(events)]
        queue.put_nowait(b"event")
        queue.put_nowait(None)
        return received + [each async for each in events]

    first, *_, last = run(receive())
    assert (first, last) == (HEARTBEAT, b"event")
