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
    """Rows of chunks and vectors that wait for the one transaction that records them.

    They are in a private database of SQLite's, which goes to a temporary file as it
    grows and is gone when it is closed.

    Raises:
        LibraryUnwritable: The disk of the temporary file is full.
    """

    def __init__(self) -> None:
        with temporary_folder_errors():
            self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = OFF")  # what breaks off is thrown away
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
        """Take further chunks of an article, in order, and their vectors ``(n, dimension)``."""
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
        """Return whose chunks there are."""
        with temporary_folder_errors():
            return [row[0] for row in self._db.execute("SELECT DISTINCT article FROM waiting")]

    def rows(self, article_id: str) -> Iterator[tuple[tuple[object, ...], bytes]]:
        """Yield the values of each chunk's row, and its vector's, in order."""
        query = (
            'SELECT start, "end", text, heading, sentences, vector FROM waiting '
            "WHERE article = ? ORDER BY id"
        )
        with temporary_folder_errors():
            for row in self._db.execute(query, (article_id,)):
                yield row[:-1], row[-1]


def record_article(db: sqlite3.Connection, article: Article, embedded: ChunkSpool) -> None:
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
    record_chunks(db, int(key or 0), article.id, embedded)


def record_chunks(db: sqlite3.Connection, key: int, article_id: str, embedded: ChunkSpool) -> None:
    """Insert the chunks of the article of ``key`` under ids without gaps, and note it."""
    before = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    first = int(before[0]) + 1 if before else 1
    count = 0
    for row, vector in embedded.rows(article_id):
        chunk_id = first + count
        db.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", (chunk_id, key, *row))
        db.execute("INSERT INTO vectors VALUES (?, ?)", (chunk_id, vector))
        count += 1
    note_change(db, added=True, first=first, last=first + count - 1)


def forget_chunks(db: sqlite3.Connection) -> None:
    """Delete every chunk, and note it."""
    first, last = db.execute("SELECT min(id), max(id) FROM chunks").fetchone()
    db.execute("DELETE FROM vectors")  # those of no chunk, too
    if first is not None:
        db.execute("DELETE FROM chunks")
        # No index is caught up from before this; and damage to the log ends here.
        db.execute("DELETE FROM changes")
        note_change(db, added=False, first=first, last=last)


def note_change(db: sqlite3.Connection, *, added: bool, first: int, last: int) -> None:
    """Move the record to its next revision, to which these chunks came or went."""
    token = secrets.randbits(62)
    db.execute("UPDATE library SET generation = generation + 1, token = ?", (token,))
    db.execute(
        "INSERT INTO changes SELECT generation, token, ?, ?, ? FROM library", (added, first, last)
    )
