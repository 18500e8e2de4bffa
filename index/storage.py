"""SQLite: articles, chunks and their vectors. The record that all else is derived from.

Every change is one transaction. One of chunks also moves the generation on by one
and notes in ``changes`` which of them came or went, so that a derived index of any
age can catch up at the cost of what changed.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.database import Database
from index.embedder import ModelIdentity, Vectors
from index.errors import ArticleNotFound, LibraryUnwritable, WrongModel
from index.revisions import NEW, Change, Revision, StoredChunk
from index.rows import SELECT_ARTICLE, SELECT_CHUNK, SELECT_INFO, article_of, info_of, stored_chunk
from index.types import Article, ArticleInfo, Chunk

_SQL_VARIABLES = 500  # bound below every SQLite build's limit


class Storage:
    """The record of one library. Safe to use from several threads.

    Args:
        path: The database file, made if absent; None keeps the record in memory.
        model: The model whose vectors the library holds.
        replacing: Whether the caller is about to replace the vectors of
            another model by this one's, so that a mismatch is no error.

    Raises:
        WrongModel: The library was indexed with another model.
        LibraryError: As :class:`index.database.Database` says.
    """

    def __init__(self, path: Path | None, model: ModelIdentity, *, replacing: bool = False) -> None:
        self._db = Database(path)
        try:
            self._adopt(model)
            if not replacing:
                self.check_model(model)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the record; nothing can be asked of it afterwards."""
        self._db.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """Have all that this thread reads within be of one state of the record."""
        return self._db.snapshot()

    @property
    def writable(self) -> bool:
        """Whether it can be changed; see :meth:`check_writable`."""
        return self._db.unwritable is None

    def check_writable(self) -> None:
        """Raise LibraryUnwritable if the record could be opened for reading only."""
        if self._db.unwritable is not None:
            raise LibraryUnwritable(str(self._db.unwritable))

    def revision(self) -> Revision:
        """Return the state the record is in."""
        return Revision(*self._db.read("SELECT generation, token FROM library")[0])

    def has_been_at(self, revision: Revision) -> bool:
        """Return whether the record has passed through ``revision``, or stands at it.

        It has not if the file was put back from a backup and changed since.
        """
        return revision == NEW or bool(
            self._db.read("SELECT 1 FROM changes WHERE generation = ? AND token = ?", revision)
        )

    def check_model(self, model: ModelIdentity) -> None:
        """Raise WrongModel unless the library's vectors are this model's."""
        stored = ModelIdentity(
            *self._db.read("SELECT model_name, model_sha256, dimension FROM library")[0]
        )
        if (stored.sha256, stored.dimension) != (model.sha256, model.dimension):
            msg = (
                f"The library was indexed with the model {stored.name}, and its vectors cannot be "
                f"compared with those of {model.name}. Open it with that model, or re-embed it: "
                "article-qa reembed --library DIR [--model NAME]"
            )
            raise WrongModel(msg)

    def changes_since(self, revision: Revision) -> list[Change]:
        """Return the changes after ``revision``, oldest first."""
        rows = self._db.read(
            "SELECT added, first_chunk, last_chunk FROM changes "
            "WHERE generation > ? ORDER BY generation",
            (revision.generation,),
        )
        return [Change(bool(row[0]), row[1], row[2]) for row in rows]

    def articles(self) -> list[Article]:
        """Return every article, in the order they were added."""
        return [article_of(row) for row in self._db.read(f"{SELECT_ARTICLE} ORDER BY key")]

    def catalogue(self) -> list[ArticleInfo]:
        """Return what a list shows of every article, in the order they were added."""
        return [info_of(row) for row in self._db.read(f"{SELECT_INFO} ORDER BY key")]

    def article(self, article_id: str) -> Article:
        """Return the article of this id.

        Raises:
            ArticleNotFound: There is none.
        """
        rows = self._db.read(f"{SELECT_ARTICLE} WHERE id = ?", (article_id,))
        if not rows:
            raise _not_found(article_id)
        return article_of(rows[0])

    def pages(self, article_ids: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Return where the pages start of those of the articles that have pages."""
        query = "SELECT id, pages FROM articles WHERE id = ?"
        rows = (row for name in set(article_ids) for row in self._db.read(query, (name,)))
        return {name: tuple(json.loads(pages)) for name, pages in rows}

    def has_article(self, article_id: str) -> bool:
        """Return whether an article of this id is recorded."""
        return bool(self._db.read("SELECT 1 FROM articles WHERE id = ?", (article_id,)))

    def chunk_count(self) -> int:
        """Return the number of chunks of all articles."""
        return int(self._db.read("SELECT count(*) FROM chunks")[0][0])

    def last_chunk(self) -> int:
        """Return the highest id of a chunk; 0 without chunks."""
        return int(self._db.read("SELECT coalesce(max(id), 0) FROM chunks")[0][0])

    def chunk_ranges(self, article_ids: Iterable[str]) -> list[tuple[int, int]]:
        """Return the (first, last) chunk id of each article; both count.

        Raises:
            ArticleNotFound: One of the ids is not in the library.
        """
        ranges = []
        for article_id in sorted(set(article_ids)):
            rows = self._db.read(
                "SELECT min(chunks.id), max(chunks.id) FROM articles "
                "LEFT JOIN chunks ON article = key WHERE articles.id = ? GROUP BY key",
                (article_id,),
            )
            if not rows:
                raise _not_found(article_id)
            ranges.append((int(rows[0][0]), int(rows[0][1])))
        return ranges

    def chunks(self, ids: Sequence[int]) -> dict[int, StoredChunk]:
        """Return the chunks of these ids, without those that are gone."""
        found: dict[int, StoredChunk] = {}
        for first in range(0, len(ids), _SQL_VARIABLES):
            some = ids[first : first + _SQL_VARIABLES]
            marks = ",".join("?" * len(some))
            rows = self._db.read(f"{SELECT_CHUNK} WHERE chunks.id IN ({marks})", some)
            found |= {row[0]: stored_chunk(row) for row in rows}
        return found

    def chunks_between(self, first: int, last: int) -> list[StoredChunk]:
        """Return the chunks ``first`` … ``last`` that still exist, by id."""
        rows = self._db.read(
            f"{SELECT_CHUNK} WHERE chunks.id BETWEEN ? AND ? ORDER BY chunks.id", (first, last)
        )
        return [stored_chunk(row) for row in rows]

    def vectors_between(self, first: int, last: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return the ids ``(n,)`` and vectors ``(n, dimension)`` of ``first`` … ``last``."""
        rows = self._db.read(
            "SELECT chunk, vector FROM vectors WHERE chunk BETWEEN ? AND ? ORDER BY chunk",
            (first, last),
        )
        ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
        flat = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4")
        return ids, flat.astype(np.float32).reshape(len(rows), flat.size // max(1, len(rows)))

    def add(self, article: Article, chunks: Sequence[Chunk], vectors: Vectors) -> bool:
        """Record an article with its chunks and their vectors, all or nothing.

        Returns False, and changes nothing, if the same text is already there.
        """
        with self._db.transaction() as db:
            if db.execute("SELECT 1 FROM articles WHERE id = ?", (article.id,)).fetchone():
                return False
            key = db.execute(
                "INSERT INTO articles (id, title, text, source, headings, added_at, pages) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    article.id,
                    article.title,
                    article.text,
                    article.source,
                    json.dumps([[h.start, h.end, h.level] for h in article.headings]),
                    datetime.now(UTC).isoformat(timespec="seconds"),
                    json.dumps(article.pages),
                ),
            ).lastrowid
            _insert_chunks(db, int(key or 0), chunks, vectors)
        return True

    def remove(self, article_id: str) -> None:
        """Remove an article with all that belongs to it.

        Raises:
            ArticleNotFound: There is none of this id.
        """
        with self._db.transaction() as db:
            first, last = db.execute(
                "SELECT min(chunks.id), max(chunks.id) FROM chunks "
                "JOIN articles ON article = key WHERE articles.id = ?",
                (article_id,),
            ).fetchone()
            if first is None:
                raise _not_found(article_id)
            db.execute("DELETE FROM articles WHERE id = ?", (article_id,))
            _note_change(db, added=False, first=first, last=last)

    def rename(self, article_id: str, title: str) -> None:
        """Give an article another title.

        No chunk holds its article's title, so nothing derived from them goes stale.

        Raises:
            ArticleNotFound: There is none of this id.
        """
        with self._db.transaction() as db:
            changed = db.execute("UPDATE articles SET title = ? WHERE id = ?", (title, article_id))
            if not changed.rowcount:
                raise _not_found(article_id)

    def replace_chunks(
        self,
        model: ModelIdentity,
        chunked: Iterable[tuple[str, Sequence[Chunk], Vectors]],
    ) -> None:
        """Replace the chunks and vectors of every article by another model's.

        ``chunked`` gives each article's id; articles it leaves out lose their chunks.
        """
        with self._db.transaction() as db:
            first, last = db.execute("SELECT min(id), max(id) FROM chunks").fetchone()
            db.execute("DELETE FROM vectors")  # those of no chunk, too
            if first is not None:
                db.execute("DELETE FROM chunks")
                # No index is caught up from before this; and damage to the log ends here.
                db.execute("DELETE FROM changes")
                _note_change(db, added=False, first=first, last=last)
            for article_id, chunks, vectors in chunked:
                row = db.execute("SELECT key FROM articles WHERE id = ?", (article_id,)).fetchone()
                if row:
                    _insert_chunks(db, row[0], chunks, vectors)
            db.execute(
                "UPDATE library SET model_name = ?, model_sha256 = ?, dimension = ?",
                (model.name, model.sha256, model.dimension),
            )

    def _adopt(self, model: ModelIdentity) -> None:
        """Take ``model`` for a library that has none yet."""
        row = (model.name, model.sha256, model.dimension)
        if not self._db.read("SELECT 1 FROM library"):
            with self._db.transaction() as db:
                db.execute(
                    "INSERT INTO library SELECT ?, ?, ?, 0, 0 "
                    "WHERE NOT EXISTS (SELECT 1 FROM library)",
                    row,
                )


def _not_found(article_id: str) -> ArticleNotFound:
    return ArticleNotFound(
        f"No article in the library has the id {article_id!r}. List the articles for their ids."
    )


def _insert_chunks(
    db: sqlite3.Connection, article: int, chunks: Sequence[Chunk], vectors: Vectors
) -> None:
    """Insert an article's chunks under ids without gaps, and note the change."""
    last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    first = int(last[0]) + 1 if last else 1
    db.executemany(
        "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (
                first + i,
                article,
                chunk.start,
                chunk.end,
                chunk.text,
                chunk.heading,
                np.array(chunk.sentences, dtype="<i8").tobytes(),
            )
            for i, chunk in enumerate(chunks)
        ),
    )
    db.executemany(
        "INSERT INTO vectors VALUES (?, ?)",
        ((first + i, vector.astype("<f4").tobytes()) for i, vector in enumerate(vectors)),
    )
    _note_change(db, added=True, first=first, last=first + len(chunks) - 1)


def _note_change(db: sqlite3.Connection, *, added: bool, first: int, last: int) -> None:
    token = secrets.randbits(62)
    db.execute("UPDATE library SET generation = generation + 1, token = ?", (token,))
    db.execute(
        "INSERT INTO changes SELECT generation, token, ?, ?, ? FROM library", (added, first, last)
    )
