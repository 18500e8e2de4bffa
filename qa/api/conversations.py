"""Conversations that are kept, over HTTP."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from qa.answers.answer import Answer
from qa.api.bodies import VALID, ArticleIds, Question
from qa.api.dependencies import CallerOf, LibraryOf, ServicesOf
from qa.api.descriptions import problems
from qa.api.work_queue import check_stopped
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import conversation_to_markdown
from qa.output.transcript import Transcript, Turn
from qa.visitors.conversations import (
    LISTED,
    MAX_SEARCH_CHARS,
    ConversationInfo,
    Conversations,
)

_MOST_LISTED = 200
_QUESTION = {"question": "When did the bridge open?"}
_NOTE = {"note": "Compare with page 2.", "pinned": True}
router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])


@dataclass(frozen=True, slots=True)
class ConversationList:
    """A part of the list of conversations."""

    conversations: list[ConversationInfo]
    total: int
    """How many there are with these words."""


@dataclass(frozen=True, slots=True)
class NumberedTurn:
    """A question and its answer in a conversation."""

    number: int
    """Its number in the conversation, from 1."""
    question: str
    answer: Answer
    note: str
    pinned: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with its questions and answers, in order."""

    conversation: ConversationInfo
    turns: list[NumberedTurn]


@dataclass(frozen=True)
class NewName:
    """The name of a conversation."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    name: Annotated[str, VALID]


@dataclass(frozen=True)
class NewConversation:
    """A conversation to create. Without a name, it is named after its first question."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    name: Annotated[str, VALID] = ""


@dataclass(frozen=True)
class NewTurn:
    """A question to ask in a conversation."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    question: Question
    article_ids: ArticleIds = None
    """The articles to ask; null for all."""
    own_words: bool = False
    """Whether a language model writes the answer; else it is quoted."""


@dataclass(frozen=True)
class Annotation:
    """What to change of a turn; null leaves it as it is."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    note: Annotated[str, VALID] | None = None
    pinned: bool | None = None


def conversations_of(services: ServicesOf) -> Conversations:
    """Return the conversations of all visitors."""
    return services.conversations


def visitor_of(caller: CallerOf) -> str:
    """Return whose conversations the caller may read."""
    return caller.visitor


def writing_visitor_of(caller: CallerOf) -> str:
    """Return whose conversations the caller may change.

    Raises:
        NotAllowed: None, because its token may only read.
    """
    caller.check_may_write()
    return caller.visitor


ConversationsOf = Annotated[Conversations, Depends(conversations_of)]
Reading = Annotated[str, Depends(visitor_of)]
Writing = Annotated[str, Depends(writing_visitor_of)]


@router.get("", summary="List or search conversations", responses=problems(422))
def list_conversations(
    kept: ConversationsOf,
    visitor: Reading,
    q: Annotated[str, Query(max_length=MAX_SEARCH_CHARS, examples=["bridge opened"])] = "",
    limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = LISTED,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> ConversationList:
    """Return the caller's conversations, most recently changed first.

    With ``q``, only those in which all of its words occur: in the name, questions, answers or
    notes.
    """
    return ConversationList(*kept.search(visitor, q, limit=limit, offset=offset))


@router.post(
    "", summary="Create a conversation", status_code=201, responses=problems(403, 413, 422)
)
def create_conversation(
    kept: ConversationsOf,
    visitor: Writing,
    new: Annotated[NewConversation, Body(examples=[{"name": "Bridges"}])],
) -> ConversationInfo:
    """Create an empty conversation and return it."""
    return kept.create(visitor, new.name)


@router.get(
    "/{conversation_id}",
    summary="Read a conversation",
    response_model=Conversation,
    responses=problems(404, 422),
)
def read_conversation(
    kept: ConversationsOf, visitor: Reading, conversation_id: str
) -> JSONResponse:
    """Return a conversation with its questions, answers, notes and pins."""
    info = kept.info(visitor, conversation_id)
    turns = kept.transcript(visitor, conversation_id).turns
    numbered = [_numbered(number, turn) for number, turn in enumerate(turns, start=1)]
    return JSONResponse({"conversation": info.to_dict(), "turns": numbered})


@router.patch(
    "/{conversation_id}", summary="Rename a conversation", responses=problems(403, 404, 413, 422)
)
def rename_conversation(
    kept: ConversationsOf,
    visitor: Writing,
    conversation_id: str,
    new: Annotated[NewName, Body(examples=[{"name": "Bridges"}])],
) -> ConversationInfo:
    """Change the name of a conversation and return it."""
    return kept.rename(visitor, conversation_id, new.name)


@router.delete(
    "/{conversation_id}",
    summary="Delete a conversation",
    status_code=204,
    responses=problems(403, 404, 413, 422),
)
def delete_conversation(kept: ConversationsOf, visitor: Writing, conversation_id: str) -> None:
    """Delete a conversation for good."""
    kept.delete(visitor, conversation_id)


@router.post(
    "/{conversation_id}/turns",
    summary="Ask in a conversation",
    status_code=201,
    response_model=NumberedTurn,
    responses=problems(403, 404, 413, 422, 429, 503),
)
async def ask_in_conversation(  # noqa: PLR0913, PLR0917 - what a route asks for
    request: Request,
    services: ServicesOf,
    library: LibraryOf,
    visitor: Writing,
    conversation_id: str,
    new: Annotated[NewTurn, Body(examples=[_QUESTION])],
) -> JSONResponse:
    """Answer a question that may refer to earlier ones, save both, and return them."""
    kept, stopped = services.conversations, threading.Event()

    def work() -> JSONResponse:
        check_stopped(stopped)  # it may have waited
        history = [turn.answer for turn in kept.transcript(visitor, conversation_id).turns]
        answer = library.ask(
            new.question, new.article_ids, history=history, own_words=new.own_words
        )
        turn = Turn(new.question, answer)
        return JSONResponse(_numbered(kept.append(visitor, conversation_id, turn), turn), 201)

    queue = services.writing if new.own_words else services.reading
    return await queue.run_for(request, work, stopped)


@router.patch(
    "/{conversation_id}/turns/{number}",
    summary="Pin an answer, or write a note on it",
    response_model=NumberedTurn,
    responses=problems(403, 404, 413, 422),
)
def annotate_turn(
    kept: ConversationsOf,
    visitor: Writing,
    conversation_id: str,
    number: int,
    new: Annotated[Annotation, Body(examples=[_NOTE])],
) -> JSONResponse:
    """Change the note or the pin of an answer, and return it with its question."""
    changed = kept.annotate(visitor, conversation_id, number, note=new.note, pinned=new.pinned)
    return JSONResponse(_numbered(number, changed))


@router.get(
    "/{conversation_id}/export",
    summary="Export a conversation",
    response_class=Response,
    responses={
        **problems(404, 422),
        200: {
            "content": {"text/html": {}, "text/markdown": {}, "application/json": {}},
            "description": "A file: a self-contained page, Markdown, or JSON.",
        },
    },
)
def export_conversation(
    library: LibraryOf,
    kept: ConversationsOf,
    visitor: Reading,
    conversation_id: str,
    format: Literal["html", "md", "json"] = "html",  # noqa: A002 - its name in the address
) -> Response:
    """Return a conversation as a file, with its sources, notes and pins."""
    transcript = kept.transcript(visitor, conversation_id)
    text, media_type = _exported(transcript, library, format)
    name = f"conversation-{transcript.at[:10]}.{format}"
    return Response(
        text.encode("utf-8", "replace"),
        media_type=media_type,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _numbered(number: int, turn: Turn) -> dict[str, Any]:
    return {"number": number, **turn.to_dict()}


def _exported(transcript: Transcript, library: LibraryOf, kind: str) -> tuple[str, str]:
    strike = library.settings.strikes
    if kind == "html":
        return conversation_to_html(transcript, library.article, strike=strike), "text/html"
    if kind == "md":
        text = conversation_to_markdown(transcript, library.article, strike=strike)
        return text, "text/markdown"
    return json.dumps(transcript.to_dict(), ensure_ascii=False), "application/json"
