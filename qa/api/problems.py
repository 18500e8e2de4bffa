"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

import http
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

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
_MOST_FIELDS = 20
"""Of the faults of a request, which are listed."""
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


class _ProblemResponse(JSONResponse):
    """A response with a problem, which may name what is not valid Unicode."""

    media_type = MEDIA_TYPE

    def render(self, content: object) -> bytes:
        """Return the problem as JSON."""
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def problem_response(
    status: int, detail: str, headers: dict[str, str] | None = None, **more: object
) -> JSONResponse:
    """Return a response with a problem."""
    return _ProblemResponse({**problem(status, detail), **more}, status, headers=headers)


def problem_of(error: Exception) -> dict[str, Any]:
    """Return the values of the problem for an error; what is not ours is logged and not shown."""
    if isinstance(error, HTTPException):
        return problem(error.status_code, str(error.detail))
    message = error_message(error)
    if not isinstance(error, ArticleQAError):
        return problem(500, message)
    return {**problem(status_of(error), message), "error": type(error).__name__}


def response_for(error: Exception) -> JSONResponse:
    """Return the response to an error."""
    found = problem_of(error)
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, LimitReached) else None
    return _ProblemResponse(found, found["status"], headers=headers)


def validation_response(faults: Sequence[Any]) -> JSONResponse:
    """Return the response to a request with these faults, as pydantic lists them."""
    fields = [
        {"at": ".".join(map(str, each["loc"])), "message": each["msg"]}
        for each in faults[:_MOST_FIELDS]
    ]
    return problem_response(422, "The request does not fit the interface.", fields=fields)


def add_problem_handlers(application: FastAPI) -> None:
    """Make every error of the application a problem."""

    @application.exception_handler(ArticleQAError)
    @application.exception_handler(Exception)
    async def _ours(_: Request, error: Exception) -> JSONResponse:
        return response_for(error)

    # The middleware answers instead, or nobody listens any more.
    @application.exception_handler(MultiPartException)
    @application.exception_handler(ClientDisconnect)
    async def _body(_: Request, error: Exception) -> JSONResponse:
        return problem_response(400, str(error) or "The request was broken off.")

    @application.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem_response(error.status_code, str(error.detail), dict(error.headers or {}))

    @application.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        return validation_response(error.errors())


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a request does not fit the interface."""

    at: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An error, as RFC 9457 describes it."""

    type: str
    title: str
    """The status in words."""
    status: int
    detail: str
    """What is wrong, and what to do."""
    error: str | None = None
    """The name of the error in Python, if it is one of the program's own."""
    fields: tuple[Fault, ...] = ()
    """What does not fit the interface."""
