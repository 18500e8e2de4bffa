"""The rows of articles and files on Milvus, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from index.errors import TooLarge
from index.milvus.parts import compact, damaged, parsed
from index.milvus.schema import MAX_FIELD_BYTES
from index.types import ArticleInfo

ARTICLE, FILE, REVISION = "article", "file", "revision"
_ID = re.compile(r"[0-9a-f]{1,64}")


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article without its text, and where its parts and its chunks are."""

    article_id: str
    title: str
    source: str | None
    added_at: str
    position: int
    """When it was added, in nanoseconds: the order of the articles."""
    characters: int
    pages: int
    body: str
    """The token of its text, structure and page starts, which never change."""
    text_pieces: int
    structure_pieces: int
    page_pieces: int
    version: str
    """Names its chunks. A change of the title makes new ones, with another version."""
    chunks: int
    shown: int
    """When it became visible in this version, in nanoseconds by the writer's clock."""

    def without_names(self) -> Self:
        """Return the row of the article once it is removed, of which nothing is to be read."""
        return replace(self, title="", source=None)

    def info(self, file_bytes: int) -> ArticleInfo:
        """Return its entry in the catalogue."""
        return ArticleInfo(
            self.article_id,
            self.title,
            self.source,
            self.characters,
            self.added_at,
            self.pages,
            file_bytes,
        )


@dataclass(frozen=True, slots=True)
class FileRow:
    """The file that an article was read from, without its bytes."""

    article_id: str
    name: str
    size: int
    body: str
    """The token of its bytes and page layouts."""
    byte_pieces: int
    shape_pieces: int

    def without_names(self) -> Self:
        """Return the row of the file once it is removed, of which nothing is to be read."""
        return replace(self, name="")


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the collection of articles."""

    kind: str
    live: bool
    changed: int
    """When it was written, in nanoseconds since 1970 by the writer's clock."""
    row: ArticleRow | FileRow | None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the row that Milvus gave.

        Raises:
            LibraryDamaged: It cannot be read.
        """
        types = {ARTICLE: ArticleRow, FILE: FileRow}
        try:
            kind = values["kind"]
            row = types[kind](**parsed(values["value"])) if kind in types else None
            return cls(kind, bool(values["live"]), int(values["changed"]), row)
        except (TypeError, KeyError, ValueError) as error:
            raise damaged(error) from error


def kind_of(row: ArticleRow | FileRow) -> str:
    """Return the kind of a row."""
    return ARTICLE if isinstance(row, ArticleRow) else FILE


def value_of(row: ArticleRow | FileRow) -> str:
    """Return what is stored for a row.

    Raises:
        TooLarge: Its source or its file's name is too long.
    """
    value = compact(asdict(row))
    if len(value.encode()) > MAX_FIELD_BYTES:
        msg = "The address or name of the article's file is too long for a library on Milvus."
        raise TooLarge(msg)
    return value


def is_id(article_id: str) -> bool:
    """Return whether a text can be the id of an article: others are not looked up."""
    return _ID.fullmatch(article_id) is not None
