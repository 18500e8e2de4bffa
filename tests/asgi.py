"""Requests to an ASGI application without a server between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1:7860"
Pairs = Sequence[tuple[str, str]]
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own.

    In the main thread ``asyncio.run`` would take away the event loop that Gradio has set there.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@dataclass
class Response:
    """What an application answered."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the value of a header, or None."""
        return dict(self.headers).get(name)


class Inner:
    """An application behind a middleware: reads its request, and remembers that it was asked."""

    def __init__(self, headers: Pairs = (), body: bytes = b"inner") -> None:
        self.scopes: list[Scope] = []
        self.read = b""
        self._headers = [(name.encode(), value.encode()) for name, value in headers]
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        while (message := await receive())["type"] == "http.request":
            self.read += message.get("body", b"")
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def scope_of(method: str = "GET", path: str = "/", headers: Pairs = (("host", HOST),)) -> Scope:
    """Return the scope of a request."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 7860),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


def asked(app: ASGIApp, scope: Scope, body: Iterable[bytes] = (b"",)) -> Response:
    """Return the answer of ``app`` to a request with a body in these pieces."""
    return run(answer(app, scope, _pieces(body)))


async def _pieces(body: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in body:
        yield piece


async def answer(app: ASGIApp, scope: Scope, body: AsyncIterator[bytes]) -> Response:
    """Return the answer of ``app``; after the body's last piece the client waits, then leaves."""
    response = Response()
    following = aiter(body)
    ahead: list[bytes | None] = [await anext(following, None)]

    async def receive() -> Message:
        piece = ahead.pop()
        if piece is None:
            return {"type": "http.disconnect"}
        ahead.append(await anext(following, None))
        return {"type": "http.request", "body": piece, "more_body": ahead[0] is not None}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status = message["status"]
            response.headers = [
                (name.decode(), value.decode()) for name, value in message["headers"]
            ]
        elif message["type"] == "http.response.body":
            response.body += message.get("body", b"")
        else:
            response.status, response.headers = 0, [("type", str(message["type"]))]

    await app(scope, receive, send)
    return response


def headers_of(**fields: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - strings or None
    """Return headers; underscores are hyphens, and None leaves one out."""
    pairs = {"host": HOST} | fields
    return [(name.replace("_", "-"), value) for name, value in pairs.items() if value is not None]


def order_of_streaming(middleware: Callable[[ASGIApp], ASGIApp]) -> list[str]:
    """Stream two parts through a middleware, and return in which order they left and arrived."""
    order: list[str] = []

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(2):
            order.append(f"sent {number}")
            await send({"type": "http.response.body", "body": b"data", "more_body": True})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            order.append("arrived")

    async def request() -> None:
        await middleware(stream)(scope_of(path="/gradio_api/queue/data"), receive, send)

    run(request())
    return order
