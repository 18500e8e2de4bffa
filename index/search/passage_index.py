"""PassageIndex: the record and the indexes derived from it, in step."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self

from index.chunking import ChunkLimits, chunk_article
from index.embedding.embedder import Embedder, Progress, Vectors
from index.errors import ArticleNotFound
from index.search.chunk_cache import CachedChunk, ChunkCache
from index.search.consistency import Mismatches, find_mismatches
from index.search.sync import TextSync, VectorSync, searchable_text
from index.search.text_index import remove_index
from index.store.folder import STORE_FILE, TEXT_FOLDER, VECTOR_FILE, check_folder
from index.store.lock import WriteLock
from index.store.rows import NEW
from index.store.staging import ChunkSpool
from index.store.store import Store
from index.types import Article, Chunk

_EMBEDDED_AT_ONCE = 2_048


class Candidate(NamedTuple):
    """A chunk that may answer a question, with its two scores."""

    stored: CachedChunk
    similarity: float
    """Cosine of question and chunk."""
    bm25: float


class PassageIndex:
    """A library of articles that can be searched. Safe to use from several threads.

    Args:
        folder: Where the library is; None keeps it in memory.
        embedder: The model of the vectors.
        limits: How long chunks may be.
        create: Whether to make the library if there is none.
        read_only: Whether only to read: nothing in the folder changes, not even for a moment,
            and what would change the library raises LibraryUnwritable. An index that is missing
            or damaged is still rebuilt on disk where that is possible.
        replacing: As for :class:`index.store.store.Store`.
        rebuild: Whether to rebuild the derived indexes, whatever there is of them.

    Attributes:
        store: The articles themselves: listed, read and renamed there.

    A library that cannot be written to is opened for reading only. A child process made by
    ``fork`` must open the library itself.

    Raises:
        LibraryMissing: There is none, and ``create`` is not set.
        LibraryError: The library cannot be opened; see :mod:`index.errors`.
    """

    def __init__(  # noqa: PLR0913 - two are needed, the others are seldom given
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
        self._lock = threading.RLock()  # around the derived indexes
        if folder:
            create = check_folder(folder, create=create and not read_only)
        if not (read_only and self._is_read_as_it_is()):
            self._open(create=create, replacing=replacing, rebuild=rebuild)
        try:
            self._recent = ChunkCache(self.store)
            if not replacing:
                self._catch_up()
        except BaseException:
            self.store.close()
            raise

    def _is_read_as_it_is(self) -> bool:
        """Open the library for reading only, and return whether nothing has to be rebuilt."""
        self._open(read_only=True)
        if not self.faults:
            return True
        self._words.close()
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
        """Open the record and the derived indexes beside it, as they are."""
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
                self._discard(folder)
            self._meaning = VectorSync(
                folder and folder / VECTOR_FILE, self.store, model, self._write_lock
            )
            self._words = TextSync(folder and folder / TEXT_FOLDER, self.store, self._write_lock)
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        """Save what is derived and close the library; nothing can be asked of it afterwards."""
        self._meaning.close()
        self.store.close()
        self._words.close()

    @property
    def writable(self) -> bool:
        """Whether the library can be changed, and not only read."""
        return self.store.writable

    @property
    def faults(self) -> dict[str, str]:
        """What was wrong, when this was opened, with the files that are derived, by name."""
        if self.store.revision() == NEW:
            return {}  # nothing was added yet, so nothing was missing
        found = {VECTOR_FILE: self._meaning.fault, TEXT_FOLDER: self._words.fault}
        return {name: fault for name, fault in found.items() if fault}

    def find_mismatches(self, progress: Progress | None = None) -> Mismatches:
        """Compare what is derived with the record, passage by passage.

        ``progress`` is called with (passages compared, passages).

        Raises:
            LibraryLocked: Another process kept writing for longer than the stated time.
        """
        with self._write_lock.held(), self._lock, self.store.snapshot():
            self._catch_up()
            return find_mismatches(self.store, self._meaning.index, self._words.index, progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, article: Article, progress: Progress | None = None) -> Article:
        """Add an article and return it as recorded; the same text twice is one article.

        ``progress`` is called with (chunks embedded, chunks). Nothing is changed
        if it raises, or if anything else does.

        Raises:
            LibraryLocked: Another process kept writing for longer than the stated time.
            LibraryUnwritable: The disk is full, or may not be written to.
        """
        with suppress(ArticleNotFound):
            return self.store.article(article.id)
        self.store.check_writable()
        with ChunkSpool() as embedded:
            self._embed(article, embedded, progress)
            with self._write_lock.held():
                self.store.add(article, embedded)
                recorded = self.store.article(article.id)  # nobody can remove it meanwhile
                self._catch_up()
        return recorded

    def remove(self, article_id: str) -> None:
        """Remove an article.

        Raises:
            ArticleNotFound: There is none of this id.
            LibraryLocked: Another process kept writing for longer than the stated time.
        """
        self.store.check_writable()
        with self._write_lock.held():
            self.store.remove(article_id)
            self._catch_up()

    def reembed(self, progress: Progress | None = None) -> None:
        """Cut and embed every article anew with this index's model, all or nothing.

        ``progress`` is called with (articles done, articles).
        """
        self.store.check_writable()
        ids = list(self.store.titles())
        with ChunkSpool() as embedded:
            for done, article_id in enumerate(ids, start=1):
                self._embed(self.store.article(article_id), embedded, None)
                if progress:
                    progress(done, len(ids))
            with self._write_lock.held():
                # Another process may have added some meanwhile; nobody can any more.
                for article_id in self.store.titles().keys() - set(ids):
                    self._embed(self.store.article(article_id), embedded, None)
                self.store.replace_chunks(self.embedder.identity, embedded)
                with self._lock:
                    self._meaning.reset()
                self._catch_up()

    def __len__(self) -> int:
        """Return the number of chunks of all articles."""
        self.store.check_process()
        with self._lock:
            self._catch_up()
            return len(self._meaning.index)

    def chunks(self, article_id: str) -> tuple[list[Chunk], Vectors]:
        """Return the chunks of an article in order, and their vectors, ``(n, dimension)``.

        Raises:
            ArticleNotFound: It is not in the library.
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
        """Return the ``depth`` nearest by meaning and by words, each with both scores.

        A ``depth`` over the number of chunks brings them all. ``vector`` is the question's,
        ``(dimension,)``. Ordered by chunk id.

        Raises:
            ArticleNotFound: One of ``article_ids`` is not in the library.
        """
        self.store.check_process()  # before waiting for a lock that nobody may hold here
        ranges = None if article_ids is None else self.store.chunk_ranges(article_ids)
        with self._lock:
            self._catch_up()
            meaning, words = self._meaning.index, self._words.index
            depth = min(depth, len(meaning))
            dense = dict(meaning.search(vector, depth, ranges))
            lexical = words.scores(question, depth, dense, ranges)
            unseen = [chunk_id for chunk_id in lexical if chunk_id not in dense]
            dense |= meaning.similarities(vector, unseen)
            revision = meaning.revision
        recent = self._recent.of(sorted(dense), revision)
        return [
            Candidate(recent[chunk_id], dense[chunk_id], lexical.get(chunk_id, 0.0))
            for chunk_id in sorted(recent)
        ]

    def _embed(self, article: Article, spool: ChunkSpool, progress: Progress | None) -> None:
        """Cut an article and embed its chunks, which go to ``spool`` as they are ready."""
        window = self.embedder.max_tokens
        limits = replace(self._limits, max_tokens=min(self._limits.max_tokens, window))
        chunks = chunk_article(article, self.embedder.count_tokens, limits)
        for first in range(0, len(chunks), _EMBEDDED_AT_ONCE):
            some = chunks[first : first + _EMBEDDED_AT_ONCE]
            texts = [searchable_text(chunk) for chunk in some]
            headed = [i for i, chunk in enumerate(some) if texts[i] != chunk.text]
            counts = self.embedder.count_tokens([texts[i] for i in headed])
            for i, tokens in zip(headed, counts, strict=True):
                if tokens > window:  # the text comes first, and whole
                    texts[i] = some[i].text
            told = progress and _continued(progress, first, len(chunks))
            spool.add(article.id, some, self.embedder.encode_documents(texts, told))

    def _catch_up(self) -> None:
        """Bring the derived indexes to the record's revision, at the cost of what changed."""
        with self._lock:
            self._meaning.catch_up(self.store.revision())
            self._words.catch_up(self._meaning.index.revision)

    def _discard(self, folder: Path) -> None:
        with self._write_lock.held():
            (folder / VECTOR_FILE).unlink(missing_ok=True)
            remove_index(folder / TEXT_FOLDER)


def _continued(progress: Progress, done: int, total: int) -> Progress:
    """Return ``progress`` for a part of ``total`` steps of which ``done`` are done before it."""
    return lambda more, _: progress(done + more, total)
