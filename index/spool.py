"""Chunks on their way into a record, with their vectors, in bounded memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Self

from index.embedder import Vectors
from index.record_errors import temporary_folder_errors
from index.rows import chunk_row, vector_row
from index.types import Chunk


class Spool:
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
