"""Limits on the bodies of requests: how large they may be, and how long they may take.

Gradio reads a body to its end, however much and however slow. Here each has a limit that also
holds where no length is declared, and has to arrive at a least rate.
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

from qa.page.guard import UPLOAD_PATH, refusal
from qa.page.security_headers import uncompressed
from qa.page.uploads import Arrival, IntakeLedger, IntakeLimits, IntakeRefusedError, visitor_of

_JOIN_PATH = "/gradio_api/queue/join"
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,200})', re.IGNORECASE)
_JSON_OVERHEAD = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """Sizes in bytes, times in seconds."""

    call: int
    """Of a call of the API, or an event without a text."""
    join: int
    """Of an event of the page, which may carry a pasted article."""
    grace: float = 30.0
    """Any body may take as long."""
    rate: float = 20_000.0
    """Bytes a second that it has to bring on average after that."""
    longest: float = 3_600.0

    @classmethod
    def of(cls, max_article: int, max_question: int) -> BodyLimits:
        """Return the limits for articles of so many bytes and questions of so many characters."""
        # JSON writes a line break or a quotation mark as two bytes, a character as up to six.
        return cls(call=_JSON_OVERHEAD + 6 * max_question, join=_JSON_OVERHEAD + 2 * max_article)

    def deadline(self, received: int) -> float:
        """Return how many seconds after its beginning a body must have gone on."""
        return min(self.grace + received / self.rate, self.longest)


class BodyRefusedError(MultiPartException):
    """A body is over a limit; of the kind after which Gradio deletes what it has written."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class BodyLimiter:
    """ASGI middleware that cuts off bodies over the limits, and counts them in ``uploads``."""

    def __init__(self, app: ASGIApp, limits: BodyLimits, uploads: IntakeLedger) -> None:
        self._app, self._limits, self._uploads = app, limits, uploads
        self._events = IntakeLedger(IntakeLimits.of_events(limits.join))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or end it with a sentence."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            self._check_declared(scope)
            if scope["method"] == "POST":
                await self._take(scope, receive, answer)
            else:
                await self._app(scope, receive, answer.send)
        except (BodyRefusedError, IntakeRefusedError) as error:
            if not answer.has_started:
                response = refusal(scope, error.status, error.sentence)
                response.headers["connection"] = "close"
                await response(scope, receive, send)

    def _check_declared(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        declared = int(length) if length.isascii() and length.isdigit() else 1
        if scope["method"] != "POST" and (declared or "transfer-encoding" in headers):
            raise BodyRefusedError(400, "A request of this kind cannot have a body.")
        if declared > (limit := self._limit_of(scope["path"])):
            raise _too_large(limit)

    def _limit_of(self, path: str) -> int:
        if path == UPLOAD_PATH:
            return self._uploads.limits.visitor_bytes
        return self._limits.join if path == _JOIN_PATH else self._limits.call

    async def _take(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        is_upload = scope["path"] == UPLOAD_PATH
        ledger = self._uploads if is_upload else self._events
        with ledger.begin(visitor_of(scope)) as arrival:
            counter = None
            if is_upload:
                counter = _FileCounter(Headers(scope=scope), self._uploads.limits.request_files)
                scope = uncompressed(scope)  # the answer is read here
                answer.is_read = True
            limit = self._limit_of(scope["path"])
            body = _Body(receive, limit, self._limits, arrival, counter)
            answer.body = body
            try:
                await self._app(scope, body.receive, answer.send)
            except Exception:
                if not body.problem:
                    raise
            if body.problem:
                raise body.problem
            if is_upload:
                arrival.kept = answer.paths()


class _Body:
    """A request's body, counted as it is read."""

    def __init__(
        self,
        receive: Receive,
        limit: int,
        limits: BodyLimits,
        arrival: Arrival,
        counter: _FileCounter | None,
    ) -> None:
        self.problem: BodyRefusedError | None = None
        self._receive, self._limit, self._limits = receive, limit, limits
        self._arrival, self._counter = arrival, counter
        self._began, self._size, self._is_whole = time.monotonic(), 0, False

    async def receive(self) -> Message:
        """Return the next message, as ASGI's ``receive``; of the body only what is allowed."""
        if self._is_whole:
            return await self._receive()
        try:
            return await self._next()
        except BodyRefusedError as error:
            self.problem = error
        except IntakeRefusedError as error:
            self.problem = BodyRefusedError(error.status, error.sentence)
        except TimeoutError:
            self.problem = BodyRefusedError(408, "This arrived too slowly, so it was cut off.")
        raise self.problem

    async def _next(self) -> Message:
        left = self._limits.deadline(self._size) - (time.monotonic() - self._began)
        async with asyncio.timeout(left):
            message = await self._receive()
        if message["type"] == "http.disconnect":
            raise BodyRefusedError(400, "This was broken off.")
        data = message.get("body", b"")
        self._size += len(data)
        if self._size > self._limit:
            raise _too_large(self._limit)
        self._arrival.add(len(data), self._counter.count(data) if self._counter else 0)
        self._is_whole = not message.get("more_body", False)
        return message


class _FileCounter:
    """Counts the parts of an upload, each of which Gradio makes a file of."""

    def __init__(self, headers: Headers, most: int) -> None:
        found = _BOUNDARY.search(headers.get("content-type", ""))
        self._mark = b"--" + found[1].encode("latin-1") if found else b""
        self._most, self._files, self._tail = most, -1, b""  # the last mark ends the last part

    def count(self, data: bytes) -> int:
        """Return how many parts more have begun with these bytes."""
        if not self._mark:
            return 0
        seen = self._tail + data
        marks = seen.count(self._mark)
        self._tail = seen[-(len(self._mark) - 1) :]
        more = max(self._files + marks, 0) - max(self._files, 0)
        self._files += marks
        if self._files > self._most:
            msg = f"More than {self._most} files were sent at once. Add fewer at a time."
            raise BodyRefusedError(413, msg)
        return more


class _Answer:
    """What the application answers, unless the body was refused by then."""

    def __init__(self, send: Send) -> None:
        self.body: _Body | None = None
        self.has_started = self.is_read = False
        self._send, self._content = send, b""

    async def send(self, message: Message) -> None:
        """Pass a message on, as ASGI's ``send``."""
        if self.body and self.body.problem and not self.has_started:
            return
        self.has_started = True
        if self.is_read:
            self._content += message.get("body", b"")
        await self._send(message)

    def paths(self) -> tuple[Path, ...]:
        """Return the files that Gradio says it has made of an upload."""
        try:
            listed = json.loads(self._content)
        except ValueError:
            return ()
        return tuple(map(Path, listed)) if isinstance(listed, list) else ()


def _too_large(limit: int) -> BodyRefusedError:
    return BodyRefusedError(
        413, f"This is larger than {limit / 1e6:,.6g} MB, the most that is taken at once."
    )
