"""Answer as Anthropic's Messages API does."""

from __future__ import annotations

import base64
import binascii
import threading
import uuid
from collections.abc import AsyncIterator, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from index.errors import TooLarge
from qa.answers.answer import Answer
from qa.api import anthropic_shape
from qa.api.anthropic_shape import Message
from qa.api.chat_request import OWN_WORDS_MODEL, QUOTES_MODEL, ChatQuestion, text_of
from qa.api.cited_documents import ArticleDocument, TextDocument, pdf_document
from qa.api.dependencies import LibraryOf, ServicesOf
from qa.api.event_stream import data_line, in_thread
from qa.api.server_events import event_response
from qa.output.error_messages import error_message
from qa.settings import Settings
from qa.visitors.caller_qa import CallerQA
from qa.writing.events import Event, Finished

_REFUSED: dict[int | str, dict[str, Any]] = {"4XX": {"description": "An error as Anthropic's."}}
router = APIRouter(prefix="/v1", tags=["as Anthropic's API"], responses=_REFUSED)
MAX_DOCUMENT_CHARS = 400_000
"""Characters of the documents of a request, which are embedded for it alone: about half a minute
on two cores."""
MAX_DOCUMENTS = 50
_CHARS_PER_TOKEN = 4
_Document = ArticleDocument | TextDocument


class InputMessage(BaseModel):
    """A message of the conversation. Only the user's are read."""

    role: str
    content: str | list[dict[str, Any]]


class CountRequest(BaseModel):
    """A request to count the tokens of messages."""

    model: str = Field(examples=[QUOTES_MODEL])
    messages: list[InputMessage] = Field(
        min_length=1, examples=[[{"role": "user", "content": "Who did Marco Rubio call?"}]]
    )


class MessagesRequest(CountRequest):
    """A request for a message. Other fields, such as max_tokens, do nothing."""

    stream: bool | None = None
    article_ids: list[str] | None = None
    """The articles to answer from, unless the messages have documents."""


_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request cannot be answered, such as one with an image."},
    404: {"description": "There is no such model or article."},
    413: {"description": "The documents are too large."},
    429: {"description": "The caller has asked too much; see Retry-After."},
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, and the documents that came with it."""

    question: ChatQuestion
    documents: tuple[_Document, ...]

    def events(self, library: CallerQA, stopped: threading.Event) -> Generator[Event, None, None]:
        """Yield the events of the answer, from the documents alone if there are any."""
        if self.documents:
            return self._of_documents(library, stopped)
        return self._steps(library, self.question.article_ids, stopped)

    def _of_documents(
        self, library: CallerQA, stopped: threading.Event
    ) -> Generator[Event, None, None]:
        articles = [document.article for document in self.documents]
        with library.with_only(articles, own_words=self.question.own_words) as only:
            yield from self._steps(only, None, stopped)

    def _steps(
        self,
        library: CallerQA,
        article_ids: Sequence[str] | None,
        stopped: threading.Event,
    ) -> Generator[Event, None, None]:
        asked = self.question
        return library.ask_in_steps(
            asked.question,
            article_ids,
            history=asked.history,
            own_words=asked.own_words,
            stopped=stopped,
        )

    def cited(self, answer: Answer, library: CallerQA) -> dict[int, _Document]:
        """Return the documents that an answer cites, by their index in the request or library."""
        if self.documents:
            return dict(enumerate(self.documents))
        ids = self.question.article_ids or [info.id for info in library.catalogue()]
        cited = {citation.article_id for citation in answer.citations}
        articles = {i: library.article(each) for i, each in enumerate(ids) if each in cited}
        return {i: ArticleDocument(article, article.title) for i, article in articles.items()}


@router.post("/messages", summary="Answer the last message", responses=_ERRORS)
async def create_message(
    request: MessagesRequest, http: Request, services: ServicesOf, library: LibraryOf
) -> Response:
    """Answer the user's last message with exact citations.

    The answer is from the documents in the messages alone or, if they have none, from the articles
    here; ``document_index`` then counts ``article_ids`` or the list of articles. Documents may be
    plain text, text in blocks, or PDF files; they are not kept. System prompts are not obeyed.
    """
    queue = services.writing if request.model == OWN_WORDS_MODEL else services.reading
    return await queue.run_for(http, lambda: _created(request, library), threading.Event())


def _created(request: MessagesRequest, library: CallerQA) -> Response:
    asked = _asked_of(request, library)
    message = Message(id=f"msg_{uuid.uuid4().hex}", model=request.model)
    stopped = threading.Event()
    events = asked.events(library, stopped)
    if request.stream and asked.question.own_words:
        written = _written(message, asked, library, events, stopped)
        return event_response(written)
    answer = next(event.answer for event in events if isinstance(event, Finished))
    message = replace(message, documents=asked.cited(answer, library))
    if not request.stream:
        return JSONResponse(message.whole(answer))
    lines = [_line(event) for event in (message.start(), *message.events(answer))]
    return event_response(iter(lines))


@router.post("/messages/count_tokens", summary="Estimate the tokens of messages")
def count_tokens(request: CountRequest) -> Response:
    """Return about how many tokens the texts of the messages have, at four characters each."""
    texts = [text for message in request.messages for text in _texts_in([message.content])]
    count = sum(map(len, texts)) // _CHARS_PER_TOKEN + len(request.messages)
    return JSONResponse({"input_tokens": count})


def _texts_in(values: Iterable[object]) -> Generator[str, None, None]:
    """Yield every text in JSON values, in whatever keys it is."""
    stack = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value


async def _written(
    message: Message,
    asked: _Asked,
    library: CallerQA,
    events: Generator[Event, None, None],
    stopped: threading.Event,
) -> AsyncIterator[str]:
    """Yield the events of an answer that a language model writes.

    Its text is sent at the end, because only then it is known what each sentence cites.
    """
    yield _line(message.start())
    yield _line({"type": "ping"})
    try:
        async for event in in_thread(events, stopped):
            if event is None:
                yield _line({"type": "ping"})
            elif isinstance(event, Finished):
                answer = event.answer
                whole = replace(message, documents=asked.cited(answer, library))
                for each in whole.events(answer):
                    yield _line(each)
    except Exception as error:  # the status has been sent, so the stream says it
        yield _line(anthropic_shape.error_of(500, error_message(error)))


def _line(event: dict[str, Any]) -> str:
    return data_line(event, event["type"])


def _asked_of(request: MessagesRequest, library: CallerQA) -> _Asked:
    """Return the question of a request and its documents, in order.

    Raises:
        HTTPException: A block of a message cannot be read.
        QuestionError: The last message is not the user's, or has no text.
        InputError: A document cannot be used.
    """
    texts, documents = [], list[_Document]()
    left = MAX_DOCUMENT_CHARS
    for message in request.messages:
        if message.role != "user":
            continue
        content = message.content
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in blocks:
            if block.get("type") == "document":
                documents.append(_document_of(block, library.settings))
                left -= len(documents[-1].article.text)
            if left < 0 or len(documents) > MAX_DOCUMENTS:
                raise TooLarge(
                    f"The documents have more than {MAX_DOCUMENT_CHARS:,} characters or are more "
                    f"than {MAX_DOCUMENTS}. Send fewer, or add them to the library."
                )
        others = [block for block in blocks if block.get("type") not in {"document", "tool_result"}]
        texts.append(text_of(others))
    if request.messages[-1].role != "user":
        texts.append("")
    question = ChatQuestion.of(
        texts, model=request.model, article_ids=request.article_ids, library=library
    )
    return _Asked(question, tuple(documents))


def _document_of(block: dict[str, Any], settings: Settings) -> _Document:
    """Return the document in a block of a message.

    Raises:
        HTTPException: It is of another kind.
        InputError: It cannot be used.
    """
    source, title = block.get("source"), block.get("title")
    title = title.encode(errors="replace").decode() if isinstance(title, str) else None
    if isinstance(source, dict):
        kind, data, content = (source.get(key) for key in ("type", "data", "content"))
        if kind == "text" and isinstance(data, str):
            return TextDocument.of(data, title, settings)
        if kind == "content" and isinstance(content, str):
            return TextDocument.of_blocks([content], title, settings)
        if kind == "content" and isinstance(content, list):
            return TextDocument.of_blocks([text_of([part]) for part in content], title, settings)
        if kind == "base64" and source.get("media_type") == "application/pdf":
            return pdf_document(_decoded(data), title, settings)
    raise HTTPException(
        400, "A document must be plain text, text in blocks, or a PDF file in base64."
    )


def _decoded(data: object) -> bytes:
    try:
        return base64.b64decode(str(data), validate=True)
    except (binascii.Error, ValueError) as error:
        raise HTTPException(400, "The data of a document is not base64.") from error
