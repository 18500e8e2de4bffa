"""ASGI middleware that limits the size and the duration of request bodies.

Gradio reads any body to its end. The limits also hold where no length is declared.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.page.guard import UPLOAD_PATH, refusal, uncompressed
from qa.page.uploads import (
    IncomingUpload,
    IntakeLedger,
    IntakeLimits,
    IntakeRefusedError,
)
from qa.visitors.addresses import address_of

_JOIN_PATH = "/gradio_api/queue/join"
_ARTICLES_PATH = "/api/v1/articles"
_WITH_BODY = ("POST", "PUT", "PATCH")
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,200})', re.IGNORECASE)
_JSON_OVERHEAD = 64 * 1024
_MESSAGES_PATHS = ("/v1/", "/mcp")


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """Limits on one request body: sizes in bytes, times in seconds."""

    call: int
    """Size of an API call."""
    join: int
    """Size of an event of the page, which may carry a pasted article."""
    messages: int = 8_000_000
    """Size of a request with a whole conversation, and perhaps documents."""
    grace: float = 30.0
    """Time that any body may take."""
    rate: float = 20_000.0
    """Average bytes a second that must arrive after that."""
    longest: float = 3_600.0

    @classmethod
    def of(cls, max_article: int, max_question: int) -> BodyLimits:
        """Return the limits; ``max_article`` is in bytes, ``max_question`` in characters."""
        # JSON writes a line break or a quotation mark as two bytes, a character as up to six.
        return cls(call=_JSON_OVERHEAD + 6 * max_question, join=_JSON_OVERHEAD + 2 * max_article)

    def deadline(self, received: int) -> float:
        """Return by when, in seconds, more than the ``received`` bytes must have arrived."""
        return min(self.grace + received / self.rate, self.longest)


class BodyRefusedError(MultiPartException):
    """A body is over a limit. After a MultiPartException Gradio deletes what it has written."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class BodyLimiter:
    """ASGI middleware that cuts off bodies over the limits, and counts uploads in ``uploads``."""

    def __init__(self, app: ASGIApp, limits: BodyLimits, uploads: IntakeLedger) -> None:
        self._app, self._limits, self._uploads = app, limits, uploads
        self._events = IntakeLedger(IntakeLimits.of_events(limits.join))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it with a message."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = _Response(send)
        try:
            self._check_declared(scope)
            if scope["method"] in _WITH_BODY:
                await self._receive(scope, receive, response)
            else:
                await self._app(scope, receive, response.send)
        except (BodyRefusedError, IntakeRefusedError) as error:
            if not response.has_started:
                refused = refusal(scope, error.status, error.message)
                refused.headers["connection"] = "close"
                await refused(scope, receive, send)

    def _check_declared(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        declared = int(length) if length.isascii() and length.isdigit() else 1
        if scope["method"] not in _WITH_BODY and (declared or "transfer-encoding" in headers):
            msg = f"Only {', '.join(_WITH_BODY)} requests may have a body."
            raise BodyRefusedError(400, msg)
        if declared > (limit := self._limit_of(scope["path"])):
            raise _too_large(limit)

    def _limit_of(self, path: str) -> int:
        if path == UPLOAD_PATH:
            return self._uploads.limits.visitor_bytes
        if path.startswith(_MESSAGES_PATHS):
            return self._limits.messages
        is_article = path in (_JOIN_PATH, _ARTICLES_PATH)
        return self._limits.join if is_article else self._limits.call

    async def _receive(self, scope: Scope, receive: Receive, response: _Response) -> None:
        is_upload = scope["path"] == UPLOAD_PATH
        ledger = self._uploads if is_upload else self._events
        with ledger.begin(address_of(scope)) as intake:
            counter = None
            if is_upload:
                counter = _FileCounter(Headers(scope=scope), self._uploads.limits.request_files)
                scope = uncompressed(scope)  # so that the paths in the response can be read
                response.keeps_content = True
            limit = self._limit_of(scope["path"])
            body = _Body(receive, limit, self._limits, intake, counter)
            response.body = body
            try:
                await self._app(scope, body.receive, response.send)
            except Exception:
                if not body.problem:
                    raise
            if body.problem:
                raise body.problem
            if is_upload:
                intake.stored = response.listed_paths()


class _Body:
    """Counts the body of a request as it arrives."""

    def __init__(
        self,
        receive: Receive,
        limit: int,
        limits: BodyLimits,
        intake: IncomingUpload,
        counter: _FileCounter | None,
    ) -> None:
        self.problem: BodyRefusedError | None = None
        self._receive, self._limit, self._limits = receive, limit, limits
        self._intake, self._counter = intake, counter
        self._start, self._size, self._is_complete = time.monotonic(), 0, False

    async def receive(self) -> Message:
        """Return the next message, as ASGI's ``receive``.

        Raises:
            BodyRefusedError: The body is over a limit, too slow, or broken off.
        """
        if self._is_complete:
            return await self._receive()
        try:
            return await self._next()
        except BodyRefusedError as error:
            self.problem = error
        except IntakeRefusedError as error:
            self.problem = BodyRefusedError(error.status, error.message)
        except TimeoutError:
            self.problem = BodyRefusedError(
                408, "The request arrived too slowly, so it was cut off."
            )
        raise self.problem

    async def _next(self) -> Message:
        left = self._limits.deadline(self._size) - (time.monotonic() - self._start)
        async with asyncio.timeout(left):
            message = await self._receive()
        if message["type"] == "http.disconnect":
            raise BodyRefusedError(400, "The request was broken off.")
        data = message.get("body", b"")
        self._size += len(data)
        if self._size > self._limit:
            raise _too_large(self._limit)
        self._intake.add(len(data), self._counter.count(data) if self._counter else 0)
        self._is_complete = not message.get("more_body", False)
        return message


class _FileCounter:
    """Counts the parts of an upload, from each of which Gradio makes a file."""

    def __init__(self, headers: Headers, max_files: int) -> None:
        match = _BOUNDARY.search(headers.get("content-type", ""))
        self._boundary = b"--" + match[1].encode("latin-1") if match else b""
        # From -1, because a boundary also follows the last part.
        self._max_files, self._files, self._tail = max_files, -1, b""

    def count(self, data: bytes) -> int:
        """Return how many parts end in the next bytes.

        Raises:
            BodyRefusedError: There are too many parts.
        """
        if not self._boundary:
            return 0
        unread = self._tail + data
        boundaries = unread.count(self._boundary)
        self._tail = unread[-(len(self._boundary) - 1) :]
        new_files = max(self._files + boundaries, 0) - max(self._files, 0)
        self._files += boundaries
        if self._files > self._max_files:
            msg = f"More than {self._max_files} files were sent at once. Add fewer at a time."
            raise BodyRefusedError(413, msg)
        return new_files


class _Response:
    """Passes the application's response on, unless the body was refused before it began."""

    def __init__(self, send: Send) -> None:
        self.body: _Body | None = None
        self.has_started = self.keeps_content = False
        self._send, self._content = send, b""

    async def send(self, message: Message) -> None:
        """Pass a message on, as ASGI's ``send``."""
        if self.body and self.body.problem and not self.has_started:
            return
        self.has_started = True
        if self.keeps_content:
            self._content += message.get("body", b"")
        await self._send(message)

    def listed_paths(self) -> tuple[Path, ...]:
        """Return the files that Gradio's response to an upload lists."""
        try:
            listed = json.loads(self._content)
        except ValueError:
            return ()
        return tuple(map(Path, listed)) if isinstance(listed, list) else ()


def _too_large(limit: int) -> BodyRefusedError:
    return BodyRefusedError(
        413, f"This is larger than {limit / 1e6:,.6g} MB, the limit for one request."
    )
