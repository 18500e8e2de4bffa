"""Keep a store and its two indexes in sync, and search them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from index.chunking import ChunkLimits
from index.embedding.embedder import Embedder, Progress, Vectors
from index.errors import ArticleNotFound
from index.search.backend import Candidate
from index.search.chunk_cache import ChunkCache
from index.search.consistency import Mismatches, find_mismatches
from index.search.embedded_chunks import EmbeddedChunks, embed_article
from index.search.sync import TextSync, VectorSync
from index.search.text_index import remove_index
from index.store.folder import STORE_FILE, TEXT_FOLDER, VECTOR_FILE, WriteLock, check_folder
from index.store.rows import NEW, ChunkSpool, Revision
from index.store.store import Store
from index.types import Article, Chunk


class PassageIndex:
    """A searchable library of articles. Thread-safe.

    Args:
        folder: The library's folder; None for memory.
        embedder: The model that makes the vectors.
        limits: How long chunks may be.
        create: Whether to create the library if there is none.
        read_only: Whether to change nothing in the folder, not even temporarily; changes of the
            library raise LibraryUnwritable. Only an index that is missing or damaged is still
            rebuilt on disk, where possible.
        replacing: As for :class:`index.store.store.Store`.
        rebuild: Whether to rebuild both indexes.

    Attributes:
        store: The articles themselves: listed, read and renamed there.

    A library that cannot be written to is opened read-only. A child process made by ``fork``
    must open the library itself.

    Raises:
        LibraryMissing: There is no library, and ``create`` is not set.
        LibraryError: The library cannot be opened; see :mod:`index.errors`.
    """

    def __init__(  # noqa: PLR0913 - most are rarely given
        self,
        folder: Path | None,
        embedder: Embedder,
        *,
        limits: ChunkLimits | None = None,
        create: bool = True,
        read_only: bool = False,
        replacing: bool = False,
        rebuild: bool = False,
    ) -> None:
        self.embedder = embedder
        self._folder = folder
        self._limits = limits or ChunkLimits()
        self._lock = threading.RLock()  # guards both indexes
        self._adds_many = False
        if folder:
            create = check_folder(folder, create=create and not read_only)
        if not (read_only and self._try_read_only()):
            self._open(create=create, replacing=replacing, rebuild=rebuild)
        try:
            self._chunk_cache = ChunkCache(self.store)
            if not replacing:
                self._catch_up()
        except BaseException:
            self.store.close()
            raise

    def _try_read_only(self) -> bool:
        """Open the library read-only, and return whether no index has to be rebuilt."""
        self._open(read_only=True)
        if not self.index_problems:
            return True
        self._text.close()
        self.store.close()
        return False

    def _open(
        self,
        *,
        create: bool = False,
        read_only: bool = False,
        replacing: bool = False,
        rebuild: bool = False,
    ) -> None:
        """Open the store and its indexes as they are on disk."""
        folder, model = self._folder, self.embedder.identity
        lock = WriteLock(None if read_only else folder)
        self.store = Store(
            folder and folder / STORE_FILE,
            model,
            replacing=replacing,
            create=create,
            read_only=read_only,
        )
        try:
            self._write_lock = lock if self.store.writable else WriteLock(None)
            if rebuild and folder and self.store.writable:
                self._delete_indexes(folder)
            self._vectors = VectorSync(
                folder and folder / VECTOR_FILE, self.store, model, self._write_lock
            )
            self._text = TextSync(folder and folder / TEXT_FOLDER, self.store, self._write_lock)
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        """Save the indexes and close the library; using it afterwards raises LibraryError."""
        self._vectors.close()
        self.store.close()
        self._text.close()

    @property
    def writable(self) -> bool:
        """Whether the library can be changed."""
        return self.store.writable

    def revision(self) -> Revision:
        """Return a value that changes with every change of the library."""
        return self.store.revision()

    @property
    def index_problems(self) -> dict[str, str]:
        """What was wrong with each index file when the library was opened, by file name."""
        if self.store.revision() == NEW:
            return {}  # an empty library needs no index files
        found = {VECTOR_FILE: self._vectors.problem, TEXT_FOLDER: self._text.problem}
        return {name: problem for name, problem in found.items() if problem}

    def find_mismatches(self, progress: Progress | None = None) -> Mismatches:
        """Compare the indexes with the store, passage by passage.

        ``progress`` is called with (passages compared, passages).

        Raises:
            LibraryLocked: Another process kept writing for more than 10 s.
        """
        with self._write_lock.held(), self._lock, self.store.snapshot():
            self._catch_up()
            return find_mismatches(self.store, self._vectors.index, self._text.index, progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, article: Article, progress: Progress | None = None) -> Article:
        """Add an article and return it as stored; adding the same text again changes nothing.

        ``progress`` is called with (chunks embedded, chunks). If it raises, or anything else
        does, nothing is added.

        Raises:
            LibraryLocked: Another process kept writing for more than 10 s.
            LibraryUnwritable: The disk is full, or the library is read-only.
        """
        with suppress(ArticleNotFound):
            known = self.store.article(article.id)
            if article.file and self.store.writable:
                self.store.add_file(article.id, article.file)
            return known
        self.store.check_writable()
        new = replace(article, added_at=None)
        return self.add_embedded(new, self._embedded(new, progress))

    def add_embedded(self, article: Article, embedded: Iterable[EmbeddedChunks]) -> Article:
        """Add an article that is cut and embedded already; otherwise as :meth:`add`.

        It keeps the time at which it was added to another library, if it has one.
        """
        with ChunkSpool() as spool:
            for chunks, vectors in embedded:
                spool.add(article.id, chunks, vectors)
            with self._write_lock.held():
                self.store.add(article, spool)
                stored = self.store.article(article.id)  # under the lock, nobody can remove it
                if not self._adds_many:
                    self._catch_up()
        return stored

    @contextmanager
    def adding_many(self) -> Iterator[None]:
        """Return a context in which many articles are added fast: both indexes follow at its end.

        That takes a tenth of a second for each article otherwise. If the process is killed, they
        follow when the library is opened.
        """
        self._adds_many = True
        try:
            yield
        finally:
            self._adds_many = False
        self._catch_up()

    def remove(self, article_id: str) -> None:
        """Remove an article.

        Raises:
            ArticleNotFound: There is no article with this id.
            LibraryLocked: Another process kept writing for more than 10 s.
        """
        self.store.check_writable()
        with self._write_lock.held():
            self.store.remove(article_id)
            self._catch_up()

    def reembed(self, progress: Progress | None = None) -> None:
        """Chunk and embed every article again with this index's model, in one transaction.

        ``progress`` is called with (articles done, articles).
        """
        self.store.check_writable()
        ids = list(self.store.titles())
        with ChunkSpool() as embedded:
            for done, article_id in enumerate(ids, start=1):
                self._spool(article_id, embedded)
                if progress:
                    progress(done, len(ids))
            with self._write_lock.held():
                # Articles that another process added before the lock was taken.
                for article_id in self.store.titles().keys() - set(ids):
                    self._spool(article_id, embedded)
                self.store.replace_chunks(self.embedder.identity, embedded)
                with self._lock:
                    self._vectors.reset()
                self._catch_up()

    def __len__(self) -> int:
        """Return the number of chunks of all articles."""
        self.store.check_process()
        with self._lock:
            self._catch_up()
            return len(self._vectors.index)

    def chunks(self, article_id: str) -> tuple[list[Chunk], Vectors]:
        """Return the chunks of an article in order, and their vectors, ``(n, dimension)``.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        with self.store.snapshot():
            ((first, last),) = self.store.chunk_ranges([article_id])
            chunks = [stored.chunk for stored in self.store.chunks_between(first, last)]
            return chunks, self.store.vectors_between(first, last)[1]

    def candidates(
        self,
        question: str,
        vector: Vectors,
        depth: int,
        article_ids: Iterable[str] | None = None,
    ) -> list[Candidate]:
        """Return the best ``depth`` chunks of each index, by chunk id, all with both scores.

        A ``depth`` over the number of chunks returns all of them. ``vector`` is the embedded
        question, ``(dimension,)``.

        Raises:
            ArticleNotFound: One of ``article_ids`` is not in the library.
        """
        self.store.check_process()  # before taking a lock that a fork may have left locked
        ids = None if article_ids is None else list(article_ids)
        while True:
            ranges = None if ids is None else self.store.chunk_ranges(ids)
            cosines, bm25, revision = self._search(question, vector, depth, ranges)
            chunks = self._chunk_cache.of(sorted(cosines), revision)
            is_moved = ids is not None and self.store.chunk_ranges(ids) != ranges
            is_incomplete = len(chunks) < len(cosines) and self.store.revision() != revision
            if not (is_moved or is_incomplete):  # as when an article is renamed meanwhile
                break
        return [
            Candidate(chunks[chunk_id], cosines[chunk_id], bm25.get(chunk_id, 0.0))
            for chunk_id in sorted(chunks)
        ]

    def _search(
        self,
        question: str,
        vector: Vectors,
        depth: int,
        ranges: Sequence[tuple[int, int]] | None,
    ) -> tuple[dict[int, float], dict[int, float], Revision]:
        """Return the cosine and the BM25 score of each chunk found, and the revision searched."""
        with self._lock:
            self._catch_up()
            vectors, text = self._vectors.index, self._text.index
            depth = min(depth, len(vectors))
            cosines = dict(vectors.search(vector, depth, ranges))
            bm25 = text.scores(question, depth, cosines, ranges)
            unseen = [chunk_id for chunk_id in bm25 if chunk_id not in cosines]
            return cosines | vectors.similarities(vector, unseen), bm25, vectors.revision

    def _embedded(
        self, article: Article, progress: Progress | None = None
    ) -> Iterator[EmbeddedChunks]:
        return embed_article(article, self.embedder, self._limits, progress)

    def _spool(self, article_id: str, spool: ChunkSpool) -> None:
        for chunks, vectors in self._embedded(self.store.article(article_id)):
            spool.add(article_id, chunks, vectors)

    def _catch_up(self) -> None:
        """Bring both indexes to the store's revision."""
        with self._lock:
            self._vectors.catch_up(self.store.revision())
            self._text.catch_up(self._vectors.index.revision)

    def _delete_indexes(self, folder: Path) -> None:
        with self._write_lock.held():
            (folder / VECTOR_FILE).unlink(missing_ok=True)
            remove_index(folder / TEXT_FOLDER)
