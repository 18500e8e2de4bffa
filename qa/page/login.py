"""Serve the form to log in, and log out."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import parse_qs

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from index.errors import ArticleQAError, LimitReached
from qa.output.error_messages import error_message
from qa.output.rendering import read_static
from qa.page.messages import render
from qa.visitors.addresses import address_of
from qa.visitors.cookies import Cookie
from qa.visitors.credentials import LONGEST
from qa.visitors.gate import AccountAccess
from qa.visitors.limits import LoginCounts
from qa.visitors.passwords import MAX_PASSWORD_CHARS

T = TypeVar("T")

WRONG = "The name or the password is wrong."
BUSY = "Too many people are logging in at the moment. Try again in a few seconds."
_MAX_FIELDS = 10
_MAX_NAME_CHARS = 64
_MAX_WAITING = 20
"""Attempts whose password is not checked yet; one check keeps a core busy for a moment."""


class LoginRoutes:
    """Answers requests for the form, and those that log in or out.

    Args:
        access: The accounts and their sessions.
        cookie: The cookie of sessions.
        prefix: The path under which a proxy serves the page.
        counts: Limits the attempts.
    """

    def __init__(
        self,
        access: AccountAccess,
        cookie: Cookie,
        prefix: str = "",
        counts: LoginCounts | None = None,
    ) -> None:
        self._access, self._cookie, self._prefix = access, cookie, prefix
        self._counts = counts or LoginCounts()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._waiting = 0

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/login", self.form, methods=["GET"]),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        """Return the form."""
        del request
        return _page()

    async def log_in(self, request: Request) -> Response:
        """Begin a session and lead to the page, or return the form with what is wrong."""
        name, password = _fields(await request.body())
        try:
            self._counts.count(address_of(request.scope), name.casefold())
            if self._waiting >= _MAX_WAITING:
                return _page(BUSY, name, 503)
            self._waiting += 1
            try:
                earlier = self._cookie.value(request.headers)
                session = await self._in_thread(self._begin, name, password, earlier)
            finally:
                self._waiting -= 1
        except LimitReached as error:
            refused = _page(error_message(error), name, 429)
            refused.headers["retry-after"] = str(error.retry_after)
            return refused
        except ArticleQAError as error:
            return _page(error_message(error), name, 503)
        if not session:
            return _page(WRONG, name, 401)
        cookie = self._cookie.header(session, int(LONGEST.total_seconds()))
        return RedirectResponse(f"{self._prefix}/", 303, {"set-cookie": cookie})

    async def log_out(self, request: Request) -> Response:
        """End the session and lead to the form."""
        session = self._cookie.value(request.headers)
        if session:
            await self._in_thread(self._access.sessions.end, session)
        cookie = self._cookie.header("", 0)
        return RedirectResponse(f"{self._prefix}/login", 303, {"set-cookie": cookie})

    def _begin(self, name: str, password: str, earlier: str) -> str:
        """Return the secret of a new session; empty if the name or the password is wrong.

        The session that the browser had before ends.
        """
        account = self._access.accounts.find(name)
        hashed = account.password_hash if account else None
        if not self._access.passwords.matches(password, hashed) or account is None:
            return ""
        if earlier:
            self._access.sessions.end(earlier)
        return self._access.sessions.begin(account)

    async def _in_thread(self, call: Callable[..., T], *arguments: str) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, call, *arguments)


def _fields(body: bytes) -> tuple[str, str]:
    """Return name and password of a submitted form; empty if they are missing or too long."""
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=_MAX_FIELDS)
    except ValueError:
        return "", ""
    name, password = (fields.get(each, [""])[0] for each in ("name", "password"))
    return name.strip()[:_MAX_NAME_CHARS], password if len(password) <= MAX_PASSWORD_CHARS else ""


@functools.cache
def _style() -> Markup:
    sheets = (read_static("qa.output", "palette.css"), read_static("qa.page", "login.css"))
    return Markup("\n".join(sheets))  # noqa: S704 - files of ours


def _page(problem: str = "", name: str = "", status: int = 200) -> HTMLResponse:
    html = render("login.html", style=_style(), problem=problem, name=name)
    return HTMLResponse(html, status, {"cache-control": "no-store"})
