"""Which requests reach the page: for its own address, from its own pages, to what it uses.

Any website that is open in the same browser can send requests to a server on this machine, so
each request has to name an address that is served, must not come from another website, and
reaches only those of Gradio's routes that the page, ``gradio_client`` and curl need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from qa.page.addresses import ServedAddresses

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
