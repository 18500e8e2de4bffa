"""ASGI middleware that finds out who makes a request, and refuses those who must log in."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import ArticleQAError
from qa.output.error_messages import error_message
from qa.visitors.accounts import Accounts
from qa.visitors.addresses import address_of, is_loopback
from qa.visitors.caller import NOBODY, READ_ONLY, Caller
from qa.visitors.cookies import Cookie
from qa.visitors.credentials import Sessions, Tokens
from qa.visitors.passwords import Passwords
from qa.visitors.visits import Visits

LOG_IN = "Log in, or send a token: Authorization: Bearer aqa_…"
LOGGED_OUT = "You are logged out. Reload the page to log in again."
WRONG_TOKEN = "This token is not valid. Ask for a new one, or check that it was copied whole."  # noqa: S105
_OPEN = ("/healthz", "/readyz", "/login", "/logout")
_LOGIN_PATHS = ("/login", "/logout")
_CHANGING = ("PUT", "PATCH", "DELETE")
_GRADIO = "/gradio_api"
_UPLOAD = f"{_GRADIO}/upload"
_BEARER = "bearer"
_LOOKUPS_AT_ONCE = 4
_SECRET_BYTES = 32
# Browsers send no SameSite=Strict cookie when a link on another website is followed. This page
# loads itself again, which counts as a request of our own. The added character makes the address
# another one; a refresh of an address with a fragment would not leave the page.
_LOAD_AGAIN = (
    '<!doctype html><meta charset="utf-8"><title>Article QA</title><script>'
    "location.replace((location.search || '?') + '&' + location.hash)</script>"
)

Refuse = Callable[[Scope, int, str], Response]


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """By what accounts are recognised."""

    accounts: Accounts
    tokens: Tokens
    sessions: Sessions
    passwords: Passwords = field(default_factory=Passwords)
    visits: Visits = field(default_factory=Visits)


class Gate:
    """ASGI middleware that puts the caller of each request into its state.

    It comes after the :class:`~qa.page.guard.Guard`, which refuses requests of other websites, so
    that no such request can use a browser's cookie.

    Args:
        app: Gets the requests that are not refused.
        refuse: Makes the response to a refused request.
        cookie: The cookie of sessions or, without accounts, of visitors.
        access: By what accounts are recognised; None without accounts.
        visitors_apart: Without accounts: whether each browser is a visitor of its own.
        prefix: The path under which a proxy serves the page.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that admission depends on
        self,
        app: ASGIApp,
        refuse: Refuse,
        cookie: Cookie,
        *,
        access: AccountAccess | None = None,
        visitors_apart: bool = False,
        prefix: str = "",
    ) -> None:
        self._app, self._refuse, self._cookie = app, refuse, cookie
        self._access, self._visitors_apart, self._prefix = access, visitors_apart, prefix
        self._threads = ThreadPoolExecutor(_LOOKUPS_AT_ONCE, thread_name_prefix="gate")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._access:
            await self._with_accounts(self._access, scope, receive, send)
        else:
            await self._without_accounts(scope, receive, send)

    async def _without_accounts(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in _LOGIN_PATHS:
            await self._refuse(scope, 404, "There are no accounts here.")(scope, receive, send)
            return
        if not self._visitors_apart:
            await self._pass_on(Caller(address=address_of(scope)), scope, receive, send)
            return
        if scope["path"] == "/metrics" and not is_loopback(scope):
            refused = self._refuse(scope, 403, "Metrics are shown to this machine alone.")
            await refused(scope, receive, send)
            return
        known = self._cookie.value(Headers(scope=scope))
        visitor = known or secrets.token_urlsafe(_SECRET_BYTES)
        cookie = "" if known else self._cookie.header(visitor)
        caller = Caller(visitor=visitor, address=address_of(scope))
        await self._pass_on(caller, scope, receive, _setting(cookie, send))

    async def _with_accounts(
        self, access: AccountAccess, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["path"] in _OPEN:
            nobody = replace(NOBODY, address=address_of(scope))
            await self._pass_on(nobody, scope, receive, send)
            return
        headers = Headers(scope=scope)
        tokens = _tokens(headers)
        loop = asyncio.get_running_loop()
        try:
            caller = await loop.run_in_executor(
                self._threads, self._caller, access, headers, tokens, address_of(scope)
            )
        except ArticleQAError as error:
            await self._refuse(scope, 503, error_message(error))(scope, receive, send)
            return
        if caller is None:
            await self._ask_to_log_in(scope, tokens)(scope, receive, send)
        elif not caller.can_write and _changes_something(scope):
            await self._refuse(scope, 403, READ_ONLY)(scope, receive, send)
        elif not access.visits.belongs_to(_visit(scope), caller.name):
            await self._refuse(scope, 404, "There is no such visit.")(scope, receive, send)
        else:
            await self._pass_on(caller, scope, receive, send)

    def _caller(
        self, access: AccountAccess, headers: Headers, tokens: set[str], address: str
    ) -> Caller | None:
        if tokens:
            token = next(iter(tokens)) if len(tokens) == 1 else ""
            return access.tokens.caller(token, access.accounts, address)
        session = self._cookie.value(headers)
        return access.sessions.caller(session, access.accounts, address) if session else None

    async def _pass_on(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        state = {**scope.get("state", {}), "caller": caller}
        await self._app({**scope, "state": state}, receive, send)

    def _ask_to_log_in(self, scope: Scope, tokens: set[str]) -> Response:
        if scope["path"] == "/" and scope["method"] in ("GET", "HEAD") and not tokens:
            site = Headers(scope=scope).get("sec-fetch-site")
            if site in ("cross-site", "same-site"):
                return HTMLResponse(_LOAD_AGAIN, headers={"cache-control": "no-store"})
            return RedirectResponse(f"{self._prefix}/login", 303)
        is_page = scope["path"].startswith(f"{_GRADIO}/")
        message = WRONG_TOKEN if tokens else LOGGED_OUT if is_page else LOG_IN
        response = self._refuse(scope, 401, message)
        response.headers["www-authenticate"] = 'Bearer realm="article-qa"'
        return response


def _tokens(headers: Headers) -> set[str]:
    """Return the tokens of a request; another kind of ``Authorization`` is for a proxy."""
    found = {each.strip() for each in headers.getlist("x-api-key")}
    for value in headers.getlist("authorization"):
        scheme, _, token = value.strip().partition(" ")
        if scheme.lower() == _BEARER:
            found.add(token.strip())
    return found


def _changes_something(scope: Scope) -> bool:
    """Return whether a request is sure to change something; see CallerQA for all others."""
    path = str(scope["path"])
    return path == _UPLOAD or (path.startswith("/api/") and scope["method"] in _CHANGING)


def _visit(scope: Scope) -> str:
    """Return the visit to the page whose results a request asks for; empty for all others."""
    if scope["path"] == f"{_GRADIO}/queue/data":
        return QueryParams(scope["query_string"]).get("session_hash", "")
    prefix, _, visit = scope["path"].rpartition("/")
    return visit if prefix == f"{_GRADIO}/heartbeat" else ""


def _setting(cookie: str, send: Send) -> Send:
    """Return ``send`` with one more ``Set-Cookie`` header, if it is not empty."""
    if not cookie:
        return send

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", cookie)
        await send(message)

    return send_with_cookie
