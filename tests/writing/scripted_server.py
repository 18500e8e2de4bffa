"""A chat server that does to each request what a script says, faults included."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[["Connection"], None]
_PATIENCE = 30.0
"""Seconds after which a script that waits for the client gives up."""


class Connection:
    """What a script can do to a request."""

    def __init__(self, handler: BaseHTTPRequestHandler, client_left: threading.Event) -> None:
        self._handler = handler
        self._client_left = client_left

    def status(self, code: int, body: object = None, **headers: str) -> None:
        data = json.dumps(body if body is not None else {"error": {"message": "no"}}).encode()
        self._handler.send_response(code)
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.send_header("Content-Type", "application/json")
        self._handler.send_header("Content-Length", str(len(data)))
        self._handler.end_headers()
        self._handler.wfile.write(data)

    def begin(self) -> None:
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "text/event-stream")
        self._handler.end_headers()

    def raw(self, data: bytes) -> None:
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def event(self, value: object) -> None:
        self.raw(f"data: {json.dumps(value)}\n\n".encode())

    def say(self, text: object, finish: str | None = None) -> None:
        self.event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})

    def end(self, *, prompt_tokens: int = 100, written_tokens: int = 10) -> None:
        usage = {"prompt_tokens": prompt_tokens, "completion_tokens": written_tokens}
        self.event({"choices": [], "usage": usage})
        self.raw(b"data: [DONE]\n\n")

    def break_off(self) -> None:
        """Close the connection so that the client sees an error."""
        raw = self._handler.connection
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raw.close()
        self._handler.close_connection = True

    def wait_for_client_to_leave(self) -> None:
        self._handler.connection.settimeout(_PATIENCE)
        try:
            left = self._handler.connection.recv(1) == b""
        except ConnectionError:
            left = True
        except TimeoutError:
            left = False
        if left:
            self._client_left.set()


class ScriptedServer:
    """A server; its last script is used for all further requests."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.arrived = threading.Event()
        """Set when there is a request."""
        self.client_left = threading.Event()
        """Set when a client has closed its connection."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                server.requests.append(json.loads(self.rfile.read(length)))
                server.headers.append({k.lower(): v for k, v in self.headers.items()})
                server.arrived.set()
                script = scripts[min(len(server.requests), len(scripts)) - 1]
                try:
                    script(Connection(self, server.client_left))
                except ConnectionError:
                    server.client_left.set()
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@contextmanager
def serving(*scripts: Script) -> Iterator[ScriptedServer]:
    server = ScriptedServer(scripts)
    try:
        yield server
    finally:
        server.close()


def replies(*pieces: str, finish: str = "stop") -> Script:
    """Return the script of a server that works: it sends ``pieces`` and ends."""

    def script(connection: Connection) -> None:
        connection.begin()
        for piece in pieces:
            connection.say(piece)
        connection.say("", finish)
        connection.end()

    return script
