"""Convert rows of the store to values and back, and insert and delete chunks."""

from __future__ import annotations

import functools
import json
import secrets
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.embedding.embedder import Vectors
from index.errors import ArticleNotFound, LibraryDamaged
from index.source_file import PageLayout, SourceFile
from index.store.database import temporary_folder_errors
from index.structure import parse_structure, structure_json
from index.types import Article, ArticleInfo, Chunk, Heading, PassageSource, Span


class Revision(NamedTuple):
    """A state of the store: the number of changes so far, and the random token of the last one."""

    generation: int
    token: int


NEW = Revision(0, 0)
"""The revision of an empty store."""


@dataclass(frozen=True, slots=True)
class Change:
    """The addition or removal of the chunks ``first_chunk`` … ``last_chunk``."""

    added: bool
    first_chunk: int
    last_chunk: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk in the store, with its id, which is never reused."""

    id: int
    chunk: Chunk
    title: str = ""
    """The title of its article."""


_BATCH = 10_000


def steps(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last) for batches of ids that are read at a time."""
    for start in range(first, last + 1, _BATCH):
        yield start, min(start + _BATCH - 1, last)


SELECT_ARTICLE = (
    "SELECT id, title, text, source, headings, added_at, pages, structure "
    "FROM articles JOIN texts ON article = key"
)
SELECT_INFO = (
    "SELECT id, title, source, characters, added_at, page_count, coalesce(bytes, 0) "
    "FROM articles LEFT JOIN files ON files.article = key"
)
SELECT_FILE = "SELECT name, sha256 FROM files JOIN articles ON article = key"
SELECT_LAYOUT = (
    "SELECT width, height, confidence, words FROM layouts JOIN articles ON article = key"
)
SELECT_SHAPE = "SELECT width, height, confidence FROM layouts JOIN articles ON article = key"
SELECT_PASSAGE_SOURCE = (
    "SELECT id, title, pages FROM articles LEFT JOIN texts ON article = key AND page_count > 0"
)
SELECT_CHUNK = (
    'SELECT chunks.id, articles.id, start, "end", chunks.text, heading, sentences, title '
    "FROM chunks JOIN articles ON article = key"
)
SELECT_TITLE = "SELECT id, title FROM articles"
SELECT_VECTOR = "SELECT chunk, vector FROM vectors"

_SPAN = struct.Struct("<qq")

Row: TypeAlias = tuple[Any, ...]
_Value = TypeVar("_Value")


def _checked_row(read: Callable[[Row], _Value]) -> Callable[[Row], _Value]:
    """Make ``read`` raise LibraryDamaged for a malformed row."""

    @functools.wraps(read)
    def checked(row: Row) -> _Value:
        try:
            return read(row)
        except (TypeError, ValueError, KeyError, struct.error) as error:
            msg = (
                f"The library is damaged: a row of its database cannot be read ({error}). "
                "Run article-qa check --library DIR to see what to do."
            )
            raise LibraryDamaged(msg) from error

    return checked


@_checked_row
def article_of(row: Row) -> Article:
    """Return the article in a row of SELECT_ARTICLE."""
    article_id, title, text, source, headings, added_at, pages, structure = row
    levels = tuple(Heading(*heading) for heading in json.loads(headings))
    starts = tuple(json.loads(pages))
    marks, tables = parse_structure(structure)
    return Article(article_id, title, text, source, levels, added_at, starts, marks, tables)


@_checked_row
def layout_of(row: Row) -> PageLayout:
    """Return the layout in a row of SELECT_LAYOUT."""
    return PageLayout.from_bytes(*row)


@_checked_row
def info_of(row: Row) -> ArticleInfo:
    """Return the listing entry in a row of SELECT_INFO."""
    return ArticleInfo(*row)


@_checked_row
def passage_source_of(row: Row) -> PassageSource:
    """Return the title and page starts in a row of SELECT_PASSAGE_SOURCE."""
    _, title, pages = row
    return PassageSource(title, () if pages is None else tuple(json.loads(pages)))


@_checked_row
def stored_chunk(row: Row) -> StoredChunk:
    """Return the chunk in a row of SELECT_CHUNK."""
    chunk_id, article_id, start, end, text, heading, sentences, title = row
    spans = tuple(map(Span._make, _SPAN.iter_unpack(sentences)))
    return StoredChunk(chunk_id, Chunk(article_id, start, end, text, heading, spans), title)


def text_row(article: Article) -> tuple[str, str, str, str]:
    """Return the headings, pages, text and structure columns for an article."""
    headings = json.dumps([[mark.start, mark.end, mark.level] for mark in article.headings])
    structure = structure_json(article.marks, article.tables)
    return headings, json.dumps(article.pages), article.text, structure


def chunk_row(chunk: Chunk) -> tuple[object, ...]:
    """Return the start, end, text, heading and sentences columns for a chunk."""
    sentences = np.array(chunk.sentences, dtype="<i8").tobytes()
    return chunk.start, chunk.end, chunk.text, chunk.heading, sentences


def vector_row(vector: Vectors) -> bytes:
    """Return the bytes that are stored for a vector ``(dimension,)``."""
    return vector.astype("<f4").tobytes()


def vectors_of(rows: Sequence[tuple[int, bytes]]) -> tuple[NDArray[np.int64], Vectors]:
    """Return the ids ``(n,)`` and vectors ``(n, dimension)`` in (id, bytes) rows."""
    ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    flat = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").astype(np.float32)
    return ids, flat.reshape(len(rows), flat.size // max(1, len(rows)))


class ChunkSpool:
    """Chunks and vectors that wait to be inserted in one transaction.

    They are kept in a private SQLite database, which spills to a temporary file as it grows
    and is deleted when closed.

    Raises:
        LibraryUnwritable: The disk of the temporary file is full.
    """

    def __init__(self) -> None:
        with temporary_folder_errors():
            self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = OFF")  # an interrupted spool is discarded
            self._db.execute(
                "CREATE TABLE waiting (id INTEGER PRIMARY KEY, article TEXT, start INTEGER, "
                '"end" INTEGER, text TEXT, heading TEXT, sentences BLOB, vector BLOB)'
            )
            self._db.execute("CREATE INDEX by_article ON waiting (article)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, article_id: str, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Append chunks of an article, in order, and their vectors ``(n, dimension)``."""
        with temporary_folder_errors():
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT INTO waiting VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (article_id, *chunk_row(chunk), vector_row(vector))
                    for chunk, vector in zip(chunks, vectors, strict=True)
                ),
            )
            self._db.execute("COMMIT")

    def article_ids(self) -> list[str]:
        """Return the ids of the articles with chunks here."""
        with temporary_folder_errors():
            return [row[0] for row in self._db.execute("SELECT DISTINCT article FROM waiting")]

    def rows(self, article_id: str) -> Iterator[tuple[tuple[object, ...], bytes]]:
        """Yield the row of each chunk of an article, and the bytes of its vector, in order."""
        query = (
            'SELECT start, "end", text, heading, sentences, vector FROM waiting '
            "WHERE article = ? ORDER BY id"
        )
        with temporary_folder_errors():
            for row in self._db.execute(query, (article_id,)):
                yield row[:-1], row[-1]


def insert_article(db: sqlite3.Connection, article: Article, embedded: ChunkSpool) -> None:
    """Insert an article with its chunks and their vectors."""
    key = db.execute(
        "INSERT INTO articles (id, title, source, added_at, characters, page_count) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            article.id,
            article.title,
            article.source,
            article.added_at or datetime.now(UTC).isoformat(timespec="seconds"),
            len(article.text),
            len(article.pages),
        ),
    ).lastrowid
    db.execute(
        "INSERT INTO texts (article, headings, pages, text, structure) VALUES (?, ?, ?, ?, ?)",
        (key, *text_row(article)),
    )
    insert_chunks(db, int(key or 0), article.id, embedded)


def insert_file(db: sqlite3.Connection, article_id: str, file: SourceFile, sha256: str) -> None:
    """Insert the name of an article's file, and where the words of its pages are."""
    (key,) = db.execute("SELECT key FROM articles WHERE id = ?", (article_id,)).fetchone()
    db.execute("INSERT INTO files VALUES (?, ?, ?, ?)", (key, file.name, sha256, len(file.data)))
    db.executemany(
        "INSERT INTO layouts VALUES (?, ?, ?, ?, ?, ?)",
        (
            (key, page, layout.width, layout.height, layout.confidence, layout.to_bytes())
            for page, layout in enumerate(file.layouts, start=1)
        ),
    )


def insert_chunks(db: sqlite3.Connection, key: int, article_id: str, embedded: ChunkSpool) -> None:
    """Insert the chunks of an article under consecutive ids, and log the change."""
    before = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    first = int(before[0]) + 1 if before else 1
    count = 0
    for row, vector in embedded.rows(article_id):
        chunk_id = first + count
        db.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", (chunk_id, key, *row))
        db.execute("INSERT INTO vectors VALUES (?, ?)", (chunk_id, vector))
        count += 1
    log_change(db, added=True, first=first, last=first + count - 1)


def chunk_range(db: sqlite3.Connection, article_id: str) -> tuple[int, int]:
    """Return the first and the last chunk id of an article.

    Raises:
        ArticleNotFound: There is no article with this id.
    """
    first, last = db.execute(
        "SELECT min(chunks.id), max(chunks.id) FROM chunks "
        "JOIN articles ON article = key WHERE articles.id = ?",
        (article_id,),
    ).fetchone()
    if first is None:
        raise article_not_found(article_id)
    return int(first), int(last)


def article_not_found(article_id: str) -> ArticleNotFound:
    """Return the error for an id that no article has."""
    return ArticleNotFound(
        f"No article in the library has the id {article_id!r}. List the articles to see their ids."
    )


def without_chunks(article_id: str) -> LibraryDamaged:
    """Return the error for an article that has lost its chunks."""
    return LibraryDamaged(
        f"The library is damaged: the article {article_id!r} has no passages. Run article-qa check "
        "--library DIR to see what to do."
    )


def renumber_chunks(db: sqlite3.Connection, first: int, last: int) -> None:
    """Give the chunks ``first`` … ``last`` new ids, so that indexes read them again."""
    (highest,) = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    shift = int(highest) + 1 - first
    chunks = {"shift": shift, "first": first, "last": last}
    db.execute(
        'INSERT INTO chunks SELECT id + :shift, article, start, "end", text, heading, sentences '
        "FROM chunks WHERE id BETWEEN :first AND :last ORDER BY id",
        chunks,
    )
    db.execute(
        "UPDATE vectors SET chunk = chunk + :shift WHERE chunk BETWEEN :first AND :last", chunks
    )
    db.execute("DELETE FROM chunks WHERE id BETWEEN :first AND :last", chunks)
    log_change(db, added=False, first=first, last=last)
    log_change(db, added=True, first=first + shift, last=last + shift)


def delete_all_chunks(db: sqlite3.Connection) -> None:
    """Delete all chunks, and log the change."""
    first, last = db.execute("SELECT min(id), max(id) FROM chunks").fetchone()
    db.execute("DELETE FROM vectors")  # including orphans
    if first is not None:
        db.execute("DELETE FROM chunks")
        # Every index is rebuilt after this, so older entries, damaged or not, are not needed.
        db.execute("DELETE FROM changes")
        log_change(db, added=False, first=first, last=last)


def log_change(db: sqlite3.Connection, *, added: bool, first: int, last: int) -> None:
    """Advance the store to its next revision, in which these chunks were added or removed."""
    token = secrets.randbits(62)
    db.execute("UPDATE library SET generation = generation + 1, token = ?", (token,))
    db.execute(
        "INSERT INTO changes SELECT generation, token, ?, ?, ? FROM library", (added, first, last)
    )
