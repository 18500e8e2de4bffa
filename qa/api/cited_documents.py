"""The documents that an answer in Anthropic's form cites, and where in them its quotes are."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from index.types import Article, Span
from qa.answers.citation import Citation
from qa.library import read_bytes, read_text
from qa.settings import Settings

_BETWEEN_BLOCKS = "\n\n"


class CitedDocument(Protocol):
    """A document that can be cited."""

    @property
    def article_id(self) -> str:
        """The id of its article."""
        ...

    @property
    def title(self) -> str | None:
        """Its title; None if it was sent without one."""
        ...

    def location(self, citation: Citation) -> dict[str, Any]:
        """Return the type, the words and the place of a citation."""
        ...


@dataclass(frozen=True, slots=True)
class ArticleDocument:
    """An article of the library, or a PDF that came with the request."""

    article: Article
    title: str | None

    @property
    def article_id(self) -> str:
        """The id of the article."""
        return self.article.id

    def location(self, citation: Citation) -> dict[str, Any]:
        """Return the pages of a citation, from 1, the end exclusive; else its characters."""
        values: dict[str, Any] = {"cited_text": citation.quote}
        first, last = (self.article.page_of(at) for at in (citation.start, citation.end - 1))
        if first is None or last is None:
            place = {"start_char_index": citation.start, "end_char_index": citation.end}
            return {"type": "char_location", **values, **place}
        place = {"start_page_number": first, "end_page_number": last + 1}
        return {"type": "page_location", **values, **place}


@dataclass(frozen=True)
class TextDocument:
    """A text that came with the request.

    Places count in the text as it was sent, though an article has other line ends.
    """

    text: str
    title: str | None
    article: Article
    blocks: tuple[Span, ...] = ()
    """The offsets of its blocks, if it was sent in several."""

    @classmethod
    def of(cls, text: str, title: str | None, settings: Settings) -> TextDocument:
        """Return the document of a plain text.

        Raises:
            InputError: The text is blank, too long or not valid Unicode.
        """
        return cls(text, title, read_text(text, settings, title=title or ""))

    @classmethod
    def of_blocks(cls, blocks: list[str], title: str | None, settings: Settings) -> TextDocument:
        """Return the document of a text in blocks.

        Raises:
            InputError: The text is blank, too long or not valid Unicode.
        """
        text, spans = "", list[Span]()
        for block in blocks:
            text += _BETWEEN_BLOCKS if spans else ""
            spans.append(Span(len(text), len(text) + len(block)))
            text += block
        return cls(text, title, read_text(text, settings, title=title or ""), tuple(spans))

    @property
    def article_id(self) -> str:
        """The id of the article."""
        return self.article.id

    def location(self, citation: Citation) -> dict[str, Any]:
        """Return the blocks of a citation, from 0, the end exclusive; else its characters."""
        start, end = self._sent_offset(citation.start), self._sent_offset(citation.end)
        values: dict[str, Any] = {"cited_text": self.text[start:end]}
        if not self.blocks:
            place = {"start_char_index": start, "end_char_index": end}
            return {"type": "char_location", **values, **place}
        cited = [
            i for i, block in enumerate(self.blocks) if block.start < end and start < block.end
        ]
        place = {"start_block_index": cited[0], "end_block_index": cited[-1] + 1}
        return {"type": "content_block_location", **values, **place}

    def _sent_offset(self, offset: int) -> int:
        """Return an offset of the article in the text as it was sent."""
        return offset + bisect_left(self._shortened, offset)

    @cached_property
    def _shortened(self) -> list[int]:
        """Where the article has one character for CRLF."""
        found: list[int] = []
        position = self.text.find("\r\n")
        while position >= 0:
            found.append(position - len(found))
            position = self.text.find("\r\n", position + 2)
        return found


def pdf_document(data: bytes, title: str | None, settings: Settings) -> ArticleDocument:
    """Return the document of a PDF file.

    Raises:
        InputError: It cannot be read.
    """
    return ArticleDocument(read_bytes(data, "document.pdf", settings, title=title or ""), title)
