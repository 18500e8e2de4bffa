"""Answer as OpenAI's Chat Completions API does."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from qa.answers.answer import Answer
from qa.api import openai_shape
from qa.api.chat_request import OWN_WORDS_MODEL, QUOTES_MODEL, ChatQuestion, model_names, text_of
from qa.api.dependencies import LibraryOf, PageUrlOf, ServicesOf
from qa.api.event_stream import data_line, in_thread
from qa.api.openai_shape import Completion, SentText
from qa.api.server_events import event_response
from qa.output.error_messages import error_message
from qa.output.to_text import paragraphs_of
from qa.visitors.caller_qa import CallerQA
from qa.writing.events import Event, Finished, SentenceChecked

_REFUSED: dict[int | str, dict[str, Any]] = {"4XX": {"description": "An error as OpenAI's."}}
router = APIRouter(prefix="/v1", tags=["as OpenAI's API"], responses=_REFUSED)
_STARTED = int(time.time())
_DONE = data_line("[DONE]")
_KEEP_ALIVE = ": waiting\n\n"


class ChatMessage(BaseModel):
    """A message of the conversation. Only the user's are read."""

    role: str
    content: str | list[dict[str, Any]] | None = None


class StreamOptions(BaseModel):
    """What a stream has besides the text."""

    include_usage: bool | None = None


class ChatRequest(BaseModel):
    """A request for a chat completion. Other fields, such as temperature, do nothing."""

    model: str = Field(examples=[QUOTES_MODEL])
    messages: list[ChatMessage] = Field(
        min_length=1, examples=[[{"role": "user", "content": "Who did Marco Rubio call?"}]]
    )
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    response_format: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    article_ids: list[str] | None = None
    """The articles to answer from; also, joined by commas, ``article_ids`` of ``metadata``."""


_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request cannot be answered, such as one with an image."},
    404: {"description": "There is no such model or article."},
    429: {"description": "The caller has asked too much; see Retry-After."},
}


@router.get("/models", summary="List the models")
def list_models(library: LibraryOf) -> Response:
    """Return the models; the list is also what Anthropic's clients expect."""
    return JSONResponse(openai_shape.models_of(model_names(library), _STARTED))


@router.get("/models/{name}", summary="Describe a model", responses={404: _ERRORS[404]})
def read_model(name: str, library: LibraryOf) -> Response:
    """Return one model."""
    if name not in model_names(library):
        raise HTTPException(404, f"There is no model {name!r} here.")
    return JSONResponse(openai_shape.model_of(name, _STARTED))


@router.post("/chat/completions", summary="Answer the last message", responses=_ERRORS)
async def complete_chat(  # noqa: PLR0913, PLR0917 - what a route asks for
    request: ChatRequest,
    http: Request,
    services: ServicesOf,
    library: LibraryOf,
    page_url: PageUrlOf,
    user_agent: Annotated[str, Header()] = "",
) -> Response:
    """Answer the user's last message from the articles, with a ``url_citation`` for each mark.

    The messages before it are context; system messages are not obeyed.
    """
    queue = services.writing if request.model == OWN_WORDS_MODEL else services.reading
    return await queue.run_for(
        http, lambda: _completed(request, library, page_url, user_agent), threading.Event()
    )


def _completed(request: ChatRequest, library: CallerQA, page_url: str, user_agent: str) -> Response:
    asked = _question_of(request, library)
    completion = Completion(
        id=f"chatcmpl-{uuid.uuid4().hex}",
        created=int(time.time()),
        model=request.model,
        base_url=page_url,
        # The only name that Open WebUI gives; other clients say which kit of OpenAI's they are.
        for_open_webui="aiohttp" in user_agent.lower(),
    )
    options = request.stream_options
    include_usage = bool(options and options.include_usage)
    if request.stream and asked.own_words:
        stopped = threading.Event()
        events = library.ask_in_steps(
            asked.question,
            asked.article_ids,
            history=asked.history,
            own_words=True,
            stopped=stopped,
        )
        written = _written(completion, library, events, stopped, include_usage=include_usage)
        return event_response(written)
    answer = library.ask(
        asked.question, asked.article_ids, history=asked.history, own_words=asked.own_words
    )
    completion = _with_paragraphs(completion, answer, library)
    if not request.stream:
        return JSONResponse(completion.whole(answer))
    lines = [*_quoted(completion, answer, include_usage=include_usage)]
    return event_response(iter(lines))


def _question_of(request: ChatRequest, library: CallerQA) -> ChatQuestion:
    """Return what is asked.

    Raises:
        HTTPException: It asks for something that cannot be done.
        QuestionError: The last message is not the user's, or blank.
    """
    if request.n not in {None, 1}:
        raise HTTPException(400, "n must be 1: there is one answer.")
    if (request.response_format or {}).get("type", "text") != "text":
        raise HTTPException(400, "response_format must be text: answers are quoted, not written.")
    ids = request.article_ids
    listed = (request.metadata or {}).get("article_ids")
    if ids is None and listed:
        ids = [part.strip() for part in str(listed).split(",")]
    messages = request.messages
    texts = [text_of(message.content) for message in messages if message.role == "user"]
    if messages[-1].role != "user":
        texts.append("")
    return ChatQuestion.of(texts, model=request.model, article_ids=ids, library=library)


def _quoted(completion: Completion, answer: Answer, *, include_usage: bool) -> Iterator[str]:
    yield data_line(completion.chunk({"role": "assistant", "content": ""}))
    for chunk in completion.ending(answer, "", include_usage=include_usage):
        yield data_line(chunk)
    yield _DONE


async def _written(
    completion: Completion,
    library: CallerQA,
    events: Generator[Event, None, None],
    stopped: threading.Event,
    *,
    include_usage: bool,
) -> AsyncIterator[str]:
    """Yield the chunks of an answer that a language model writes, sentence by checked sentence."""
    yield data_line(completion.chunk({"role": "assistant", "content": ""}))
    sent = SentText()
    try:
        async for event in in_thread(events, stopped):
            if event is None:
                yield _KEEP_ALIVE
            elif isinstance(event, SentenceChecked):
                yield data_line(completion.chunk({"content": sent.add(event)}))
            elif isinstance(event, Finished):
                answer = event.answer
                whole = _with_paragraphs(completion, answer, library)
                for chunk in whole.ending(answer, sent.text, include_usage=include_usage):
                    yield data_line(chunk)
    except Exception as error:  # the status has been sent, so the stream says it
        yield data_line(openai_shape.error_of(500, error_message(error)))
    yield _DONE


def _with_paragraphs(completion: Completion, answer: Answer, library: CallerQA) -> Completion:
    return replace(completion, paragraphs=paragraphs_of(answer.citations, library.article))
