"""Value types: articles, chunks and passages. All are frozen.

Every offset in this project counts Unicode code points of ``Article.text``, so
``article.text[start:end]`` is the text of a span.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple, Self

from index.errors import ArticleNotFound, EmptyArticle, TitleError, UnreadableFile
from index.source_file import SourceFile
from index.structure import Mark, Table, mark_of, table_of

MAX_TITLE_CHARS = 300
# 128 bits of SHA-256, so that nobody can make two texts with the same id.
_ID_HEX_DIGITS = 32
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s")


class Span(NamedTuple):
    """A part of a text, ``text[start:end]``, in code points."""

    start: int
    end: int


def overlap(first: Span, second: Span) -> bool:
    """Return whether two spans share a character."""
    return first.start < second.end and second.start < first.end


@dataclass(frozen=True, slots=True)
class Heading:
    """The offsets of a heading in an article, and its level (1 is the highest)."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Article:
    """A text that can be questioned.

    Build one with :meth:`from_text`, which makes the id from the text, so the same text is the
    same article.
    """

    id: str
    title: str
    text: str
    source: str | None = None
    headings: tuple[Heading, ...] = ()
    added_at: str | None = None
    """When it was added to the library (ISO 8601, UTC); None until then."""
    pages: tuple[int, ...] = ()
    """The offset of each page, page 1 first; empty if it has no pages. A page without text starts
    where the next one does."""
    marks: tuple[Mark, ...] = ()
    """What parts of the text are, by their start, an outer one before those in it."""
    tables: tuple[Table, ...] = ()
    """The tables, in order."""
    file: SourceFile | None = field(default=None, compare=False, repr=False)
    """The file it was read from, until it is added to a library, which keeps the file apart."""

    @classmethod
    def from_text(  # noqa: PLR0913 - all but the text by name
        cls,
        text: str,
        *,
        title: str = "",
        source: str | None = None,
        headings: tuple[Heading, ...] = (),
        pages: tuple[int, ...] = (),
        marks: tuple[Mark, ...] = (),
        tables: tuple[Table, ...] = (),
    ) -> Self:
        r"""Return the article of ``text``, with CRLF and CR replaced by LF.

        With anything that has offsets, the text must not contain ``\r``. The default title is its
        first line.

        Raises:
            EmptyArticle: The text is blank.
            UnreadableFile: The text contains lone surrogates, which are not valid Unicode.
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
        return cls(
            article_id, title, text, source, headings, pages=pages, marks=marks, tables=tables
        )

    def page_of(self, offset: int) -> int | None:
        """Return the number of the page of an offset; None if the article has no pages."""
        return pages_between(self.pages, offset, offset)[0]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, without the file; :meth:`from_dict` is the inverse."""
        values = asdict(replace(self, file=None))
        del values["file"]
        return values

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the article that :meth:`to_dict` was made from."""
        found = {
            "headings": tuple(Heading(**heading) for heading in data["headings"]),
            "pages": tuple(data.get("pages", ())),
            "marks": tuple(map(mark_of, data.get("marks", ()))),
            "tables": tuple(map(table_of, data.get("tables", ()))),
        }
        return cls(**{**data, **found})


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """An article without its text, for lists."""

    id: str
    title: str
    source: str | None
    characters: int
    """The length of the text, in code points."""
    added_at: str | None
    pages: int
    """The number of pages; 0 if it has none."""
    file_bytes: int = 0
    """The size of the file that is kept with it; 0 if none is."""

    @classmethod
    def of(cls, article: Article) -> Self:
        """Return ``article`` without its text."""
        return cls(
            article.id,
            article.title,
            article.source,
            len(article.text),
            article.added_at,
            len(article.pages),
            len(article.file.data) if article.file else 0,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive whole sentences of one section, embedded and retrieved together."""

    article_id: str
    start: int
    end: int
    text: str
    heading: str = ""
    """The heading of its section: context for the embedding, never quoted."""
    sentences: tuple[Span, ...] = ()
    """The sentences of the chunk, as offsets into the article."""


class LabelledCell(NamedTuple):
    """A cell of a table, ``text[start:end]`` of an article, and the words of its headers."""

    start: int
    end: int
    label: str
    is_name: bool = False
    """Whether it names its row."""
    may_answer: bool = True
    """Whether its header fits the question."""


class LabelledRow(NamedTuple):
    """The cells of a row of a table that are in a passage."""

    table: int
    """Where its table starts in the article."""
    name: str
    """The words that name it, after those of the group of rows that it is in."""
    cells: tuple[LabelledCell, ...]
    is_read: bool = True
    """False if the question is about other rows of the table."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk, retrieved for a question."""

    article_id: str
    title: str
    text: str
    start: int
    end: int
    score: float
    """Fused relevance in 0..1; comparable for one question only."""
    rank: int
    """1 for the best."""
    heading: str = ""
    sentences: tuple[Span, ...] = ()
    similarity: float = 0.0
    """Cosine of question and passage in the embedding model."""
    bm25: float = 0.0
    page: int | None = None
    """The page it starts on, from 1; None if the article has no pages."""
    page_breaks: tuple[int, ...] = ()
    """The offsets in the article at which further pages start inside it."""
    table_header: str = ""
    """The header row of the table that it starts in the middle of: context, never quoted."""
    rows: tuple[LabelledRow, ...] = field(default=(), compare=False, repr=False)
    """The rows of tables in it, which a reading model reads with their headers. Not in
    :meth:`to_dict`."""

    def page_of(self, offset: int) -> int | None:
        """Return the page number of an offset in the article; None if it has no pages."""
        return None if self.page is None else self.page + bisect_right(self.page_breaks, offset)

    def words(self, span: Span) -> str:
        """Return the text of one of the passage's sentences."""
        return self.text[span.start - self.start : span.end - self.start]

    def is_heading(self, sentence: Span) -> bool:
        """Return whether a sentence of the passage is a heading, which answers nothing."""
        words = self.words(sentence)
        return words == self.heading or _MARKDOWN_HEADING.match(words) is not None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        values = asdict(self) | {"sentences": [list(span) for span in self.sentences]}
        del values["rows"]
        return values

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the passage that :meth:`to_dict` was made from."""
        sentences = tuple(Span(start, end) for start, end in data["sentences"])
        page_breaks = tuple(data.get("page_breaks", ()))
        return cls(**{**data, "sentences": sentences, "page_breaks": page_breaks})


@dataclass(frozen=True, slots=True)
class PassageSource:
    """The title of a passage's article, and the offsets of its pages, if any."""

    title: str
    pages: tuple[int, ...] = ()


def pages_between(pages: Sequence[int], start: int, end: int) -> tuple[int | None, tuple[int, ...]]:
    """Return the page number of ``start``, and the offsets of the pages that start before ``end``.

    ``pages`` has the offset of each page of the article; if it is empty, the number is None.
    """
    if not pages:
        return None, ()
    first = max(1, bisect_right(pages, start))
    return first, tuple(pages[first : max(first, bisect_left(pages, end))])


def resolve_id_prefix(prefix: str, ids: Iterable[str]) -> str:
    """Return the one of ``ids`` with this prefix.

    Raises:
        ArticleNotFound: None has it, or several have it.
    """
    found = [article_id for article_id in ids if article_id.startswith(prefix)]
    if len(found) != 1 or not prefix:
        msg = (
            f"{len(found) or 'No'} articles have an id that starts with {prefix!r}. "
            "List the articles to see their ids, and give enough of one."
        )
        raise ArticleNotFound(msg)
    return found[0]


def id_of_text(text: str) -> str:
    """Return the id for a text; raises UnicodeEncodeError if it contains lone surrogates."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_ID_HEX_DIGITS]


def normalise_newlines(text: str) -> str:
    """Return ``text`` with every CRLF and CR replaced by LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(title: str) -> str:
    """Return ``title`` on one line, without control characters, and shortened if it is long."""
    title = re.sub(r"[\s\x00-\x1f\x7f]+", " ", title).strip()
    if len(title) > MAX_TITLE_CHARS:
        title = title[: MAX_TITLE_CHARS - 1].rstrip() + "…"
    return title


def checked_title(title: str) -> str:
    """Return ``title`` as stored: see :func:`one_line`.

    Raises:
        TitleError: It is blank, or contains lone surrogates, which are not valid Unicode.
    """
    line = one_line(title)
    if not line:
        msg = "The title is blank. Give the article a title with at least one character."
        raise TitleError(msg)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError as error:
        msg = f"The title {line!r} is not valid Unicode. Type it again."
        raise TitleError(msg) from error
    return line
