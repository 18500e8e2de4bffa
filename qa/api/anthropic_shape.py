"""Write answers and errors as Anthropic's Messages API has them.

All offsets count code points, as Python does; JavaScript counts UTF-16 units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.api.cited_content import Block, blocks_of
from qa.api.cited_documents import CitedDocument

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}
_NO_TOKENS = {"input_tokens": 0, "output_tokens": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What all events of one message have in common."""

    id: str
    """``msg_`` and something unique."""
    model: str
    documents: Mapping[int, CitedDocument] = field(default_factory=dict)
    """The documents that are cited, by ``document_index``."""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the message with an answer; a refusal is one like any other."""
        content = [self.block(block) for block in blocks_of(answer)]
        return self._message(content, "end_turn", usage_of(answer))

    def start(self) -> dict[str, Any]:
        """Return the event that begins the stream."""
        return {"type": "message_start", "message": self._message([], None, _NO_TOKENS)}

    def events(self, answer: Answer) -> Iterator[dict[str, Any]]:
        """Yield the events after :meth:`start`."""
        for index, block in enumerate(blocks_of(answer)):
            citations: list[object] | None = [] if block.citations else None
            empty = {"type": "text", "text": "", "citations": citations}
            yield {"type": "content_block_start", "index": index, "content_block": empty}
            deltas: list[dict[str, Any]] = [{"type": "text_delta", "text": block.text}]
            deltas += [
                {"type": "citations_delta", "citation": self.location(citation)}
                for citation in block.citations
            ]
            for delta in deltas:
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        yield {"type": "message_delta", "delta": delta, "usage": usage_of(answer)}
        yield {"type": "message_stop"}

    def block(self, block: Block) -> dict[str, Any]:
        """Return a block of text with its citations."""
        citations = [self.location(citation) for citation in block.citations] or None
        return {"type": "text", "text": block.text, "citations": citations}

    def location(self, citation: Citation) -> dict[str, Any]:
        """Return a citation: its words, document and place."""
        index, document = next(
            item for item in self.documents.items() if item[1].article_id == citation.article_id
        )
        return {
            **document.location(citation),
            "document_index": index,
            "document_title": document.title,
            "file_id": None,
        }

    def _message(
        self, content: Sequence[object], stop_reason: str | None, usage: dict[str, int]
    ) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": usage,
        }


def usage_of(answer: Answer) -> dict[str, int]:
    """Return the tokens of the language model, which are 0 for an answer that is quoted."""
    usage = answer.usage
    return {
        "input_tokens": (usage.prompt_tokens or 0) if usage else 0,
        "output_tokens": (usage.written_tokens or 0) if usage else 0,
    }


def error_of(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error."""
    kind = _ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")  # noqa: PLR2004
    return {"type": "error", "error": {"type": kind, "message": message}}
