"""Serve the MCP server over HTTP, from the first request on.

FastMCP takes about a second to import, for which nobody who opens the page should wait.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskGroup, TaskStatus
from fastapi import FastAPI

from qa.api.services import Services

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

MCP_PATH = "/mcp"


class McpEndpoint:
    """ASGI application that answers over MCP, with a JSON response to each request.

    It keeps no sessions, so that any number of clients may come and go. It works while
    :meth:`lifespan` is entered.

    Args:
        services: The library, and what is kept for its visitors.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._group: TaskGroup | None = None
        self._app: Starlette | None = None

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Run what a request has started until the application ends."""
        self._lock, self._ended, self._app = anyio.Lock(), anyio.Event(), None
        async with anyio.create_task_group() as self._group:
            try:
                yield
            finally:
                self._ended.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, at ``/mcp`` or ``/mcp/``."""
        app = await self._started()
        await app({**scope, "path": MCP_PATH, "raw_path": MCP_PATH.encode()}, receive, send)

    async def _started(self) -> Starlette:
        if self._group is None:
            msg = "The MCP endpoint needs its lifespan."
            raise RuntimeError(msg)
        async with self._lock:
            if self._app is None:
                app = await anyio.to_thread.run_sync(self._build)
                await self._group.start(self._run, app)
                self._app = app
            return self._app

    def _build(self) -> Starlette:
        from qa.api.mcp_tools import build_mcp

        server = build_mcp(self._services, writing=self._services.mcp_writing)
        # Host and Origin are checked before any request of the server, by qa.page.guard.
        app = server.http_app(
            MCP_PATH, json_response=True, stateless_http=True, host_origin_protection=False
        )
        app.state.services = self._services
        return app

    async def _run(self, app: Starlette, *, task_status: TaskStatus[None]) -> None:
        async with app.router.lifespan_context(app):
            task_status.started()
            await self._ended.wait()


def is_mcp_installed() -> bool:
    """Return whether the extra ``mcp`` is installed."""
    return find_spec("fastmcp") is not None
