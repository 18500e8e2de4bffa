"""Put the routes for programs together."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from qa.api import health, tags
from qa.api.problems import add_problem_handlers
from qa.api.services import Services

OPENAPI_PATH = "/api/v1/openapi.json"
ROUTERS = (health.router, tags.router)


def build_application(services: Services) -> FastAPI:
    """Return the application that answers programs; the page is mounted in it.

    It reads the caller of a request from its state, where the server's middleware put it; without
    one, as in tests, the caller is the one user of this machine.
    """
    application = FastAPI(
        title="Article QA",
        version=_version(),
        openapi_url=OPENAPI_PATH,
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
    )
    application.state.services = services
    add_problem_handlers(application)
    for router in ROUTERS:
        application.include_router(router)
    return application


def _version() -> str:
    try:
        return version("article-qa")
    except PackageNotFoundError:  # run from a copy of the source
        return "unknown"
