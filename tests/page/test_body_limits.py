"""Limits on the size, number and duration of requests, and on stored uploads."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from qa.page.body_limits import BodyLimiter, BodyLimits
from qa.page.uploads import IntakeLedger, IntakeLimits
from qa.visitors.addresses import address_of
from tests.asgi import HOST, Inner, Response, answer, asked, run, scope_of

JOIN, CALL, UPLOAD = "/gradio_api/queue/join", "/gradio_api/call/ask", "/gradio_api/upload"
LIMITS = BodyLimits(call=100, join=1_000)
FORM = "multipart/form-data; boundary=mark"


def intake_limits(**changes: float) -> IntakeLimits:
    sizes = {"visitor_bytes": 1_000, "total_bytes": 2_000, "request_files": 3}
    counts = {"visitor_requests": 2, "total_requests": 3, "visitor_files": 5, "total_files": 8}
    return IntakeLimits(**{**sizes, **counts, **changes})  # type: ignore[arg-type] # all numbers


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Storing:
    """Writes what it is sent to files of its own, as Gradio does, and lists them."""

    def __init__(self, folder: Path, files: int = 1, listed: int = 1) -> None:
        self.folder, self.files, self.listed = folder, files, listed
        self.number = 0

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        paths = [self._written(body) for _ in range(self.files)]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        listed = json.dumps([str(path) for path in paths[: self.listed]]).encode()
        await send({"type": "http.response.body", "body": listed})

    def _written(self, body: bytes) -> Path:
        self.number += 1
        path = self.folder / f"{self.number}" / "a.txt"
        path.parent.mkdir()
        path.write_bytes(body)
        return path


def form_of(*files: bytes) -> bytes:
    parts = b"".join(b"--mark\r\n\r\n" + each + b"\r\n" for each in files)
    return parts + b"--mark--\r\n"


def upload_scope(client: str = "127.0.0.1") -> Scope:
    scope = scope_of("POST", UPLOAD, [("host", HOST), ("content-type", FORM)])
    return {**scope, "client": (client, 5000)}


def endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def limiter(inner: Inner | Storing | None = None, **changes: float) -> BodyLimiter:
    folder = inner.folder if isinstance(inner, Storing) else None
    return BodyLimiter(inner or Inner(), LIMITS, IntakeLedger(intake_limits(**changes), folder))


@pytest.mark.parametrize(("path", "limit"), [(CALL, 100), (JOIN, 1_000), (UPLOAD, 1_000)])
def test_a_body_up_to_its_limit_is_passed_on_in_pieces(path: str, limit: int) -> None:
    inner = Inner()
    assert asked(limiter(inner), scope_of("POST", path), [b"x" * (limit // 2)] * 2).status == 200
    assert inner.read == b"x" * limit


@pytest.mark.parametrize("path", [CALL, JOIN, UPLOAD])
def test_a_body_without_an_end_is_cut_off_at_its_limit(path: str) -> None:
    inner = Inner()
    response = asked(limiter(inner), scope_of("POST", path), endless(b"x" * 60))
    assert response.status == 413
    assert "larger than" in response.body.decode()
    assert response.header("connection") == "close"
    assert len(inner.read) <= 1_000


def test_a_body_with_too_large_a_declared_length_is_not_read() -> None:
    inner = Inner()
    scope = scope_of("POST", CALL, [("host", HOST), ("content-length", "101")])
    assert asked(limiter(inner), scope).status == 413
    assert not inner.scopes


@pytest.mark.parametrize("header", [("content-length", "1"), ("transfer-encoding", "chunked")])
def test_only_a_post_may_have_a_body(header: tuple[str, str]) -> None:
    inner = Inner()
    assert asked(limiter(inner), scope_of("GET", "/", [("host", HOST), header])).status == 400
    assert not inner.scopes


@pytest.mark.parametrize("path", [CALL, JOIN, UPLOAD])
def test_a_stalled_body_is_cut_off(path: str) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()
        yield b"never"

    limits = BodyLimits(call=100, join=100, grace=0.05)
    app = BodyLimiter(Inner(), limits, IntakeLedger(intake_limits()))
    response = run(waiting_client(app, scope_of("POST", path), stuck()))
    assert response.status == 408
    assert "too slowly" in response.body.decode()


async def waiting_client(app: BodyLimiter, scope: Scope, body: AsyncIterator[bytes]) -> Response:
    """Return the answer to a client that sends a piece only when it is there."""
    response = Response()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": await anext(body), "more_body": True}

    async def send(message: dict[str, object]) -> None:
        response.status = response.status or int(str(message.get("status", 0)))
        response.body += message.get("body", b"")  # type: ignore[operator] # bytes

    await app(scope, receive, send)  # type: ignore[arg-type] # a plain dictionary
    return response


def test_the_time_limit_grows_with_the_received_bytes_up_to_a_maximum() -> None:
    limits = BodyLimits(call=1, join=1, grace=30, rate=1_000, longest=100)
    assert [limits.deadline(size) for size in (0, 20_000, 10**9)] == [30, 50, 100]


def test_the_applications_response_after_a_refusal_is_not_sent() -> None:
    async def stubborn(_scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while True:
                await receive()
        except Exception:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"/srv/secret.py"})
            raise

    app = BodyLimiter(stubborn, LIMITS, IntakeLedger(intake_limits()))
    response = asked(app, scope_of("POST", CALL), endless(b"x" * 60))
    assert response.status == 413
    assert b"secret" not in response.body


def test_too_many_files_in_one_request_are_refused_while_they_arrive() -> None:
    four = form_of(b"1", b"2", b"3", b"4")
    pieces = [four[i : i + 5] for i in range(0, len(four), 5)]
    response = asked(limiter(), upload_scope(), pieces)
    assert response.status == 413
    assert "More than 3 files" in response.body.decode()
    assert asked(limiter(), upload_scope(), [form_of(b"1", b"2", b"3")]).status == 200


def test_uploads_waiting_to_be_added_are_limited_for_each_visitor(tmp_path: Path) -> None:
    storing = Storing(tmp_path)
    app = limiter(storing)
    assert asked(app, upload_scope(), [form_of(b"x" * 600)]).status == 200
    response = asked(app, upload_scope(), [form_of(b"x" * 600)])
    assert response.status == 429
    assert "not added yet" in response.body.decode()
    assert asked(app, upload_scope("192.168.1.7"), [form_of(b"x" * 600)]).status == 200
    # What is added is deleted from there, and its place is free.
    (tmp_path / "1" / "a.txt").unlink()
    assert asked(app, upload_scope(), [form_of(b"x" * 600)]).status == 200


def test_uploads_of_all_visitors_together_are_limited(tmp_path: Path) -> None:
    app = limiter(Storing(tmp_path))
    body = [form_of(b"x" * 900)]
    statuses = [asked(app, upload_scope(f"10.0.0.{n}"), body).status for n in range(3)]
    assert statuses == [200, 200, 503]


def test_the_number_of_uploaded_files_is_limited(tmp_path: Path) -> None:
    app = limiter(Storing(tmp_path))
    statuses = [asked(app, upload_scope(), [form_of(b"x")]).status for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def test_files_that_gradio_stored_but_did_not_list_are_counted(tmp_path: Path) -> None:
    app = limiter(Storing(tmp_path, files=2, listed=1))
    statuses = []
    for number in range(5):
        statuses.append(asked(app, upload_scope(), [form_of(b"x", b"y")]).status)
        (tmp_path / f"{2 * number + 1}" / "a.txt").unlink(missing_ok=True)
    assert statuses == [200] * 4 + [429]


def test_uploads_that_are_not_added_are_deleted_when_they_are_old(tmp_path: Path) -> None:
    clock = Clock()
    ledger = IntakeLedger(intake_limits(seconds=60), tmp_path, clock)
    app = BodyLimiter(Storing(tmp_path), LIMITS, ledger)
    broken_off = tmp_path / "tmpabc"
    broken_off.write_bytes(b"x")
    os.utime(broken_off, (0, 0))
    assert asked(app, upload_scope(), [form_of(b"x" * 900)]).status == 200
    clock.now = 61
    assert asked(app, upload_scope(), [form_of(b"x" * 900)]).status == 200
    assert [path.name for path in tmp_path.iterdir()] == ["2"]


def test_simultaneous_uploads_are_limited_and_a_failed_one_is_not_counted() -> None:
    ledger = IntakeLedger(intake_limits())
    first, _ = ledger.begin("a"), ledger.begin("a")
    app = BodyLimiter(Inner(), LIMITS, ledger)
    assert asked(app, upload_scope("a"), [form_of(b"1")]).status == 429
    assert asked(app, upload_scope("b"), [form_of(b"1")]).status == 200
    with ledger.begin("b"):
        assert asked(app, upload_scope("c"), [form_of(b"1")]).status == 503
    with first:
        pass
    assert asked(app, upload_scope("a"), [form_of(b"1")]).status == 200


def test_an_upload_broken_off_by_the_client_is_not_counted() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 900

    app = limiter()

    async def leave() -> None:
        async def receive() -> dict[str, object]:
            piece = await anext(pieces, None)
            if piece is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": piece, "more_body": True}

        async def send(_: object) -> None: ...

        pieces = broken()
        await app(upload_scope(), receive, send)

    run(leave())
    assert asked(app, upload_scope(), [b"x" * 900]).status == 200


def test_a_visitor_at_the_upload_limit_can_still_add_the_uploaded_files(tmp_path: Path) -> None:
    app = limiter(Storing(tmp_path))
    assert asked(app, upload_scope(), [form_of(b"x" * 900)]).status == 200
    assert asked(app, scope_of("POST", JOIN), [b"x" * 900]).status == 200


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_a_visitor_is_an_ipv4_address_or_an_ipv6_network(
    first: str, second: str, *, same: bool
) -> None:
    assert (address_of({"client": (first, 1)}) == address_of({"client": (second, 2)})) is same


def test_a_client_without_an_address_counts_as_a_visitor() -> None:
    assert not address_of({"client": None})


def test_a_streamed_response_is_passed_on_in_pieces() -> None:
    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"data", "more_body": True})
        await send({"type": "http.response.body"})

    async def none() -> AsyncIterator[bytes]:
        return
        yield b""

    app = BodyLimiter(stream, LIMITS, IntakeLedger(intake_limits()))
    streamed = run(answer(app, scope_of(path="/gradio_api/queue/data"), none()))
    assert streamed.body == b"datadatadata"
