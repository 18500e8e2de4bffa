"""Errors as problem details (RFC 9457), or as the API that a path belongs to has them."""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from index.errors import (
    ArticleNotFound,
    ArticleQAError,
    ConversationNotFound,
    FetchError,
    InputError,
    LibraryError,
    LibraryLocked,
    LimitReached,
    ModelError,
    NotAllowed,
    SettingsError,
    TooLarge,
    UnknownFormat,
)
from qa.api import anthropic_shape, openai_shape
from qa.output.error_messages import error_message

MEDIA_TYPE = "application/problem+json"
_STATUSES: tuple[tuple[type[ArticleQAError], int], ...] = (
    (ArticleNotFound, 404),
    (ConversationNotFound, 404),
    (NotAllowed, 403),
    (LimitReached, 429),
    (TooLarge, 413),
    (UnknownFormat, 415),
    (FetchError, 422),
    (InputError, 422),
    (SettingsError, 422),
    (LibraryLocked, 503),
    (ModelError, 503),
    (LibraryError, 500),
)
"""The first that fits counts."""
_BAD_REQUESTS = frozenset({415, 422})


def status_of(error: Exception) -> int:
    """Return the HTTP status for an error."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def problem(status: int, detail: str) -> dict[str, Any]:
    """Return the values of a problem."""
    title = http.HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def problem_response(
    status: int, detail: str, headers: dict[str, str] | None = None, **more: object
) -> JSONResponse:
    """Return a response with a problem."""
    return JSONResponse(
        {**problem(status, detail), **more}, status, headers=headers, media_type=MEDIA_TYPE
    )


def error_response(
    scope: Scope,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> JSONResponse:
    """Return a response with an error in the form that clients of the request's path expect."""
    path = scope["path"]
    if not path.startswith("/v1/"):
        return problem_response(status, detail, dict(headers or {}), **more)
    # Both APIs call a request that they cannot use a bad one.
    status = 400 if status in _BAD_REQUESTS else status
    is_anthropic = path.startswith("/v1/messages") or "anthropic-version" in Headers(scope=scope)
    if is_anthropic:
        return JSONResponse(anthropic_shape.error_of(status, detail), status, headers)
    return JSONResponse(openai_shape.error_of(status, detail), status, headers)


def response_for(error: Exception, scope: Scope) -> JSONResponse:
    """Return the response to an error; what is not ours is logged and not shown."""
    message = error_message(error)
    if not isinstance(error, ArticleQAError):
        return error_response(scope, 500, message)
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, LimitReached) else None
    return error_response(scope, status_of(error), message, headers, error=type(error).__name__)


def add_problem_handlers(application: FastAPI) -> None:
    """Make every error of the application a problem, or what its path's clients expect."""

    @application.exception_handler(ArticleQAError)
    @application.exception_handler(Exception)
    async def _ours(request: Request, error: Exception) -> JSONResponse:
        return response_for(error, request.scope)

    @application.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return error_response(request.scope, error.status_code, str(error.detail), error.headers)

    @application.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [
            {"at": ".".join(map(str, each["loc"])), "message": each["msg"]}
            for each in error.errors()
        ]
        detail = "The request does not fit the interface."
        if request.url.path.startswith("/v1/"):  # these have no list of fields
            detail += "".join(f" {each['at']}: {each['message']}." for each in fields[:3])
        return error_response(request.scope, 422, detail, fields=fields)
