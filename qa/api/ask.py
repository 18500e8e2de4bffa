"""Answer questions over HTTP, at once or as it is written."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Generator
from contextlib import aclosing, closing
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from qa.answers.answer import Answer
from qa.api.bodies import QuestionBody
from qa.api.dependencies import LibraryOf, ServicesOf
from qa.api.descriptions import problems, returns
from qa.api.problems import problem_of
from qa.api.server_events import MEDIA_TYPE, event_response, queued, server_event
from qa.api.work_queue import WorkQueue, check_stopped
from qa.writing.events import Event, Finished, Piece, SentenceChecked

router = APIRouter(prefix="/api/v1", tags=["questions"])

_EXAMPLES = {
    "question": {"summary": "A question", "value": {"question": "When did the bridge open?"}},
    "follow-up": {
        "summary": "A question after another, about one article",
        "value": {
            "question": "How long is it?",
            "history": ["When did the bridge open?"],
            "article_ids": ["c0c0fe0a1bd1a2ef0e4c2d3f5a6b7c8d"],
        },
    },
    "stream": {
        "summary": "An answer in a language model's words, as it is written",
        "value": {"question": "Explain the bridge.", "own_words": True, "stream": True},
    },
}
_RETURNED = returns(
    Answer,
    "The answer. With `stream`, events whose data is JSON: `piece` (words that are not checked "
    "yet), `sentence` (a checked sentence and its claims), and at last `answer`, or `problem` if "
    "it cannot be answered after all.",
)
_RETURNED[200]["content"][MEDIA_TYPE] = {"schema": {"type": "string"}}


@router.post(
    "/ask",
    summary="Answer a question",
    responses=_RETURNED | problems(400, 403, 404, 413, 422, 429, 503),
)
async def ask(
    body: Annotated[QuestionBody, Body(openapi_examples=_EXAMPLES)],
    request: Request,
    services: ServicesOf,
    library: LibraryOf,
) -> Response:
    """Answer from the articles alone, with exact citations, or refuse.

    The text has marks such as `[1]`, which lead to the citations. Offsets count code points.
    """
    stopped = threading.Event()
    queue = services.writing if body.own_words else services.reading
    queue.check_room()

    def begin() -> Generator[Event, None, None]:
        return library.ask_in_steps(
            body.question,
            body.article_ids,
            history=body.history,
            own_words=body.own_words,
            rerank=body.rerank,
            stopped=stopped,
        )

    events = await run_in_threadpool(begin)
    if body.stream:
        return event_response(_stream(events, queue, stopped))
    answer = await queue.run_for(request, lambda: _last_answer(events, stopped), stopped)
    return JSONResponse(answer.to_dict())


def _last_answer(events: Generator[Event, None, None], stopped: threading.Event) -> Answer:
    with closing(events):
        check_stopped(stopped)  # it may have waited
        return next(event.answer for event in events if isinstance(event, Finished))


async def _stream(
    events: Generator[Event, None, None], queue: WorkQueue, stopped: threading.Event
) -> AsyncIterator[bytes]:
    """Yield the events as they come; if this is closed, the language model stops."""
    loop = asyncio.get_running_loop()
    sent: asyncio.Queue[bytes | None] = asyncio.Queue()

    def work() -> None:
        with closing(events):
            if stopped.is_set():  # while it waited
                return
            for event in events:
                loop.call_soon_threadsafe(sent.put_nowait, event_bytes(event))

    async def work_and_end() -> None:
        try:
            await queue.run(work)
        except Exception as error:
            sent.put_nowait(server_event("problem", problem_of(error)))
        finally:
            sent.put_nowait(None)

    task = asyncio.create_task(work_and_end())
    try:
        async with aclosing(queued(sent)) as coming:  # type: ignore[type-var] # a generator
            async for each in coming:
                yield each
        await task
    finally:
        stopped.set()


def event_bytes(event: Event) -> bytes:
    """Return an event of an answer as a server-sent event."""
    if isinstance(event, Piece):
        return server_event("piece", {"text": event.text})
    if isinstance(event, SentenceChecked):
        claims = [claim.to_dict() for claim in event.claims]
        return server_event("sentence", {"text": event.text, "claims": claims})
    return server_event("answer", event.answer.to_dict())
