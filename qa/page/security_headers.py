"""The headers that keep other websites out of every response, and foreign code out of the page."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What Gradio 6.31 needs, found by leaving out one source after the other in Chromium:
# - 'unsafe-eval': it compiles the js of events and the js_on_load of gr.HTML by new Function().
# - No 'unsafe-inline' for scripts: the few in its page are allowed by their hashes, so a script
#   or an onerror= that got into an article's markup does not run.
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
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",  # for browsers that do not know frame-ancestors
}
_INLINE_SCRIPT = re.compile(rb"<script(?:\s(?![^>]*\bsrc=)[^>]*)?>(.*?)</script>", re.DOTALL)
# Gradio's <base href="./"> says what holds without it, and base-uri 'none' would report it.
_BASE = re.compile(rb"<base\s[^>]*>")


def content_security_policy(inline_scripts: Sequence[bytes] = ()) -> str:
    """Return the policy that allows our own scripts, and these inline ones by their hashes."""
    hashes = "".join(
        f" 'sha256-{b64encode(hashlib.sha256(script).digest()).decode('ascii')}'"
        for script in inline_scripts
    )
    return _POLICY.format(hashes=hashes)


class SecurityHeaders:
    """ASGI middleware that adds the headers and removes the CORS headers that Gradio adds.

    ``added_scripts`` are inline scripts that the page's own code adds after it is loaded.
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
            await self._app(uncompressed(scope), receive, _Page(send, self._added).send)
        else:

            async def send_with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    set_headers(message, self._policy)
                await send(message)

            await self._app(scope, receive, send_with_headers)


class _Page:
    """Holds the page back until the inline scripts in it are known, for the policy to name."""

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
    """Set the security headers of a response, and remove whatever allows other websites."""
    start["headers"] = [
        (name, value)
        for name, value in start.get("headers", ())
        if not name.lower().startswith(b"access-control-")
    ]
    MutableHeaders(scope=start).update({**HEADERS, "content-security-policy": policy})


def uncompressed(scope: Scope) -> Scope:
    """Return the scope of a request whose answer is not to be compressed, to be read here."""
    headers = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
    return {**scope, "headers": headers}
