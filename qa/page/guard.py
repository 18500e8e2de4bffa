"""ASGI middleware for every request: reject cross-site requests, and set the security headers."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import SettingsError
from qa.api.error_shapes import in_shape
from qa.api.problems import problem_response

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
HTTP_PORT = 80
_HOST = re.compile(
    r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(?::(?P<port>[0-9]{1,5}))?"
)
_PUBLIC_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#]*)(?:/[^?#]*)?$")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class ServedAddresses:
    """The ``Host`` headers that are served, and the ``Origin`` headers that are our own."""

    hosts: frozenset[str]
    """``Host`` values in lower case, exactly as browsers send them."""
    port: int
    serves_ip_literals: bool = False
    """Whether any IP address with the server's port is served; no other name can be one."""
    public_origin: str = ""
    """Scheme and host of the address behind a proxy, such as ``https://example.org``."""

    @classmethod
    def of(
        cls, host: str, port: int, allowed_hosts: Iterable[str] = (), public_url: str = ""
    ) -> Self:
        """Return the addresses of a server that listens on ``host`` and ``port``.

        Args:
            host: Where it listens. A loopback address is served under its usual spellings; a
                server on all interfaces only under IP addresses.
            port: Its port.
            allowed_hosts: Further host names, each for the default ports and the server's own,
                or ``NAME:PORT`` for exactly that port.
            public_url: The full address of the page behind a proxy.

        Raises:
            SettingsError: An allowed host is not a host name, or ``public_url`` is not a URL.
        """
        literal = ip_address(host)
        names = [bracketed(host)]
        if host == "localhost" or (literal and literal.is_loopback):
            names += LOOPBACK_NAMES
        if is_everywhere := bool(literal and literal.is_unspecified):
            names = [*LOOPBACK_NAMES]
        hosts = {header for name in names for header in _host_headers(name, port)}
        for allowed in allowed_hosts:
            hosts |= _allowed_host_headers(allowed, port)
        origin = _origin_of(public_url) if public_url else ""
        if origin:
            hosts.add(urlsplit(origin).netloc)
        return cls(frozenset(hosts), port, is_everywhere, origin)

    def serves(self, host: str) -> bool:
        """Return whether a request with this ``Host`` header is served."""
        host = host.lower()
        return host in self.hosts or (self.serves_ip_literals and self._is_ip_literal(host))

    def is_own_origin(self, origin: str, host: str) -> bool:
        """Return whether ``origin`` is this server's, in a request with this ``Host`` header."""
        origin, host = origin.lower(), host.lower()
        if self.public_origin and host == urlsplit(self.public_origin).netloc:
            return origin == self.public_origin
        # A proxy may send its own Host instead, such as 127.0.0.1:7860.
        return origin in {f"http://{host}", f"https://{host}", self.public_origin} - {""}

    def _is_ip_literal(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if not match or int(match["port"] or HTTP_PORT) != self.port:
            return False
        literal = ip_address(match["name"])
        if literal is None or literal.is_unspecified or literal.is_multicast:
            return False
        # Browsers send no other spelling, such as "127.1" or "[0:0::1]".
        return bracketed(str(literal)) == match["name"]


def ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return ``host`` as an IP address, with or without brackets; None if it is a name."""
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def bracketed(host: str) -> str:
    """Return ``host`` as it appears in an address: in lower case, IPv6 in brackets."""
    literal = ip_address(host)
    return f"[{literal}]" if isinstance(literal, ipaddress.IPv6Address) else host.lower()


def _host_headers(name: str, port: int) -> set[str]:
    """Return the ``Host`` headers for ``name``; browsers omit the default port of HTTP."""
    return {f"{name}:{port}", *([name] if port == HTTP_PORT else [])}


def _allowed_host_headers(host: str, port: int) -> set[str]:
    match = _HOST.fullmatch(host.lower())
    if not match:
        msg = (
            f"{host!r} is not a host name. Give --allowed-host as the browser shows it, "
            "without https:// and without a path: example.org, or example.org:8443."
        )
        raise SettingsError(msg)
    return {host.lower()} if match["port"] else {match["name"], f"{match['name']}:{port}"}


def _origin_of(url: str) -> str:
    match = _PUBLIC_URL.match(url.lower())
    host = _HOST.fullmatch(match["host"]) if match else None
    if not match or not host:
        msg = (
            f"{url!r} is not a full address. Give --root-path as visitors see it: "
            "https://example.org/qa."
        )
        raise SettingsError(msg)
    is_default = host["port"] == _DEFAULT_PORTS[match["scheme"]]
    return f"{match['scheme']}://{host['name'] if is_default else match['host']}"


_API = "/gradio_api"
UPLOAD_PATH = f"{_API}/upload"
LOGIN_PATH = "/login"
PROGRAM_PATHS = ("/api/", "/v1/", "/mcp")
"""How the paths begin that programs use, which are answered by our own application."""
# Everything else that Gradio 6.31 serves is closed: files by their path, a proxy, a log-in, deep
# links, monitoring, component functions, media streams, recordings, reloading and code editing.
ROUTES = (
    # Our own application refuses what is none of its paths or methods.
    (("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), r"/(api/v1|v1)/.+|/mcp/?"),
    (("GET",), r"/(healthz|readyz|metrics)"),
    (("GET", "POST"), r"/login"),
    (("POST",), r"/logout"),
    (("GET",), r"/pages/[0-9a-f]{32}/[1-9][0-9]{0,5}\.(webp|txt)"),
    (("GET", "HEAD"), r"/"),
    (("GET",), r"/(assets|static)/.{1,200}"),
    (("GET",), rf"({_API})?/theme\.css|/favicon\.ico|/manifest\.json|/robots\.txt"),
    (("GET",), rf"/config/?|{_API}/info/?"),
    (("GET",), rf"{_API}/(queue/data|upload_progress|heartbeat/[^/]+)"),
    (("POST",), rf"{_API}/(queue/join|cancel|reset/?)|{UPLOAD_PATH}"),
)
# Gradio would believe these headers from anybody; --root-path replaces them.
_NOT_FORWARDED = re.compile(rb"forwarded|x-forwarded-.*|x-gradio-server|x-original-.*")


class Guard:
    """ASGI middleware that refuses requests from elsewhere and to closed paths.

    Args:
        app: Gets the requests that are not refused.
        served: The addresses of the page.
        calls: The API functions that programs may call.
        prefix: The path under which a proxy serves the page, such as ``/qa``; the proxy may
            remove it from requests or not.
    """

    def __init__(
        self, app: ASGIApp, served: ServedAddresses, calls: Iterable[str] = (), prefix: str = ""
    ) -> None:
        self._app, self._served, self._prefix = app, served, prefix.rstrip("/")
        call = rf"{_API}/call(/v2)?/({'|'.join(map(re.escape, calls))})"
        self._routes = [
            (methods, re.compile(pattern))
            for methods, pattern in (
                *ROUTES,
                (("POST",), f"{call}/?"),
                (("GET",), rf"{call}/\w+"),
            )
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request; WebSockets, which the page does not use, are refused."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._without_prefix(scope)
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
            return refusal(scope, 403, "Other websites may not use this page. Open it directly.")
        return self._route_refusal(scope)

    def _is_foreign(self, headers: Headers) -> bool:
        """Return whether the browser's headers name another website; programs send none."""
        host = headers["host"]
        return any(
            not self._served.is_own_origin(each, host) for each in headers.getlist("origin")
        ) or any(each not in ("same-origin", "none") for each in headers.getlist("sec-fetch-site"))

    def _route_refusal(self, scope: Scope) -> Response | None:
        path = scope["path"]
        allowed = [methods for methods, pattern in self._routes if pattern.fullmatch(path)]
        if not allowed or ".." in path or "\\" in path or "\0" in path:
            return refusal(scope, 404, "There is nothing here.")
        if scope["method"] not in allowed[0]:
            response = refusal(scope, 405, "This path does not accept the request's method.")
            response.headers["allow"] = ", ".join(allowed[0])
            return response
        return None

    def _without_prefix(self, scope: Scope) -> Scope:
        path = scope["path"]
        if self._prefix and f"{path}/".startswith(f"{self._prefix}/"):
            path = path.removeprefix(self._prefix) or "/"
        headers = [each for each in scope["headers"] if not _NOT_FORWARDED.fullmatch(each[0])]
        return {**scope, "path": path, "raw_path": path.encode(), "headers": headers}


def _is_navigation_to_page(scope: Scope, headers: Headers) -> bool:
    """Return whether a visitor followed a link to the page, in a tab and not in a frame."""
    return (
        scope["method"] == "GET"
        and scope["path"] == "/"
        and headers.getlist("sec-fetch-mode") == ["navigate"]
        and headers.getlist("sec-fetch-dest") == ["document"]
    )


def refusal(scope: Scope, status: int, message: str) -> Response:
    """Return a response that says why a request is refused.

    Gradio's scripts show the ``detail`` of JSON but, for an upload, the plain text.
    """
    path = scope["path"]
    if path.startswith(PROGRAM_PATHS):
        return in_shape(scope, problem_response(status, message))
    if path.startswith(f"{_API}/") and path != UPLOAD_PATH:
        return JSONResponse({"detail": message}, status)
    return PlainTextResponse(f"{message}\n", status)


# What Gradio 6.31 needs, found by removing one source at a time in Chromium:
# - 'unsafe-eval': it compiles the js of events and the js_on_load of gr.HTML by new Function().
# - No 'unsafe-inline' for scripts: the few in its page are allowed by their hashes, so a script
#   or an onerror= in an article would not run even if it reached the page.
# - 'unsafe-inline' for styles: its components set style attributes and add style elements.
# - data: images are in its style sheets. No blob:, no worker, no frame, no media.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'{hashes}; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # Else a browser looks up the hosts of an article's links before anyone follows one.
    "x-dns-prefetch-control": "off",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",  # for browsers that do not know frame-ancestors
}
_INLINE_SCRIPT = re.compile(rb"<script(?:\s(?![^>]*\bsrc=)[^>]*)?>(.*?)</script>", re.DOTALL)
# Gradio's <base href="./"> has no effect, and base-uri 'none' would report it.
_BASE = re.compile(rb"<base\s[^>]*>")


def content_security_policy(inline_scripts: Sequence[bytes] = ()) -> str:
    """Return the policy: only our own scripts, and these inline ones by their hashes."""
    hashes = "".join(
        f" 'sha256-{b64encode(hashlib.sha256(script).digest()).decode('ascii')}'"
        for script in inline_scripts
    )
    return _POLICY.format(hashes=hashes)


class SecurityHeaders:
    """ASGI middleware that sets the security headers and removes Gradio's CORS headers.

    ``added_scripts`` are inline scripts that Gradio's code adds to the page after loading.
    """

    def __init__(self, app: ASGIApp, added_scripts: Sequence[str] = ()) -> None:
        self._app = app
        self._added = [script.encode() for script in added_scripts]
        self._policy = content_security_policy()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == "/":
            await self._app(uncompressed(scope), receive, _PageResponse(send, self._added).send)
        else:

            async def send_with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    set_headers(message, self._policy)
                    if scope["path"] == LOGIN_PATH:
                        # With no-referrer a form is sent with "Origin: null".
                        MutableHeaders(scope=message)["referrer-policy"] = "same-origin"
                await send(message)

            await self._app(scope, receive, send_with_headers)


class _PageResponse:
    """Holds the page back until all its inline scripts are known and hashed for the policy."""

    def __init__(self, send: Send, added_scripts: Sequence[bytes]) -> None:
        self._send, self._added = send, added_scripts
        self._start: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            body = _BASE.sub(b"", self._body, count=1)
            scripts = [*_INLINE_SCRIPT.findall(body), *self._added]
            set_headers(self._start, content_security_policy(scripts))
            if body != self._body:
                MutableHeaders(scope=self._start)["content-length"] = str(len(body))
            await self._send(self._start)
            await self._send({**message, "body": body})


def set_headers(start: Message, policy: str) -> None:
    """Set the security headers of a response, and remove those that admit other websites."""
    start["headers"] = [
        (name, value)
        for name, value in start.get("headers", ())
        if not name.lower().startswith(b"access-control-")
    ]
    MutableHeaders(scope=start).update({**HEADERS, "content-security-policy": policy})


def uncompressed(scope: Scope) -> Scope:
    """Return the scope of a request that asks for an uncompressed response."""
    headers = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
    return {**scope, "headers": headers}
