"""Visit the page without a browser: send its script's requests and read the replies.

Gradio numbers the page's private events; they are identified by what triggers them.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import httpx

from qa.page.asking import TOO_MANY

PATIENCE_SECONDS = 120.0


class QueueFull(Exception):
    """The page's queue is full."""


class PageFailed(Exception):
    """The page replied with an error, or not at all."""


@dataclass(frozen=True, slots=True)
class Events:
    """The numbers of the page's events, each with the number of its inputs."""

    arrive: tuple[int, int]
    ask: tuple[int, int]
    settle: tuple[int, int]
    press: tuple[int, int]
    clear: tuple[int, int]

    @classmethod
    def of(cls, config: dict[str, Any]) -> Self:
        """Return the events in the page's configuration."""
        named = {c["props"].get("elem_id"): c["id"] for c in config["components"]}
        events = config["dependencies"]

        def event_of(element: str, event: str) -> tuple[int, int]:
            target = [named[element], event]
            return next(_numbers(each) for each in events if target in each["targets"])

        loading = [e for e in events if any(event == "load" for _, event in e["targets"])]
        ask = event_of("question", "submit")
        return cls(
            arrive=_numbers(max(loading, key=lambda each: len(each["inputs"]))),
            ask=ask,
            settle=next(_numbers(each) for each in events if each["trigger_after"] == ask[0]),
            press=event_of("shelf", "click"),
            clear=event_of("tools", "new"),
        )


def _numbers(event: dict[str, Any]) -> tuple[int, int]:
    return event["id"], len(event["inputs"])


class Visitor:
    """One browser tab with the page at ``address``, which ends with a slash."""

    def __init__(self, client: httpx.AsyncClient, address: str, events: Events) -> None:
        self._client, self._events = client, events
        self._api = f"{address}gradio_api/"
        self.session = secrets.token_hex(6)
        self.key = secrets.token_hex(16)

    async def arrive(self) -> list[Any]:
        """Load the page, and return the state that the server has for this tab."""
        return await self._run(self._events.arrive, [None, None, self.key])

    async def press(self, action: str, **data: object) -> list[Any]:
        """Press something on the shelf."""
        return await self._run(self._events.press, event_data={"action": action, **data})

    async def clear(self) -> list[Any]:
        """Begin a new conversation."""
        return await self._run(self._events.clear)

    async def ask(self, question: str, *, reads_after: float = 0) -> list[dict[str, Any]]:
        """Ask, and return the messages of the conversation with the answer.

        ``reads_after`` is the delay in seconds before the page's reply is read.

        Raises:
            QueueFull: The question was rejected.
            PageFailed: The page replied with an error.
        """
        await self._run(self._events.ask, [question, None, None], reads_after=reads_after)
        *_, messages, _ = await self._run(self._events.settle)
        return list(messages)

    async def leave(self, question: str) -> None:
        """Ask, and leave without reading the reply."""
        await self._join(self._events.ask, [question, None, None], None)

    async def _run(
        self,
        event: tuple[int, int],
        data: Sequence[Any] | None = None,
        event_data: object = None,
        *,
        reads_after: float = 0,
    ) -> list[Any]:
        await self._join(event, data, event_data)
        await asyncio.sleep(reads_after)
        async for message in self._messages():
            if message["msg"] == "process_completed":
                if not message["success"]:
                    error = str(message["output"].get("error"))
                    raise QueueFull if error == TOO_MANY else PageFailed(error)
                return list(message["output"]["data"])
            if message["msg"] == "unexpected_error":
                raise PageFailed(message["message"])
        raise PageFailed("The page sent no reply.")

    async def _join(
        self, event: tuple[int, int], data: Sequence[Any] | None, event_data: object
    ) -> None:
        number, inputs = event
        body = {
            "fn_index": number,
            "data": data or [None] * inputs,
            "event_data": event_data,
            "session_hash": self.session,
        }
        answer = await self._client.post(f"{self._api}queue/join", json=body)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise QueueFull
        answer.raise_for_status()

    async def _messages(self) -> AsyncIterator[dict[str, Any]]:
        query = {"session_hash": self.session}
        async with self._client.stream("GET", f"{self._api}queue/data", params=query) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))


def client() -> httpx.AsyncClient:
    """Return an HTTP client for any number of visitors, which uses no proxy."""
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(limits=limits, timeout=PATIENCE_SECONDS, trust_env=False)
