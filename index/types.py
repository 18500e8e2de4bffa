"""The values that travel from a source to an answer, all frozen.

Every offset in this project counts Unicode code points of ``Article.text``, so
``article.text[start:end]`` is the text meant.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

from index.errors import ArticleNotFound, EmptyArticle, TitleError, UnreadableFile

MAX_TITLE_CHARS = 300
# 128 bits of SHA-256: short enough to type the start of, long enough that two
# texts cannot be made to share one.
_ID_HEX_DIGITS = 32
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s")


class Span(NamedTuple):
    """A run of ``text[start:end]``, in code points."""

    start: int
    end: int


def overlap(first: Span, second: Span) -> bool:
    """Return whether two spans share a character."""
    return first.start < second.end and second.start < first.end


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of an article: where it stands, and its level (1 is the highest)."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Article:
    """A text that can be questioned.

    Build one with :meth:`from_text`, which makes the id from the text: the same
    text is the same article.
    """

    id: str
    title: str
    text: str
    source: str | None = None
    headings: tuple[Heading, ...] = ()
    added_at: str | None = None
    """When it entered the library (ISO 8601, UTC); None until then."""
    pages: tuple[int, ...] = ()
    """Where each page starts, page 1 first; empty if it has no pages. A page without
    text starts where the next one does."""

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        title: str = "",
        source: str | None = None,
        headings: tuple[Heading, ...] = (),
        pages: tuple[int, ...] = (),
    ) -> Self:
        r"""Return the article of ``text``, with CRLF and CR turned into LF.

        ``headings`` and ``pages`` are offsets into the text as given, which must then
        be free of ``\r``. A missing title is taken from the first line.

        Raises:
            EmptyArticle: The text is blank.
            UnreadableFile: The text holds lone surrogates, which are not Unicode.
        """
        text = normalise_newlines(text)
        if not text.strip():
            msg = "The article has no text. Add a text with at least one word in it."
            raise EmptyArticle(msg)
        try:
            article_id = id_of_text(text)
        except UnicodeEncodeError as error:
            msg = (
                f"Character {error.start} of the text is half of a surrogate pair, which is not "
                "valid Unicode. Read the text again with its right encoding."
            )
            raise UnreadableFile(msg) from error
        title = one_line(title) or one_line(text[:1000].strip().split("\n", 1)[0])
        return cls(article_id, title, text, source, headings, pages=pages)

    def page_of(self, offset: int) -> int | None:
        """Return the number of the page that holds ``text[offset]``; None without pages."""
        return pages_between(self.pages, offset, offset)[0]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the article that :meth:`to_dict` was made from."""
        headings = tuple(Heading(**heading) for heading in data["headings"])
        return cls(**{**data, "headings": headings, "pages": tuple(data.get("pages", ()))})


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """What a list shows of an article: all but its text."""

    id: str
    title: str
    source: str | None
    characters: int
    """The length of the text, in code points."""
    added_at: str | None
    pages: int
    """How many pages it has; 0 if it has none."""

    @classmethod
    def of(cls, article: Article) -> Self:
        """Return what a list shows of ``article``."""
        length, pages = len(article.text), len(article.pages)
        return cls(article.id, article.title, article.source, length, article.added_at, pages)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences of one section, as it is embedded and retrieved."""

    article_id: str
    start: int
    end: int
    text: str
    heading: str = ""
    """The heading the chunk stands under: context for the embedding, never quoted."""
    sentences: tuple[Span, ...] = ()
    """The sentences of the chunk, as offsets into the article."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was retrieved for a question."""

    article_id: str
    title: str
    text: str
    start: int
    end: int
    score: float
    """Fused relevance in 0..1; comparable within one question only."""
    rank: int
    """1 for the best."""
    heading: str = ""
    sentences: tuple[Span, ...] = ()
    similarity: float = 0.0
    """Cosine of question and passage in the embedding model."""
    bm25: float = 0.0
    page: int | None = None
    """The page it begins on, from 1, where the article has pages."""
    page_breaks: tuple[int, ...] = ()
    """Where in it further pages begin, as offsets into the article."""

    def page_of(self, offset: int) -> int | None:
        """Return the number of the page of an offset into the article; None without pages."""
        return None if self.page is None else self.page + bisect_right(self.page_breaks, offset)

    def words(self, span: Span) -> str:
        """Return the text of one of the passage's sentences."""
        return self.text[span.start - self.start : span.end - self.start]

    def is_heading(self, sentence: Span) -> bool:
        """Whether a sentence of the passage is a heading, which answers nothing."""
        words = self.words(sentence)
        return words == self.heading or _MARKDOWN_HEADING.match(words) is not None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return asdict(self) | {"sentences": [list(span) for span in self.sentences]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the passage that :meth:`to_dict` was made from."""
        sentences = tuple(Span(start, end) for start, end in data["sentences"])
        page_breaks = tuple(data.get("page_breaks", ()))
        return cls(**{**data, "sentences": sentences, "page_breaks": page_breaks})


@dataclass(frozen=True, slots=True)
class PassageSource:
    """What a passage tells of its article: the title, and where the pages start, if any."""

    title: str
    pages: tuple[int, ...] = ()


def pages_between(pages: Sequence[int], start: int, end: int) -> tuple[int | None, tuple[int, ...]]:
    """Return the number of the page that ``start`` is on, and the page starts up to ``end``.

    ``pages`` is where each page of the article starts; without any, the page is None.
    """
    if not pages:
        return None, ()
    first = max(1, bisect_right(pages, start))
    return first, tuple(pages[first : max(first, bisect_left(pages, end))])


def resolve_id_prefix(start_of_id: str, ids: Iterable[str]) -> str:
    """Return the one of ``ids`` that starts like this.

    Raises:
        ArticleNotFound: None does, or several do.
    """
    found = [article_id for article_id in ids if article_id.startswith(start_of_id)]
    if len(found) != 1 or not start_of_id:
        msg = (
            f"{len(found) or 'No'} articles have an id that starts with {start_of_id!r}. "
            "List the articles for their ids, and give enough of one."
        )
        raise ArticleNotFound(msg)
    return found[0]


def id_of_text(text: str) -> str:
    """Return the id of the article of this text.

    Raises:
        UnicodeEncodeError: The text holds lone surrogates.
    """
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_ID_HEX_DIGITS]


def normalise_newlines(text: str) -> str:
    """Return ``text`` with every CRLF and CR as LF; nothing else is changed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(title: str) -> str:
    """Return ``title`` on one line, free of control characters and of a sane length."""
    title = re.sub(r"[\s\x00-\x1f\x7f]+", " ", title).strip()
    if len(title) > MAX_TITLE_CHARS:
        title = title[: MAX_TITLE_CHARS - 1].rstrip() + "…"
    return title


def checked_title(title: str) -> str:
    """Return ``title`` as an article keeps it: on one line, shortened if it is very long.

    Raises:
        TitleError: It is blank, or holds lone surrogates, which are not Unicode.
    """
    kept = one_line(title)
    if not kept:
        msg = "The title is blank. Give the article a title with at least one character."
        raise TitleError(msg)
    try:
        kept.encode("utf-8")
    except UnicodeEncodeError as error:
        msg = f"The title {kept!r} is not valid Unicode. Type it again."
        raise TitleError(msg) from error
    return kept
