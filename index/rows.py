"""Rows of the record as values: what is selected for each, and how it is read."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np

from index.errors import LibraryDamaged
from index.revisions import StoredChunk
from index.types import Article, ArticleInfo, Chunk, Heading, Span

SELECT_ARTICLE = "SELECT id, title, text, source, headings, added_at, pages FROM articles"
# SQLite counts the code points of a text up to a NUL. A text that holds one is selected
# as well, to be counted in Python.
SELECT_INFO = (
    "SELECT id, title, source, length(text), "
    "CASE WHEN instr(CAST(text AS BLOB), x'00') THEN text END, added_at, pages FROM articles"
)
SELECT_CHUNK = (
    'SELECT chunks.id, articles.title, articles.id, start, "end", chunks.text, heading, sentences '
    "FROM chunks JOIN articles ON article = key"
)
Row: TypeAlias = tuple[Any, ...]
_Value = TypeVar("_Value")


def _of_a_sound_row(read: Callable[[Row], _Value]) -> Callable[[Row], _Value]:
    """Have ``read`` raise LibraryDamaged for a row that is not as it was written."""

    @functools.wraps(read)
    def checked(row: Row) -> _Value:
        try:
            return read(row)
        except (TypeError, ValueError) as error:
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
    article_id, title, source, length, text_with_nul, added_at, pages = row
    characters = length if text_with_nul is None else len(text_with_nul)
    return ArticleInfo(article_id, title, source, characters, added_at, len(json.loads(pages)))


@_of_a_sound_row
def stored_chunk(row: Row) -> StoredChunk:
    """Return the chunk of a row of SELECT_CHUNK."""
    chunk_id, title, article_id, start, end, text, heading, sentences = row
    offsets = np.frombuffer(sentences, dtype="<i8").tolist()
    spans = tuple(Span(*pair) for pair in zip(offsets[::2], offsets[1::2], strict=True))
    return StoredChunk(chunk_id, title, Chunk(article_id, start, end, text, heading, spans))
