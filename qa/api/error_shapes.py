"""Give errors the form that clients of a path expect: a problem, or OpenAI's or Anthropic's."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from qa.api import anthropic_shape, openai_shape

_SHAPED = "/v1/"
_ANTHROPIC = "/v1/messages"
# Both APIs call a request that they cannot use a bad one.
_BAD_REQUESTS = frozenset({415, 422})
_BODY_HEADERS = frozenset({"content-length", "content-type"})
_FIELDS_SHOWN = 3


def in_shape(scope: Mapping[str, Any], problem: Response) -> Response:
    """Return a problem as the clients of the request's path expect it, with its headers."""
    path = scope["path"]
    if not path.startswith(_SHAPED):
        return problem
    values: dict[str, Any] = json.loads(bytes(problem.body))
    faults = values.get("fields", ())[:_FIELDS_SHOWN]
    detail = " ".join([values["detail"], *(f"{each['at']}: {each['message']}." for each in faults)])
    status = 400 if problem.status_code in _BAD_REQUESTS else problem.status_code
    # The list of models is both APIs'.
    is_anthropic = path.startswith(_ANTHROPIC) or any(
        name == b"anthropic-version" for name, _ in scope["headers"]
    )
    error_of = anthropic_shape.error_of if is_anthropic else openai_shape.error_of
    headers = {name: each for name, each in problem.headers.items() if name not in _BODY_HEADERS}
    return JSONResponse(error_of(status, detail), status, headers)


def shape_errors(application: FastAPI) -> None:
    """Give the problems of an application's handlers the form that their clients expect."""

    def shaped(
        handler: Callable[[Request, Any], Awaitable[Response]],
    ) -> Callable[[Request, Any], Awaitable[Response]]:
        async def handle(request: Request, error: Exception) -> Response:
            return in_shape(request.scope, await handler(request, error))

        return handle

    for kind, handler in application.exception_handlers.items():
        application.exception_handlers[kind] = shaped(handler)  # type: ignore[arg-type] # all ours
