"""PassageIndex: the record and the indexes derived from it, in step."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from index.chunking import ChunkLimits, chunk_article
from index.derived_check import Disagreements, disagreements
from index.embedder import Embedder, Progress, Vectors
from index.errors import LibraryError, LibraryLocked
from index.forks import renew_in_children
from index.leftovers import remove_leftovers
from index.lexical import remove_index
from index.revisions import NEW, StoredChunk
from index.storage import Storage
from index.types import Article, ArticleInfo, Chunk
from index.vectors import VectorIndex
from index.words import Words, searchable_text
from index.write_lock import WriteLock

RECORD = "library.sqlite"
VECTORS = "vectors.faiss"
LEXICAL = "lexical"
# The FAISS file is written anew once this share of it has changed, so that adding
# an article costs by its own size; opening catches up on the rest from the record.
_SAVE_WHEN_CHANGED = 0.1
_SAVE_AT_LEAST = 1_000

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that may answer a question, with its two scores."""

    stored: StoredChunk
    similarity: float
    """Cosine of question and chunk."""
    bm25: float


class PassageIndex:
    """A library of articles that can be searched. Safe to use from several threads.

    Args:
        folder: Where the library lies, made if absent; None keeps it in memory.
        embedder: The model of the vectors.
        limits: How long chunks may be.
        replacing: As for :class:`index.storage.Storage`.
        rebuild: Whether to derive the indexes anew, whatever there is of them.

    A library that cannot be written to is opened for reading: what would change it raises
    LibraryUnwritable.

    Raises:
        LibraryError: The library cannot be opened; see :mod:`index.errors`.
    """

    def __init__(
        self,
        folder: Path | None,
        embedder: Embedder,
        *,
        limits: ChunkLimits | None = None,
        replacing: bool = False,
        rebuild: bool = False,
    ) -> None:
        self.embedder = embedder
        self._folder = folder
        self._limits = limits or ChunkLimits()
        self._lock = threading.RLock()  # around the derived indexes
        self._unsaved = 0
        self._vectors_fault: str | None = None
        lock = WriteLock(folder)
        record = folder / RECORD if folder else None
        self._storage = Storage(record, embedder.identity, replacing=replacing)
        try:
            self._write_lock = lock if self._storage.writable else WriteLock(None)
            if rebuild and folder and self._storage.writable:
                self._discard(folder)
            self._remove_leftovers()
            self._vectors = self._load_vectors()
            self._words = Words(folder and folder / LEXICAL, self._storage, self._write_lock)
            if not replacing:
                self._catch_up()
        except BaseException:
            self._storage.close()
            raise
        renew_in_children(self)

    def close(self) -> None:
        """Save what is derived and close the library; nothing can be asked of it afterwards."""
        if self._unsaved:
            self._save_vectors()
        self._storage.close()
        self._words.close()

    def renew_in_child(self) -> None:
        """Make the lock anew, which another thread of the parent may have held."""
        self._lock = threading.RLock()

    @property
    def writable(self) -> bool:
        """Whether the library can be changed, and not only read."""
        return self._storage.writable

    @property
    def faults(self) -> dict[str, str]:
        """What was wrong, when this was opened, with the files that are derived, by name."""
        if self._storage.revision() == NEW:
            return {}  # nothing was added yet, so nothing was missing
        found = {VECTORS: self._vectors_fault, LEXICAL: self._words.fault}
        return {name: fault for name, fault in found.items() if fault}

    def disagreements(self, progress: Progress | None = None) -> Disagreements:
        """Compare what is derived with the record, passage by passage.

        ``progress`` is called with (passages compared, passages).

        Raises:
            LibraryLocked: Another process kept writing for longer than the stated time.
        """
        with self._write_lock.held(), self._lock:
            self._catch_up()
            return disagreements(self._storage, self._vectors, self._words.index, progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def articles(self) -> list[Article]:
        """Return every article, in the order they were added."""
        return self._storage.articles()

    def catalogue(self) -> list[ArticleInfo]:
        """Return what a list shows of every article, in the order they were added."""
        return self._storage.catalogue()

    def article(self, article_id: str) -> Article:
        """Return the article of this id.

        Raises:
            ArticleNotFound: There is none.
        """
        return self._storage.article(article_id)

    def pages(self, article_ids: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Return where the pages of each of the articles start, if it has pages."""
        return self._storage.pages(article_ids)

    def add(self, article: Article, progress: Progress | None = None) -> Article:
        """Add an article and return it as recorded; the same text twice is one article.

        ``progress`` is called with (chunks embedded, chunks). Nothing is changed
        if it raises, or if anything else does.

        Raises:
            LibraryLocked: Another process kept writing for longer than the stated time.
            LibraryUnwritable: The disk is full, or may not be written to.
        """
        if not self._storage.has_article(article.id):
            self._storage.check_writable()
            chunks, vectors = self._embedded(article, progress)
            with self._write_lock.held():
                self._storage.add(article, chunks, vectors)
                self._catch_up()
        return self._storage.article(article.id)

    def remove(self, article_id: str) -> None:
        """Remove an article.

        Raises:
            ArticleNotFound: There is none of this id.
            LibraryLocked: Another process kept writing for longer than the stated time.
        """
        with self._write_lock.held():
            self._storage.remove(article_id)
            self._catch_up()

    def rename(self, article_id: str, title: str) -> None:
        """Give an article another title; no chunk, vector or word depends on it.

        Raises:
            ArticleNotFound: There is none of this id.
        """
        self._storage.rename(article_id, title)

    def reembed(self, progress: Progress | None = None) -> None:
        """Cut and embed every article anew with this index's model, all or nothing.

        ``progress`` is called with (articles done, articles).
        """
        self._storage.check_writable()
        articles = self._storage.articles()
        embedded: list[tuple[str, Sequence[Chunk], Vectors]] = []
        for article in articles:
            embedded.append((article.id, *self._embedded(article, None)))
            if progress:
                progress(len(embedded), len(articles))
        with self._write_lock.held():
            # Another process may have added some meanwhile; nobody can any more.
            done = {article.id for article in articles}
            later = [info.id for info in self._storage.catalogue() if info.id not in done]
            embedded += [
                (article_id, *self._embedded(self._storage.article(article_id), None))
                for article_id in later
            ]
            self._storage.replace_chunks(self.embedder.identity, embedded)
            with self._lock:
                self._vectors = VectorIndex(self.embedder.identity.dimension)
            self._catch_up()
            self._save_vectors()

    def __len__(self) -> int:
        """Return the number of chunks of all articles."""
        with self._lock:
            self._catch_up()
            return len(self._vectors)

    def chunks(self, article_id: str) -> tuple[list[Chunk], Vectors]:
        """Return the chunks of an article in order, and their vectors, ``(n, dimension)``.

        Raises:
            ArticleNotFound: It is not in the library.
        """
        with self._storage.snapshot():
            ((first, last),) = self._storage.chunk_ranges([article_id])
            chunks = [stored.chunk for stored in self._storage.chunks_between(first, last)]
            return chunks, self._storage.vectors_between(first, last)[1]

    def candidates(
        self,
        question: str,
        vector: Vectors,
        depth: int,
        article_ids: Iterable[str] | None = None,
    ) -> list[Candidate]:
        """Return the ``depth`` nearest by meaning and by words, each with both scores.

        ``vector`` is the question's, ``(dimension,)``. Ordered by chunk id.

        Raises:
            ArticleNotFound: One of ``article_ids`` is not in the library.
        """
        ranges = None if article_ids is None else self._storage.chunk_ranges(article_ids)
        with self._lock:
            self._catch_up()
            dense = dict(self._vectors.search(vector, depth, ranges))
            lexical = dict(self._words.index.search(question, depth, ranges))
            unseen = [chunk_id for chunk_id in lexical if chunk_id not in dense]
            dense |= self._similarities(vector, unseen)
            if len(lexical) == depth:  # else every chunk with a matching word is in it
                unseen = [chunk_id for chunk_id in dense if chunk_id not in lexical]
                lexical |= zip(unseen, self._words.index.scores(question, unseen), strict=True)
        stored = self._storage.chunks(sorted(dense))
        return [
            Candidate(chunk, dense[chunk_id], lexical.get(chunk_id, 0.0))
            for chunk_id, chunk in sorted(stored.items())
        ]

    def _similarities(self, vector: Vectors, ids: list[int]) -> dict[int, float]:
        """Return the cosine of each of ``ids`` that is still there."""
        if self._words.index.revision == self._vectors.revision:
            return dict(zip(ids, self._vectors.similarities(vector, ids), strict=True))
        # Somebody is writing: the words may be behind, and know chunks that were removed.
        found = ((i, self._vectors.similarity(vector, i)) for i in ids)
        return {i: cosine for i, cosine in found if cosine is not None}

    def _embedded(self, article: Article, progress: Progress | None) -> tuple[list[Chunk], Vectors]:
        window = self.embedder.max_tokens
        limits = replace(self._limits, max_tokens=min(self._limits.max_tokens, window))
        chunks = chunk_article(article, self.embedder.count_tokens, limits)
        texts = [searchable_text(chunk) for chunk in chunks]
        for i, tokens in enumerate(self.embedder.count_tokens(texts)):
            if tokens > window:  # the text comes first, and whole
                texts[i] = chunks[i].text
        return chunks, self.embedder.encode_documents(texts, progress)

    def _catch_up(self) -> None:
        """Bring the derived indexes to the record's revision, at the cost of what changed."""
        with self._lock:
            if self._vectors.revision != self._storage.revision():
                # What is read must be of one state: another thread or process may be writing.
                with self._storage.snapshot():
                    self._catch_up_vectors()
            if self._unsaved >= max(_SAVE_AT_LEAST, _SAVE_WHEN_CHANGED * len(self._vectors)):
                self._save_vectors()
            self._words.catch_up()

    def _catch_up_vectors(self) -> None:
        revision = self._storage.revision()
        # Another process may have re-embedded the library meanwhile.
        self._storage.check_model(self.embedder.identity)
        for change in self._storage.changes_since(self._vectors.revision):
            if change.added:
                self._vectors.add(
                    *self._storage.vectors_between(change.first_chunk, change.last_chunk)
                )
            else:
                self._vectors.remove_range(change.first_chunk, change.last_chunk)
            self._unsaved += change.last_chunk - change.first_chunk + 1
        self._vectors.revision = revision

    def _load_vectors(self) -> VectorIndex:
        dimension = self.embedder.identity.dimension
        if self._folder is None:
            return VectorIndex(dimension)
        path = self._folder / VECTORS
        found = VectorIndex.load(path, dimension)
        if found is not None and self._storage.has_been_at(found.revision):
            return found
        self._vectors_fault = "was missing"
        if found is not None:
            self._vectors_fault = "was of another state of the record"
        elif path.exists():
            self._vectors_fault = "could not be read"
        return VectorIndex(dimension)

    def _save_vectors(self) -> None:
        if self._folder is None or not self._storage.writable:
            return
        try:
            with self._write_lock.held(wait=False):
                remove_leftovers(self._folder)
                self._vectors.save(self._folder / VECTORS)
            self._unsaved = 0
        except LibraryLocked:
            _logger.debug("the vector index was not saved: another process is writing")
        except (LibraryError, OSError) as error:
            # Only a cache of the record: the next opening rebuilds it.
            _logger.warning("the vector index was not saved: %s", error)

    def _remove_leftovers(self) -> None:
        if self._folder is not None and self._storage.writable:
            # Another process that is writing does it when it saves.
            with contextlib.suppress(LibraryError), self._write_lock.held(wait=False):
                remove_leftovers(self._folder)

    def _discard(self, folder: Path) -> None:
        with self._write_lock.held():
            (folder / VECTORS).unlink(missing_ok=True)
            remove_index(folder / LEXICAL)
