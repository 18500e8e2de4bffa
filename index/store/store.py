"""Store articles, chunks and vectors in SQLite; all indexes are derived from this.

Every change is one transaction. A change of chunks also increments the generation and logs
the added or removed ids in ``changes``, so an index of any age catches up on the changes alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embedding.embedder import ModelIdentity, Vectors
from index.errors import LibraryUnwritable, WrongModel
from index.source_file import PageLayout, PageShape, SourceFile
from index.store.database import Database
from index.store.folder import ORIGINALS_FOLDER
from index.store.originals import Originals
from index.store.rows import (
    NEW,
    SELECT_ARTICLE,
    SELECT_CHUNK,
    SELECT_FILE,
    SELECT_INFO,
    SELECT_LAYOUT,
    SELECT_PASSAGE_SOURCE,
    SELECT_SHAPE,
    SELECT_TITLE,
    SELECT_VECTOR,
    Change,
    ChunkSpool,
    Revision,
    Row,
    StoredChunk,
    article_not_found,
    article_of,
    chunk_range,
    delete_all_chunks,
    info_of,
    insert_article,
    insert_chunks,
    insert_file,
    layout_of,
    log_change,
    passage_source_of,
    renumber_chunks,
    stored_chunk,
    vectors_of,
    without_chunks,
)
from index.types import Article, ArticleInfo, PassageSource

_SQL_VARIABLES = 500  # fewer than any build of SQLite allows


class Store:
    """The articles, chunks and vectors of one library. Thread-safe.

    Args:
        path: The database file, created if absent; None for memory.
        model: The model that makes the vectors.
        replacing: Whether the caller is about to replace all vectors, so that those of another
            model are no error.
        create: As for :class:`index.store.database.Database`.
        read_only: As for :class:`index.store.database.Database`.

    Raises:
        WrongModel: The library was indexed with another model.
        LibraryError: As for :class:`index.store.database.Database`.
    """

    def __init__(
        self,
        path: Path | None,
        model: ModelIdentity,
        *,
        replacing: bool = False,
        create: bool = True,
        read_only: bool = False,
    ) -> None:
        self._db = Database(path, create=create, read_only=read_only)
        self._originals = Originals(path and path.parent / ORIGINALS_FOLDER)
        try:
            self._set_model_if_new(model)
            if not replacing:
                self.check_model(model)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the database; using the store afterwards raises LibraryError."""
        self._db.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """Make all reads of this thread within the context see one state of the store."""
        return self._db.snapshot()

    @property
    def writable(self) -> bool:
        """Whether the store can be changed."""
        return self._db.unwritable is None

    def check_process(self) -> None:
        """Raise LibraryError in a process forked after the store was opened."""
        self._db.check_process()

    def check_writable(self) -> None:
        """Raise LibraryUnwritable if the store is read-only."""
        self.check_process()
        if self._db.unwritable is not None:
            raise LibraryUnwritable(str(self._db.unwritable))

    def revision(self) -> Revision:
        """Return the current revision."""
        return Revision(*self._db.read("SELECT generation, token FROM library")[0])

    def contains_revision(self, revision: Revision) -> bool:
        """Return whether ``revision`` is a current or past state of the store.

        False if the file was restored from an older backup and changed since.
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
        """Return all but the text of every article, in the order they were added."""
        return [info_of(row) for row in self._db.read(f"{SELECT_INFO} ORDER BY key")]

    def article(self, article_id: str) -> Article:
        """Return the article with this id.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        rows = self._db.read(f"{SELECT_ARTICLE} WHERE id = ?", (article_id,))
        if not rows:
            raise article_not_found(article_id)
        return article_of(rows[0])

    def page_layout(self, article_id: str, page: int) -> PageLayout | None:
        """Return where the words of a page are, page 1 first; None if that is not known."""
        rows = self._db.read(f"{SELECT_LAYOUT} WHERE id = ? AND page = ?", (article_id, page))
        return layout_of(rows[0]) if rows else None

    def page_shapes(self, article_id: str) -> tuple[PageShape, ...]:
        """Return the size of each page as printed, in order; empty if that is not known."""
        rows = self._db.read(f"{SELECT_SHAPE} WHERE id = ? ORDER BY page", (article_id,))
        return tuple(PageShape(*row) for row in rows)

    def source_file(self, article_id: str) -> SourceFile | None:
        """Return the file of an article, without its layouts.

        None if none is kept, or if it is missing or damaged.
        """
        for name, sha256 in self._db.read(f"{SELECT_FILE} WHERE id = ?", (article_id,)):
            data = self._originals.read(sha256)
            if data is not None:
                return SourceFile(name, data)
        return None

    def passage_sources(self, article_ids: Iterable[str]) -> dict[str, PassageSource]:
        """Return the title and page starts of each article, without those that were removed."""
        rows = self._read_in(f"{SELECT_PASSAGE_SOURCE} WHERE id", list(set(article_ids)))
        return {row[0]: passage_source_of(row) for row in rows}

    def titles(
        self, article_ids: Iterable[str] | None = None, *, limit: int | None = None
    ) -> dict[str, str]:
        """Return titles by id, without those of articles that were removed.

        They are those of ``article_ids``; or for None of all articles, or the first ``limit``, in
        the order they were added.
        """
        if article_ids is not None:
            return dict(self._read_in(f"{SELECT_TITLE} WHERE id", list(article_ids)))
        most = -1 if limit is None else limit  # no limit, to SQLite
        return dict(self._db.read(f"{SELECT_TITLE} ORDER BY key LIMIT ?", (most,)))

    def count(self) -> int:
        """Return the number of articles."""
        return int(self._db.read("SELECT count(*) FROM articles")[0][0])

    def chunk_count(self) -> int:
        """Return the number of chunks of all articles."""
        return int(self._db.read("SELECT count(*) FROM chunks")[0][0])

    def extent(self) -> tuple[Revision, int]:
        """Return the current revision and the highest chunk id ever assigned."""
        ((generation, token, last),) = self._db.read(
            "SELECT generation, token, coalesce("
            "(SELECT seq FROM sqlite_sequence WHERE name = 'chunks'), 0) FROM library"
        )
        return Revision(generation, token), int(last)

    def chunk_ranges(self, article_ids: Iterable[str]) -> list[tuple[int, int]]:
        """Return the (first, last) chunk ids of each article, inclusive.

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
                raise article_not_found(article_id)
            if rows[0][0] is None:
                raise without_chunks(article_id)
            ranges.append((int(rows[0][0]), int(rows[0][1])))
        return ranges

    def chunks(self, ids: Sequence[int]) -> dict[int, StoredChunk]:
        """Return the chunks with these ids, without those that were removed."""
        rows = self._read_in(f"{SELECT_CHUNK} WHERE chunks.id", ids)
        return {row[0]: stored_chunk(row) for row in rows}

    def chunks_between(self, first: int, last: int) -> list[StoredChunk]:
        """Return the chunks ``first`` … ``last`` that still exist, by id."""
        rows = self._db.read(
            f"{SELECT_CHUNK} WHERE chunks.id BETWEEN ? AND ? ORDER BY chunks.id", (first, last)
        )
        return [stored_chunk(row) for row in rows]

    def vectors_between(self, first: int, last: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return the ids ``(n,)`` and vectors ``(n, dimension)`` of ``first`` … ``last``."""
        return vectors_of(
            self._db.read(
                f"{SELECT_VECTOR} WHERE chunk BETWEEN ? AND ? ORDER BY chunk", (first, last)
            )
        )

    def vectors_of(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], Vectors]:
        """Return those of ``ids`` that exist ``(n,)``, ascending, and their vectors."""
        return vectors_of(sorted(self._read_in(f"{SELECT_VECTOR} WHERE chunk", ids)))

    def add(self, article: Article, embedded: ChunkSpool) -> bool:
        """Add an article with its chunks and vectors in one transaction.

        Returns False, and changes nothing, if the store already has the same text.
        """
        with self._db.transaction() as db:
            if db.execute("SELECT 1 FROM articles WHERE id = ?", (article.id,)).fetchone():
                return False
            insert_article(db, article, embedded)
            if article.file:
                sha256 = self._originals.write(article.file.data)
                insert_file(db, article.id, article.file, sha256)
        return True

    def add_file(self, article_id: str, file: SourceFile) -> None:
        """Keep the file of an article that has none, which was read to the same text.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        query = f"{SELECT_FILE} WHERE id = ?"
        if self._db.read(query, (article_id,)):
            return
        with self._db.transaction() as db:
            chunk_range(db, article_id)
            if not db.execute(query, (article_id,)).fetchone():
                insert_file(db, article_id, file, self._originals.write(file.data))

    def remove(self, article_id: str) -> None:
        """Remove an article with its chunks, vectors and file.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        with self._db.transaction() as db:
            first, last = chunk_range(db, article_id)
            db.execute("DELETE FROM articles WHERE id = ?", (article_id,))
            log_change(db, added=False, first=first, last=last)
        with self._db.transaction() as db:  # only now is it certain that nothing names the file
            named = db.execute("SELECT DISTINCT sha256 FROM files")
            self._originals.sweep(frozenset(row[0] for row in named))

    def rename(self, article_id: str, title: str) -> None:
        """Change the title of an article.

        Its chunks get new ids, since the title is part of the text that is searched. Their
        vectors stay those made with the title that it had when it was embedded.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        with self._db.transaction() as db:
            changed = db.execute(
                "UPDATE articles SET title = ? WHERE id = ? AND title != ?",
                (title, article_id, title),
            )
            first, last = chunk_range(db, article_id)
            if changed.rowcount:
                renumber_chunks(db, first, last)

    def replace_chunks(self, model: ModelIdentity, embedded: ChunkSpool) -> None:
        """Replace all chunks and vectors by those in ``embedded``, made by ``model``.

        Articles that are not in ``embedded`` lose theirs.
        """
        with self._db.transaction() as db:
            delete_all_chunks(db)
            for article_id in embedded.article_ids():
                row = db.execute("SELECT key FROM articles WHERE id = ?", (article_id,)).fetchone()
                if row:
                    insert_chunks(db, row[0], article_id, embedded)
            db.execute(
                "UPDATE library SET model_name = ?, model_sha256 = ?, dimension = ?",
                (model.name, model.sha256, model.dimension),
            )

    def _read_in(self, query: str, values: Sequence[object]) -> Iterator[Row]:
        """Yield the rows for which the column that ends ``query`` is one of ``values``."""
        for first in range(0, len(values), _SQL_VARIABLES):
            some = values[first : first + _SQL_VARIABLES]
            yield from self._db.read(f"{query} IN ({','.join('?' * len(some))})", some)

    def _set_model_if_new(self, model: ModelIdentity) -> None:
        """Store ``model`` as the model of a new library."""
        row = (model.name, model.sha256, model.dimension)
        if not self._db.read("SELECT 1 FROM library"):
            with self._db.transaction() as db:
                db.execute(
                    "INSERT INTO library SELECT ?, ?, ?, 0, 0 "
                    "WHERE NOT EXISTS (SELECT 1 FROM library)",
                    row,
                )
