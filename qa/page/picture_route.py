"""Serve the pages of articles as printed: their pictures, and their text for screen readers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from index.errors import ArticleNotFound, ArticleQAError
from index.sources.page_pictures import MEDIA_TYPE, WIDTHS
from qa.output.error_messages import error_message
from qa.output.printed_pages import PrintedPages, page_text
from qa.visitors.addresses import address_of
from qa.visitors.caller import LOCAL, Caller
from qa.visitors.caller_qa import CallerQA
from qa.visitors.current_caller import acting_for

MAX_WAITING = 64
"""Requests for pictures that are not answered yet."""
MAX_WAITING_PER_VISITOR = 16
"""A browser asks for two at a time, but several may be behind one address."""
MAX_TEXT_CHARS = 200_000

Answering: TypeAlias = Callable[[Request], Awaitable[Response]]

_DRAWN_AT_ONCE = 2
_BUSY = "Too many pages are being drawn at the moment. Try again in a few seconds."
_NO_PAGE = "There is no such page, or the file of the article is not kept."
# The address names the file by its size, and its article by a hash of the text.
_CACHING = "private, max-age=86400, immutable"


class PictureRoute:
    """Answers requests for pages.

    Args:
        qa: Has the articles, for the current caller.
        printed: Draws their pages.
        default_caller: Who makes a request whose caller is not known; None to show nothing.
    """

    def __init__(
        self, qa: CallerQA, printed: PrintedPages, default_caller: Caller | None = LOCAL
    ) -> None:
        self._qa, self._printed, self._default_caller = qa, printed, default_caller
        self._waiting: Counter[str] = Counter()
        self._drawing = asyncio.Semaphore(_DRAWN_AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the two requests."""
        return [
            Route("/pages/{article_id}/{page:int}.webp", self._acting(self.picture)),
            Route("/pages/{article_id}/{page:int}.txt", self._acting(self.text)),
        ]

    def _acting(self, answer: Answering) -> Answering:
        """Return a function that answers a request for whoever makes it."""

        async def answer_caller(request: Request) -> Response:
            caller = getattr(request.state, "caller", self._default_caller)
            if caller is None:
                return PlainTextResponse(_NO_PAGE, 404)
            with acting_for(caller):
                return await answer(request)

        return answer_caller

    async def picture(self, request: Request) -> Response:
        """Return the picture of a page; ``?width=`` is one of ``WIDTHS``."""
        article_id, page = request.path_params["article_id"], request.path_params["page"]
        width = request.query_params.get("width", "")
        version = await asyncio.to_thread(self._printed.version, article_id)
        if not version or width not in map(str, WIDTHS):
            return PlainTextResponse(_NO_PAGE, 404)
        headers = {"etag": f'"{version}-{page}-{width}"', "cache-control": _CACHING}
        headers["vary"] = "cookie"  # another account of the same browser is asked again
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        try:
            with self._place(address_of(request.scope)):
                drawn = await self._drawn(request, article_id, page, int(width))
        except _BusyError:
            return PlainTextResponse(_BUSY, 503, {"retry-after": "2"})
        except ArticleQAError as error:
            return PlainTextResponse(error_message(error), 422)
        if not drawn:
            return PlainTextResponse(_NO_PAGE, 404)
        return Response(drawn, media_type=MEDIA_TYPE, headers=headers)

    async def _drawn(self, request: Request, article_id: str, page: int, width: int) -> bytes:
        """Return a picture; nothing if there is none, or if the visitor has left."""
        async with self._drawing:
            if await request.is_disconnected():
                return b""
            draw = self._printed.picture
            return await asyncio.to_thread(draw, article_id, page, width) or b""

    async def text(self, request: Request) -> Response:
        """Return the text of a page."""
        try:
            article = await asyncio.to_thread(self._qa.article, request.path_params["article_id"])
        except ArticleNotFound:
            return PlainTextResponse(_NO_PAGE, 404)
        text = page_text(article, request.path_params["page"])[:MAX_TEXT_CHARS]
        return PlainTextResponse(text, headers={"cache-control": "private, no-cache"})

    @contextmanager
    def _place(self, visitor: str) -> Iterator[None]:
        """Count a request of a visitor; raises _BusyError if too many wait."""
        if (
            self._waiting.total() >= MAX_WAITING
            or self._waiting[visitor] >= MAX_WAITING_PER_VISITOR
        ):
            raise _BusyError
        self._waiting[visitor] += 1
        try:
            yield
        finally:
            self._waiting[visitor] -= 1
            if not self._waiting[visitor]:
                del self._waiting[visitor]


class _BusyError(Exception):
    """Too many requests wait."""
