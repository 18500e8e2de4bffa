"""Write answers, errors and the list of models as OpenAI's Chat Completions API has them.

All offsets count code points, as Python does; JavaScript counts UTF-16 units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.api.cited_content import CitedContent, flagged, names_of
from qa.output.places import place_link
from qa.output.to_text import NO_PARAGRAPHS, Paragraphs
from qa.writing.events import SentenceChecked

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What all chunks of one completion have in common."""

    id: str
    """``chatcmpl-`` and something unique."""
    created: int
    """Seconds since 1970."""
    model: str
    base_url: str
    """The address of the page, which ends with a slash; links lead to places in it."""
    paragraphs: Paragraphs = field(default_factory=lambda: NO_PARAGRAPHS)
    """The paragraphs of citations without a page, for the names of sources."""
    for_open_webui: bool = False
    """Whether a stream has Open WebUI's sources instead of annotations, which it would show
    without the quotes, and as further sources besides those."""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the completion with an answer; a refusal is one like any other."""
        content = CitedContent.of(answer)
        message = {
            "role": "assistant",
            "content": content.text,
            "refusal": None,
            "annotations": self.annotations(answer, content),
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {
            **self._head("chat.completion"),
            "choices": [choice],
            "usage": usage_of(answer),
            "article_qa": details_of(answer),
        }

    def chunk(
        self, delta: Mapping[str, Any], finish_reason: str | None = None, **more: object
    ) -> dict[str, Any]:
        """Return a chunk of the streamed completion."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice], **more}

    def ending(
        self, answer: Answer, sent: str, *, include_usage: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Yield the chunks after the text that was ``sent``: the rest, the sources and the end.

        If the answer is not what was sent, as when the language model failed, it follows after a
        blank line, because a client cannot be made to forget what it has got.
        """
        content = CitedContent.of(answer)
        is_rest = content.text.startswith(sent)
        before = "" if is_rest else f"{sent}\n\n"
        if rest := content.text[len(sent) :] if is_rest else f"\n\n{content.text}":
            yield self.chunk({"content": rest})
        if self.for_open_webui:
            for source in self.sources(answer):
                yield self.chunk({}, event={"type": "source", "data": source})
        elif annotations := self.annotations(answer, content, len(before)):
            yield self.chunk({"annotations": annotations})
        yield self.chunk({}, "stop", article_qa=details_of(answer))
        if include_usage:
            head = self._head("chat.completion.chunk")
            yield {**head, "choices": [], "usage": usage_of(answer)}

    def annotations(
        self, answer: Answer, content: CitedContent, offset: int = 0
    ) -> list[dict[str, Any]]:
        """Return a ``url_citation`` for each mark, which its indices enclose.

        ``offset`` is added to the indices. The title is the article's with the place in it.
        """
        names = names_of(answer.citations, self.paragraphs)
        return [
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": mark.start + offset,
                    "end_index": mark.end + offset,
                    "title": names[mark.number - 1],
                    "url": self.link(answer.citations[mark.number - 1]),
                },
            }
            for mark in content.marks
        ]

    def sources(self, answer: Answer) -> list[dict[str, Any]]:
        """Return what Open WebUI shows of each citation: its name, link and quote.

        Sources with the same ``source`` are one to it. Were that an address, it would be the name,
        too. Without ``source_url``, it would ask another host for the icon of ours.
        """
        found = []
        names = names_of(answer.citations, self.paragraphs)
        for citation, name in zip(answer.citations, names, strict=True):
            url, place = self.link(citation), place_link(citation).removeprefix("#")
            metadata = {"source": place, "source_url": url, "name": name}
            source = {"id": place, "name": name, "url": url}
            found.append({"source": source, "document": [citation.quote], "metadata": [metadata]})
        return found

    def link(self, citation: Citation) -> str:
        """Return the address of the page at the words of a citation."""
        return f"{self.base_url}{place_link(citation)}"

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


class SentText:
    """The text of a written answer that was sent so far, sentence by sentence."""

    def __init__(self) -> None:
        self.text = ""
        self._length = 0

    def add(self, event: SentenceChecked) -> str:
        """Return what to send of a sentence: with words behind what is not supported."""
        piece = flagged(event.text, event.claims, self._length)
        self._length += len(event.text)
        self.text += piece
        return piece


def usage_of(answer: Answer) -> dict[str, int]:
    """Return the tokens of the language model, which are 0 for an answer that is quoted."""
    usage = answer.usage
    prompt = (usage.prompt_tokens or 0) if usage else 0
    written = (usage.written_tokens or 0) if usage else 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
    }


def details_of(answer: Answer) -> dict[str, Any]:
    """Return what OpenAI's API has no field for."""
    return {
        "answered": answer.answered,
        "confidence": answer.confidence,
        "kind": answer.kind.value,
        "short": answer.short,
        "verdict": answer.verdict,
        "understood": answer.understood,
        "note": answer.note,
    }


def error_of(
    status: int, message: str, code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """Return the body of an error."""
    kind = _ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")  # noqa: PLR2004
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def models_of(names: Sequence[str], created: int) -> dict[str, Any]:
    """Return the list of models, which is OpenAI's and Anthropic's at once."""
    return {
        "object": "list",
        "data": [model_of(name, created) for name in names],
        "has_more": False,
        "first_id": names[0],
        "last_id": names[-1],
    }


def model_of(name: str, created: int) -> dict[str, Any]:
    """Return one entry of the list of models."""
    return {
        "id": name,
        "object": "model",
        "created": created,
        "owned_by": "article-qa",
        "type": "model",
        "display_name": name,
        "created_at": datetime.fromtimestamp(created, UTC).isoformat(),
        "lifecycle": "active",
    }
