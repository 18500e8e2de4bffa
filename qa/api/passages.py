"""Find passages and suggest questions over HTTP."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from qa.api.bodies import ArticleId, PassageList, PassagesBody, SuggestionList
from qa.api.dependencies import LibraryOf, ServicesOf
from qa.api.descriptions import problems, returns
from qa.suggestions import MAX_SUGGESTIONS

router = APIRouter(prefix="/api/v1", tags=["questions"])

_MOST_SUBJECTS = 100


@router.post(
    "/passages",
    summary="Find passages",
    responses=returns(PassageList, "The passages.") | problems(400, 403, 404, 413, 422, 429, 503),
)
async def find_passages(body: PassagesBody, services: ServicesOf, library: LibraryOf) -> Response:
    """Return the passages of the articles that best match a question, the best first."""
    found = await services.reading.run(
        lambda: library.retrieve(body.question, body.k, body.article_ids, rerank=body.rerank)
    )
    return JSONResponse({"passages": [passage.to_dict() for passage in found]})


@router.get(
    "/suggestions",
    summary="Suggest questions",
    responses=returns(SuggestionList, "The questions.") | problems(404, 422, 429, 503),
)
async def suggest_questions(
    request: Request,
    services: ServicesOf,
    library: LibraryOf,
    article_id: Annotated[
        list[ArticleId] | None,
        Query(max_length=_MOST_SUBJECTS, description="May be given several times; else all."),
    ] = None,
    count: Annotated[int, Query(ge=1, le=MAX_SUGGESTIONS)] = MAX_SUGGESTIONS,
) -> Response:
    """Return questions that the articles answer, each of which has been tried.

    The first time for an article this takes up to five seconds.
    """
    stopped = threading.Event()
    questions = await services.reading.run_for(
        request,
        lambda: library.suggest(article_id, count, should_continue=lambda: not stopped.is_set()),
        stopped,
    )
    return JSONResponse({"questions": questions})
