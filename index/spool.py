"""Chunks on their way into a record, with their vectors, in bounded memory."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from typing import Self

from index.embedder import Vectors
from index.errors import LibraryUnwritable
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
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")  # what breaks off is thrown away
        self._db.execute(
            "CREATE TABLE waiting (id INTEGER PRIMARY KEY, article TEXT, "
            'start INTEGER, "end" INTEGER, text TEXT, heading TEXT, sentences BLOB, vector BLOB)'
        )
        self._db.execute("CREATE INDEX by_article ON waiting (article)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, article_id: str, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Take further chunks of an article, in order, and their vectors ``(n, dimension)``."""
        with _clear_errors():
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
        with _clear_errors():
            return [row[0] for row in self._db.execute("SELECT DISTINCT article FROM waiting")]

    def rows(self, article_id: str) -> Iterator[tuple[tuple[object, ...], bytes]]:
        """Yield the values of each chunk's row, and its vector's, in order."""
        query = (
            'SELECT start, "end", text, heading, sentences, vector FROM waiting '
            "WHERE article = ? ORDER BY id"
        )
        with _clear_errors():
            for row in self._db.execute(query, (article_id,)):
                yield row[:-1], row[-1]


@contextlib.contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        msg = (
            f"What was embedded could not be kept in the temporary folder {tempfile.gettempdir()} "
            f"({error}). Make room there, or name another by the variable TMPDIR. Nothing was "
            "changed."
        )
        raise LibraryUnwritable(msg) from error
