"""Decide which requests reach the page: to its own address, from its own pages."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import SettingsError

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
HTTP_PORT = 80
_HOST = re.compile(
    r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(?::(?P<port>[0-9]{1,5}))?"
)
_PUBLIC = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#]*)(?:/[^?#]*)?$")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class ServedAddresses:
    """Which ``Host`` values are served, and which ``Origin`` values are the server's own."""

    hosts: frozenset[str]
    """``Host`` values in lower case, exactly as browsers send them."""
    port: int
    serves_ip_literals: bool = False
    """Whether any IP address with the server's port is served too; no name can pose as one."""
    public_origin: str = ""
    """Scheme and host of the address behind a proxy, such as ``https://example.org``."""

    @classmethod
    def of(
        cls, host: str, port: int, allowed_hosts: Iterable[str] = (), public_url: str = ""
    ) -> Self:
        """Return what a server that listens on ``host`` and ``port`` serves.

        A loopback ``host`` is served under its usual spellings, another one under its own.
        A server on all interfaces is served under IP addresses alone, unless
        ``allowed_hosts`` names more. Each of those is a host name for any default port and
        the server's own, or ``NAME:PORT`` for exactly that port. ``public_url`` is the full
        address behind a proxy.

        Raises:
            SettingsError: An allowed host is not a host name, or ``public_url`` is not a URL.
        """
        literal = ip_address(host)
        names = [bracketed(host)]
        if host == "localhost" or (literal and literal.is_loopback):
            names += LOOPBACK_NAMES
        if everywhere := bool(literal and literal.is_unspecified):
            names = [*LOOPBACK_NAMES]
        hosts = {each for name in names for each in _with_port(name, port)}
        for allowed in allowed_hosts:
            hosts |= _allowed(allowed, port)
        origin = _origin_of(public_url) if public_url else ""
        if origin:
            hosts.add(urlsplit(origin).netloc)
        return cls(frozenset(hosts), port, everywhere, origin)

    def serves(self, host: str) -> bool:
        """Return whether a request with this ``Host`` header is served."""
        host = host.lower()
        return host in self.hosts or (self.serves_ip_literals and self._is_own_literal(host))

    def owns(self, origin: str, host: str) -> bool:
        """Return whether ``origin`` is this server's, in a request with this ``Host`` header."""
        origin, host = origin.lower(), host.lower()
        if self.public_origin and host == urlsplit(self.public_origin).netloc:
            return origin == self.public_origin
        # A proxy may send its own Host along, such as 127.0.0.1:7860.
        own = {f"http://{host}", f"https://{host}"} | ({self.public_origin} - {""})
        return origin in own

    def _is_own_literal(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if not found or int(found["port"] or HTTP_PORT) != self.port:
            return False
        literal = ip_address(found["name"])
        # "127.1" and "[0:0::1]" are spellings that no browser sends.
        if literal is None or literal.is_unspecified or literal.is_multicast:
            return False
        return bracketed(str(literal)) == found["name"]


def ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that ``host`` spells, with or without brackets, or None."""
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def bracketed(host: str) -> str:
    """Return ``host`` as it is written in an address: in lower case, IPv6 in brackets."""
    literal = ip_address(host)
    return f"[{literal}]" if isinstance(literal, ipaddress.IPv6Address) else host.lower()


def _with_port(name: str, port: int) -> set[str]:
    """Return the ``Host`` values of ``name``; a browser leaves HTTP's own port out."""
    return {f"{name}:{port}", *([name] if port == HTTP_PORT else [])}


def _allowed(host: str, port: int) -> set[str]:
    found = _HOST.fullmatch(host.lower())
    if not found:
        msg = (
            f"{host!r} is not a host name. Give --allowed-host as the browser shows it, "
            "without https:// and without a path: example.org, or example.org:8443."
        )
        raise SettingsError(msg)
    return {host.lower()} if found["port"] else {found["name"], f"{found['name']}:{port}"}


def _origin_of(url: str) -> str:
    found = _PUBLIC.match(url.lower())
    host = _HOST.fullmatch(found["host"]) if found else None
    if not found or not host:
        msg = (
            f"{url!r} is not a full address. Give --root-path as visitors see it: "
            "https://example.org/qa."
        )
        raise SettingsError(msg)
    shown = host["name"] if host["port"] == _DEFAULT_PORTS[found["scheme"]] else found["host"]
    return f"{found['scheme']}://{shown}"


_API = "/gradio_api"
UPLOAD_PATH = f"{_API}/upload"
# All else that Gradio 6.31 serves is closed: files by their path, a proxy, a log-in, deep links,
# monitoring, component functions, media streams, recordings, reloading and code editing.
_ROUTES = (
    (("GET", "HEAD"), r"/"),
    (("GET",), r"/(assets|static)/.+"),
    (("GET",), rf"({_API})?/theme\.css|/favicon\.ico|/manifest\.json|/robots\.txt"),
    (("GET",), rf"/config/?|{_API}/info/?"),
    (("GET",), rf"{_API}/(queue/data|upload_progress|heartbeat/[^/]+)"),
    (("POST",), rf"{_API}/(queue/join|cancel|reset/?)|{UPLOAD_PATH}"),
)
# Gradio would believe these of anybody; --root-path says what it needs to know.
_NOT_FORWARDED = re.compile(rb"forwarded|x-forwarded-.*|x-gradio-server|x-original-.*")


class Guard:
    """ASGI middleware that answers itself what must not reach ``app``.

    ``calls`` are the names that programs may call. ``prefix`` is the path under which a proxy
    serves the page, such as ``/qa``; whether the proxy removes it does not matter.
    """

    def __init__(
        self, app: ASGIApp, served: ServedAddresses, calls: Iterable[str] = (), prefix: str = ""
    ) -> None:
        self._app, self._served, self._prefix = app, served, prefix.rstrip("/")
        call = rf"{_API}/call(/v2)?/({'|'.join(map(re.escape, calls))})"
        self._routes = [
            (methods, re.compile(pattern))
            for methods, pattern in (
                *_ROUTES,
                (("POST",), f"{call}/?"),
                (("GET",), rf"{call}/\w+"),
            )
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request; a WebSocket is always refused, as the page has none."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._cleaned(scope)
        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._served.serves(hosts[0]):
            return refusal(
                scope,
                400,
                "This address is not served here. Open the address that the program printed, "
                "or start it with --allowed-host NAME.",
            )
        if self._is_foreign(headers) and not _is_navigation_to_page(scope, headers):
            return refusal(scope, 403, "Other websites may not use this page. Open it itself.")
        return self._route_refusal(scope)

    def _is_foreign(self, headers: Headers) -> bool:
        """Return whether a browser says that another website sent this; programs say nothing."""
        host = headers["host"]
        return any(not self._served.owns(each, host) for each in headers.getlist("origin")) or any(
            each not in ("same-origin", "none") for each in headers.getlist("sec-fetch-site")
        )

    def _route_refusal(self, scope: Scope) -> Response | None:
        path = scope["path"]
        allowed = [methods for methods, pattern in self._routes if pattern.fullmatch(path)]
        if not allowed or ".." in path or "\\" in path or "\0" in path:
            return refusal(scope, 404, "There is nothing here.")
        if scope["method"] not in allowed[0]:
            response = refusal(scope, 405, "This cannot be done here.")
            response.headers["allow"] = ", ".join(allowed[0])
            return response
        return None

    def _cleaned(self, scope: Scope) -> Scope:
        path = scope["path"]
        if self._prefix and f"{path}/".startswith(f"{self._prefix}/"):
            path = path.removeprefix(self._prefix) or "/"
        headers = [each for each in scope["headers"] if not _NOT_FORWARDED.fullmatch(each[0])]
        return {**scope, "path": path, "raw_path": path.encode(), "headers": headers}


def _is_navigation_to_page(scope: Scope, headers: Headers) -> bool:
    """Return whether somebody followed a link to the page, in a tab and not in a frame."""
    return (
        scope["method"] == "GET"
        and scope["path"] == "/"
        and headers.getlist("sec-fetch-mode") == ["navigate"]
        and headers.getlist("sec-fetch-dest") == ["document"]
    )


def refusal(scope: Scope, status: int, sentence: str) -> Response:
    """Return a response that says why a request is refused, in the form its sender reads.

    Gradio's scripts show ``detail`` of JSON, and of an upload the text.
    """
    path = scope["path"]
    if path.startswith(f"{_API}/") and path != UPLOAD_PATH:
        return JSONResponse({"detail": sentence}, status)
    return PlainTextResponse(f"{sentence}\n", status)
