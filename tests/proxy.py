"""A small reverse proxy that serves a page below ``/qa/``, as Caddy and nginx would."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PREFIX = "/qa"
# Of one connection each, so not passed on.
_HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "keep-alive")


class ReverseProxy(ThreadingHTTPServer):
    """The proxy; where it forwards to is said later, as the page has to know its address."""

    daemon_threads = True

    def __init__(self, *, keeps_prefix: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keeps_prefix = keeps_prefix
        self.upstream = ""

    @property
    def address(self) -> str:
        """Where the page is, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_port}{_PREFIX}"

    def forward_to(self, port: int) -> None:
        """Forward to a port of this machine."""
        self.upstream = f"127.0.0.1:{port}"


class _Handler(BaseHTTPRequestHandler):
    server: ReverseProxy

    def do_GET(self) -> None:
        self._forward(b"")

    def do_POST(self) -> None:
        self._forward(self.rfile.read(int(self.headers["content-length"])))

    def log_message(self, *_: object) -> None: ...

    def _forward(self, body: bytes) -> None:
        if not self.path.startswith(f"{_PREFIX}/"):
            self.send_error(404)
            return
        path = self.path if self.server.keeps_prefix else self.path.removeprefix(_PREFIX)
        headers = {n: v for n, v in self.headers.items() if n.lower() not in _HOP_BY_HOP}
        with closing(http.client.HTTPConnection(self.server.upstream, timeout=120)) as connection:
            connection.request(self.command, path, body or None, headers)
            with connection.getresponse() as answer:
                self._pass_on(answer)

    def _pass_on(self, answer: http.client.HTTPResponse) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        while piece := answer.read1(65_536):
            self.wfile.write(piece)
            self.wfile.flush()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the browser has left
            self.close_connection = True


@contextmanager
def reverse_proxy(*, keeps_prefix: bool = False) -> Iterator[ReverseProxy]:
    """Run a proxy, which removes the prefix from what it forwards unless it keeps it."""
    proxy = ReverseProxy(keeps_prefix=keeps_prefix)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
