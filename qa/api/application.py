"""Put the routes for programs together."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from qa.api import (
    adding,
    anthropic_routes,
    articles,
    ask,
    conversations,
    health,
    jobs,
    openai_routes,
    passages,
    tags,
)
from qa.api.descriptions import describe
from qa.api.error_shapes import shape_errors
from qa.api.mcp_endpoint import MCP_PATH, McpEndpoint, is_mcp_installed
from qa.api.problems import add_problem_handlers
from qa.api.services import Services

OPENAPI_PATH = "/api/v1/openapi.json"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ROUTERS = (
    health.router,
    ask.router,
    passages.router,
    articles.router,
    tags.router,
    adding.router,
    jobs.router,
    conversations.router,
    openai_routes.router,
    anthropic_routes.router,
)


def build_application(services: Services, public_url: str = "") -> FastAPI:
    """Return the application that answers programs; the page is mounted in it.

    ``public_url`` is the full address of the page behind a proxy, for links to it; without one,
    links have the address that the request was sent to.

    It reads the caller of a request from its state, where the server's middleware put it; without
    one, as in tests, the caller is the one user of this machine.
    """
    mcp = McpEndpoint(services) if is_mcp_installed() else None
    application = FastAPI(
        title="Article QA",
        version=_version(),
        openapi_url=OPENAPI_PATH,
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        lifespan=mcp.lifespan if mcp else None,
    )
    application.state.services = services
    application.state.public_url = public_url
    add_problem_handlers(application)
    shape_errors(application)
    for router in ROUTERS:
        application.include_router(router)
    if mcp:
        for path in (MCP_PATH, f"{MCP_PATH}/"):
            application.router.add_route(path, mcp, include_in_schema=False)  # type: ignore[arg-type] # an ASGI application
    # The page is mounted behind these paths, and would answer what no route does.
    for start in ("/api/v1/", "/v1/"):
        application.add_route(
            f"{start}{{rest:path}}", _refuse, list(_METHODS), include_in_schema=False
        )
    describe(application)
    return application


def _refuse(request: Request) -> Response:
    """Refuse a request that no route answers.

    Raises:
        HTTPException: Always: the path has no such method, or there is nothing there.
    """
    path = request.scope["path"]
    routes = (route for router in ROUTERS for route in router.routes)
    allowed = {
        method
        for route in routes
        if isinstance(route, APIRoute) and route.path_regex.fullmatch(path)
        for method in route.methods or ()
    }
    if allowed:
        raise HTTPException(405, headers={"allow": ", ".join(sorted(allowed))})
    raise HTTPException(404)


def _version() -> str:
    try:
        return version("article-qa")
    except PackageNotFoundError:  # run from a copy of the source
        return "unknown"
