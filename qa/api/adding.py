"""Add articles over HTTP: texts at once, files and web pages as jobs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from index.embedding.embedder import Progress
from index.limits import cancel_check
from index.types import Article, ArticleInfo
from qa.api.addition_jobs import JobState, Reading
from qa.api.bodies import AdditionBody, AdditionOptions
from qa.api.dependencies import CallerOf, LibraryOf, ServicesOf
from qa.api.descriptions import problems, returns
from qa.api.services import Services
from qa.api.work_queue import check_stopped
from qa.library import read_bytes, read_text, read_url
from qa.settings import Settings
from qa.visitors.caller_qa import CallerQA

router = APIRouter(prefix="/api/v1", tags=["articles"])

Value = TypeVar("Value")
# It warns of each malformed form, with which any client could fill the log.
logging.getLogger("python_multipart").setLevel(logging.ERROR)

_JSON, _MULTIPART = "application/json", "multipart/form-data"
_WRONG_TYPE = f"Send {_JSON} with a text or an url, or {_MULTIPART} with a file."
_NO_FILE = "The form has no file. Send one in the field 'file'."
_FORM_FIELDS = 4
_REQUEST = {
    "requestBody": {
        "required": True,
        "content": {
            _JSON: {
                "schema": AdditionBody.model_json_schema(),
                "examples": {
                    "text": {
                        "summary": "A text",
                        "value": {"text": "The bridge opened in 1932.", "title": "The bridge"},
                    },
                    "url": {
                        "summary": "A web page",
                        "value": {"url": "https://example.org/bridge.html"},
                    },
                },
            },
            _MULTIPART: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "title": {"type": "string"},
                        "shared": {"type": "boolean"},
                    },
                    "required": ["file"],
                }
            },
        },
    }
}


@router.post(
    "/articles",
    status_code=201,
    summary="Add an article",
    openapi_extra=_REQUEST,
    responses={
        **returns(ArticleInfo, "A text that was there already."),
        **returns(ArticleInfo, "A text that is new.", 201),
        **returns(JobState, "A job, which reads the file or the page.", 202),
        **problems(400, 403, 413, 415, 422, 429, 503),
    },
)
async def add_article(
    request: Request, services: ServicesOf, caller: CallerOf, library: LibraryOf
) -> Response:
    """Add a text and return it, or begin to add a file or a web page and return the job.

    An article is identified by its text, so adding it again changes nothing. `Location` leads to
    the article or the job.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _MULTIPART:
        return await _add_file(request, services, library)
    if kind != _JSON:
        raise HTTPException(415, _WRONG_TYPE)
    raw = await request.body()
    body = await run_in_threadpool(lambda: _checked(lambda: AdditionBody.model_validate_json(raw)))
    if body.text is not None:
        text, stopped = body.text, threading.Event()
        return await services.texts.run_for(
            request, lambda: _add_text(library, text, body, stopped), stopped
        )
    services.jobs.check_room(caller.key)
    await run_in_threadpool(library.count_addition, 0, shared=body.shared)
    source = _url_source(body.url or "", body, library.settings)
    return _start(services, library, source, body)


def _add_text(
    library: CallerQA, text: str, options: AdditionOptions, stopped: threading.Event
) -> Response:
    def check(*_: int) -> None:
        check_stopped(stopped)

    library.count_addition(len(text), shared=options.shared)
    with cancel_check(check):
        article = read_text(text, library.settings, title=options.title)
        is_new = article.id not in library.titles([article.id])
        stored = library.add_article(article, check, shared=options.shared)
    headers = {"location": f"/api/v1/articles/{stored.id}"}
    info = ArticleInfo.of(stored).to_dict()
    return JSONResponse(info, 201 if is_new else 200, headers=headers)


async def _add_file(request: Request, services: Services, library: CallerQA) -> Response:
    services.jobs.check_room(library.caller.key)
    form = await request.form(max_files=1, max_fields=_FORM_FIELDS)
    with ExitStack() as unless_started:
        for each in form.values():
            if isinstance(each, UploadFile):
                unless_started.callback(each.file.close)
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise HTTPException(422, _NO_FILE)
        fields = {name: value for name, value in form.multi_items() if name != "file"}
        options = _checked(lambda: AdditionOptions.model_validate(fields))
        size = upload.size or 0
        await run_in_threadpool(library.count_addition, size, shared=options.shared)
        source = _file_source(upload, options, library.settings)
        unless_started.pop_all()
    return _start(services, library, source, options)


@dataclass(frozen=True, slots=True)
class _Source:
    """What a job reads."""

    label: str
    read: Reading
    close: Callable[[], None] = lambda: None


def _file_source(upload: UploadFile, options: AdditionOptions, settings: Settings) -> _Source:
    name = (upload.filename or "upload").replace("\0", "")

    def read() -> Article:
        return read_bytes(upload.file.read(), name, settings, title=options.title)

    return _Source(name, read, upload.file.close)


def _url_source(url: str, options: AdditionOptions, settings: Settings) -> _Source:
    return _Source(url, lambda: read_url(url, settings, title=options.title))


def _start(
    services: Services, library: CallerQA, source: _Source, options: AdditionOptions
) -> Response:
    def store(article: Article, progress: Progress) -> Article:
        return library.add_article(article, progress, shared=options.shared)

    owner = library.caller.key
    job = services.jobs.start(owner, source.label, source.read, store, source.close)
    headers = {"location": f"/api/v1/jobs/{job.id}"}
    return JSONResponse(job.to_dict(), 202, headers=headers)


def _checked(validate: Callable[[], Value]) -> Value:
    """Return the validated value; raises RequestValidationError with all that is wrong."""
    try:
        return validate()
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
