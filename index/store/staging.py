"""Write chunks and their vectors to the store in bounded memory."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Self

from index.embedding.embedder import Vectors
from index.store.database import temporary_folder_errors
from index.store.rows import chunk_row, text_row, vector_row
from index.types import Article, Chunk


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
            datetime.now(UTC).isoformat(timespec="seconds"),
            len(article.text),
            len(article.pages),
        ),
    ).lastrowid
    db.execute(
        "INSERT INTO texts (article, headings, pages, text) VALUES (?, ?, ?, ?)",
        (key, *text_row(article)),
    )
    insert_chunks(db, int(key or 0), article.id, embedded)


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
