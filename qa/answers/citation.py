"""A citation: the exact words of an article that support an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from index.errors import CitationError
from index.types import Article


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote and its offsets: ``article.text[start:end] == quote``.

    Make one with :meth:`of`, which takes the quote from the article itself.
    """

    article_id: str
    title: str
    start: int
    end: int
    quote: str
    source: str | None = None
    """The file name or URL of the article, where there is one."""
    heading: str = ""
    """The heading of the quote's section; empty if there is none."""
    page: int | None = None
    """The page the quote starts on, from 1, where the article has pages."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or self.end - self.start != len(self.quote):
            msg = (
                f"The citation's offsets {self.start}–{self.end} do not fit its quote of "
                f"{len(self.quote)} characters."
            )
            raise CitationError(msg)

    @classmethod
    def of(cls, article: Article, start: int, end: int, *, heading: str = "") -> Self:
        """Return the citation of ``article.text[start:end]``.

        Raises:
            CitationError: The offsets are empty or outside the article.
        """
        if not 0 <= start < end <= len(article.text):
            msg = (
                f"The offsets {start}–{end} are empty or outside the article of "
                f"{len(article.text)} characters."
            )
            raise CitationError(msg)
        quote = article.text[start:end]
        page = article.page_of(start)
        return cls(article.id, article.title, start, end, quote, article.source, heading, page)

    def check(self, article: Article) -> None:
        """Raise CitationError unless the article has exactly this quote at these offsets."""
        if article.id != self.article_id or article.text[self.start : self.end] != self.quote:
            msg = f"The article {article.id} does not contain {self.quote!r} at {self.start}."
            raise CitationError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the citation from the values of :meth:`to_dict`."""
        return cls(**data)
