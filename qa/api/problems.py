"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

import http
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

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


def response_for(error: Exception) -> JSONResponse:
    """Return the response to an error; what is not ours is logged and not shown."""
    message = error_message(error)
    if not isinstance(error, ArticleQAError):
        return problem_response(500, message)
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, LimitReached) else None
    return problem_response(status_of(error), message, headers, error=type(error).__name__)


def add_problem_handlers(application: FastAPI) -> None:
    """Make every error of the application a problem."""

    @application.exception_handler(ArticleQAError)
    @application.exception_handler(Exception)
    async def _ours(_: Request, error: Exception) -> JSONResponse:
        return response_for(error)

    @application.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem_response(error.status_code, str(error.detail), dict(error.headers or {}))

    @application.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        fields = [
            {"at": ".".join(map(str, each["loc"])), "message": each["msg"]}
            for each in error.errors()
        ]
        return problem_response(422, "The request does not fit the interface.", fields=fields)
