"""Convert rows of the store to values and back."""

from __future__ import annotations

import functools
import json
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.embedding.embedder import Vectors
from index.errors import LibraryDamaged
from index.types import Article, ArticleInfo, Chunk, Heading, PassageSource, Span


class Revision(NamedTuple):
    """A state of the record: how many changes it has seen, and the last one's random token."""

    generation: int
    token: int


NEW = Revision(0, 0)
"""A record that nothing was added to yet."""


@dataclass(frozen=True, slots=True)
class Change:
    """The chunks ``first_chunk`` … ``last_chunk`` that came (``added``) or went."""

    added: bool
    first_chunk: int
    last_chunk: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as recorded, with its id, which no other chunk ever gets."""

    id: int
    chunk: Chunk


_STEP = 10_000


def steps(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the (first, last) of runs of ids that are small enough to be read at once."""
    for start in range(first, last + 1, _STEP):
        yield start, min(start + _STEP - 1, last)


SELECT_ARTICLE = (
    "SELECT id, title, text, source, headings, added_at, pages "
    "FROM articles JOIN texts ON article = key"
)
SELECT_INFO = "SELECT id, title, source, characters, added_at, page_count FROM articles"
SELECT_PASSAGE_SOURCE = (
    "SELECT id, title, pages FROM articles LEFT JOIN texts ON article = key AND page_count > 0"
)
SELECT_CHUNK = (
    'SELECT chunks.id, articles.id, start, "end", chunks.text, heading, sentences '
    "FROM chunks JOIN articles ON article = key"
)
SELECT_VECTOR = "SELECT chunk, vector FROM vectors"

_SPAN = struct.Struct("<qq")

Row: TypeAlias = tuple[Any, ...]
_Value = TypeVar("_Value")


def _of_a_sound_row(read: Callable[[Row], _Value]) -> Callable[[Row], _Value]:
    """Have ``read`` raise LibraryDamaged for a row that is not as it was written."""

    @functools.wraps(read)
    def checked(row: Row) -> _Value:
        try:
            return read(row)
        except (TypeError, ValueError, struct.error) as error:
            msg = (
                f"The library is damaged: a row of its record cannot be read ({error}). "
                "article-qa check --library DIR tells more, and what to do."
            )
            raise LibraryDamaged(msg) from error

    return checked


@_of_a_sound_row
def article_of(row: Row) -> Article:
    """Return the article of a row of SELECT_ARTICLE."""
    article_id, title, text, source, headings, added_at, pages = row
    marks = tuple(Heading(*mark) for mark in json.loads(headings))
    return Article(article_id, title, text, source, marks, added_at, tuple(json.loads(pages)))


@_of_a_sound_row
def info_of(row: Row) -> ArticleInfo:
    """Return what a list shows of an article, from a row of SELECT_INFO."""
    return ArticleInfo(*row)


@_of_a_sound_row
def passage_source_of(row: Row) -> PassageSource:
    """Return what a passage tells of its article, from a row of SELECT_CAPTION."""
    _, title, pages = row
    return PassageSource(title, () if pages is None else tuple(json.loads(pages)))


@_of_a_sound_row
def stored_chunk(row: Row) -> StoredChunk:
    """Return the chunk of a row of SELECT_CHUNK."""
    chunk_id, article_id, start, end, text, heading, sentences = row
    spans = tuple(map(Span._make, _SPAN.iter_unpack(sentences)))
    return StoredChunk(chunk_id, Chunk(article_id, start, end, text, heading, spans))


def text_row(article: Article) -> tuple[str, str, str]:
    """Return the headings, pages and text of a row of an article's text."""
    headings = json.dumps([[mark.start, mark.end, mark.level] for mark in article.headings])
    return headings, json.dumps(article.pages), article.text


def chunk_row(chunk: Chunk) -> tuple[object, ...]:
    """Return the start, end, text, heading and sentences of a chunk's row."""
    sentences = np.array(chunk.sentences, dtype="<i8").tobytes()
    return chunk.start, chunk.end, chunk.text, chunk.heading, sentences


def vector_row(vector: Vectors) -> bytes:
    """Return what is recorded of a vector ``(dimension,)``."""
    return vector.astype("<f4").tobytes()


def vectors_of(rows: Sequence[tuple[int, bytes]]) -> tuple[NDArray[np.int64], Vectors]:
    """Return the ids ``(n,)`` and vectors ``(n, dimension)`` of rows of both."""
    ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    flat = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").astype(np.float32)
    return ids, flat.reshape(len(rows), flat.size // max(1, len(rows)))
