"""Put the routes for programs together."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from qa.api import adding, articles, ask, health, jobs, passages
from qa.api.problems import Problem, add_problem_handlers
from qa.api.services import Services

OPENAPI_PATH = "/api/v1/openapi.json"
ROUTERS = (
    health.router,
    ask.router,
    passages.router,
    articles.router,
    adding.router,
    jobs.router,
)


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
    application.openapi = lambda: _openapi(application)  # type: ignore[method-assign]
    return application


def _openapi(application: FastAPI) -> dict[str, Any]:
    """Return the description of the interface, with what FastAPI cannot know of our values."""
    if application.openapi_schema is None:
        found = FastAPI.openapi(application)
        schemas = found["components"]["schemas"]
        schemas["Problem"] = TypeAdapter(Problem).json_schema(
            ref_template="#/components/schemas/{model}"
        )
        schemas |= schemas["Problem"].pop("$defs", {})
        del schemas["Passage"]["properties"]["rows"]  # not in Passage.to_dict
    return application.openapi_schema or {}


def _version() -> str:
    try:
        return version("article-qa")
    except PackageNotFoundError:  # run from a copy of the source
        return "unknown"
