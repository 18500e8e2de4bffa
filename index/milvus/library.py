"""Define MilvusLibrary: a library on Milvus."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Self

import numpy as np
from cachetools import LRUCache

from index.chunking import ChunkLimits
from index.embedding.embedder import Embedder, Progress, Vectors
from index.errors import ArticleNotFound, LibraryError, LibraryMissing, WrongModel
from index.library_address import MilvusAccess, MilvusAddress
from index.milvus.article_rows import ArticleRow
from index.milvus.articles import MilvusArticles
from index.milvus.chunk_rows import (
    ChunkRows,
    ChunksMissing,
    chunk_of,
    question_terms,
    vector_of,
)
from index.milvus.chunk_search import MAX_DEPTH, Asked, ChunkSearch, FoundChunk
from index.milvus.connection import Connection
from index.milvus.parts import damaged
from index.milvus.schema import CHUNKS_PREFIX, collections, index_type_for
from index.search.backend import Candidate
from index.search.chunk_cache import MAX_CACHED_CHUNKS, CachedChunk
from index.search.embedded_chunks import EmbeddedChunks, embed_article
from index.store.rows import article_not_found
from index.types import Article, Chunk

_CALLS_AT_ONCE = 8
_TRIES = 6
_SEARCHES = 32
"""How often is searched at most, to look past what killed writers have left: each time past all
of at least one article."""
_SEALED_ROWS = 2_000
"""So many rows are compared one by one before Milvus Lite indexes them."""
_CLOCKS_NS = 5 * 10**9
"""How far the clocks of servers may differ."""
_SETTLED_NS = 60 * 10**9
"""What was written longer ago is seen also by reads that are not strong."""


class MilvusLibrary:
    """A searchable library on Milvus. Thread-safe. Any number of processes may use it at once.

    Args:
        address: Where it is.
        access: How to reach it.
        embedder: The model that makes the vectors.
        limits: How long chunks may be.
        create: Whether to create the library if there is none.
        read_only: Whether changes raise LibraryUnwritable.
        connection: What calls Milvus; None for a new one. It is closed with the library.

    Attributes:
        store: The articles themselves: listed, read and renamed there.

    Raises:
        ModelUnavailable: pymilvus is not installed.
        LibraryMissing: There is no library, and ``create`` is not set.
        WrongModel: It was indexed with another model.
        LibraryError: Milvus cannot be reached.
    """

    def __init__(  # noqa: PLR0913 - most are rarely given
        self,
        address: MilvusAddress,
        access: MilvusAccess,
        embedder: Embedder,
        *,
        limits: ChunkLimits | None = None,
        create: bool = True,
        read_only: bool = False,
        connection: Connection | None = None,
    ) -> None:
        self.embedder = embedder
        self._limits = limits or ChunkLimits()
        create = create and not read_only
        self._connection = connection or Connection(address, access, create=create)
        try:
            articles, parts, chunks = self._opened(address, access, create=create)
        except BaseException:
            self._connection.close()
            raise
        self._chunks_name = chunks
        self._chunks = ChunkRows(self._connection, chunks, address.shelf)
        self.store = MilvusArticles(
            self._connection, (articles, parts), address.shelf, self._chunks, read_only=read_only
        )
        self._shelf = address.shelf
        self._pool = ThreadPoolExecutor(_CALLS_AT_ONCE, thread_name_prefix="milvus")
        self._search = ChunkSearch(self._connection, chunks, self._pool)
        self._lock = threading.Lock()
        self._cache: LRUCache[str, tuple[CachedChunk, Vectors]] = LRUCache(MAX_CACHED_CHUNKS)

    def _opened(
        self, address: MilvusAddress, access: MilvusAccess, *, create: bool
    ) -> tuple[str, str, str]:
        """Return the names of the collections, which are created if they are missing."""
        wanted = collections(self.embedder.identity)
        articles, parts, chunks = (collection.name for collection in wanted)
        if not self._models():
            if not create:
                msg = f"There is no library at {address}. Add an article to create it."
                raise LibraryMissing(msg)
            for collection in wanted:  # chunks last: they say that the library is there
                self._connection.create(collection)
        if chunks not in self._models()[:1]:
            model = self.embedder.identity.name
            msg = (
                f"The library was indexed with another model than {model}, and its vectors cannot "
                "be compared with those of this one. Open it with its own model, or copy it to "
                f"another database: article-qa copy {address} milvus://HOST/NEW [--model NAME]"
            )
            raise WrongModel(msg)
        for collection in wanted:
            self._connection.load(collection, index_type_for(0, access.index))
        return articles, parts, chunks

    def _models(self) -> list[str]:
        """Return the collections of chunks: one, unless two processes have just created two."""
        names = self._connection.collections()
        return sorted(name for name in names if name.startswith(CHUNKS_PREFIX))

    def close(self) -> None:
        """Close the connection; using the library afterwards raises LibraryError."""
        self._pool.shutdown(cancel_futures=True)
        with suppress(LibraryError):
            self._connection.seal_if_lite(self._chunks_name, at_least=1)
        self._connection.close()

    def seal(self) -> None:
        """Have Milvus index the passages that were added last, as it does sooner or later itself.

        For the end of a large addition: Milvus takes few such calls.
        """
        self._connection.seal(self._chunks_name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def writable(self) -> bool:
        """Whether the library can be changed."""
        return not self.store.read_only

    def revision(self) -> Hashable:
        """Return a value that changes with every change of the library."""
        return self.store.revision()

    def __len__(self) -> int:
        """Return the number of chunks of all articles."""
        return sum(row.chunks for row in self.store.all_rows().values())

    def add(self, article: Article, progress: Progress | None = None) -> Article:
        """Add an article and return it as stored; adding the same text again changes nothing.

        ``progress`` is called with (chunks embedded, chunks). If it raises, or anything else
        does, nothing is added.

        Raises:
            LibraryUnwritable: The library is read-only.
            LibraryError: Milvus cannot be used.
        """
        known = self._known(article)
        if known is not None:
            return known
        self.store.check_writable()
        new = replace(article, added_at=None)
        return self.add_embedded(new, embed_article(new, self.embedder, self._limits, progress))

    def _known(self, article: Article) -> Article | None:
        with suppress(ArticleNotFound):
            known = self.store.article(article.id)
            if article.file and self.writable:
                self.store.add_file(article.id, article.file)
            return known
        return None

    def add_embedded(self, article: Article, embedded: Iterable[EmbeddedChunks]) -> Article:
        """Add an article that is cut and embedded already; otherwise as :meth:`add`.

        It keeps the time at which it was added to another library, if it has one.
        """
        self.store.check_writable()
        row, file = self.store.new_row(article), None
        try:
            row = self.store.contents.write(row, article)
            count = self._chunks.write(article.id, row.version, article.title, embedded)
            row = replace(row, chunks=count)
            if article.file:
                file = self.store.contents.write_file(article.id, article.file)
            is_new = article.id not in self.store.rows([article.id], strong=True)
        except BaseException:
            self.store.discard(row, file)
            raise
        if is_new:
            self.store.show(row, file)
        shown = self.store.rows([article.id], strong=True).get(article.id)
        if not is_new or (shown is not None and shown.version != row.version):
            self.store.discard(row, file)  # another process was faster
        self._connection.seal_if_lite(self._chunks_name, at_least=_SEALED_ROWS)
        if shown is not None:
            with suppress(ArticleNotFound):
                return self.store.article(article.id)
        return replace(article, added_at=row.added_at, file=None)  # it was removed meanwhile

    @contextmanager
    def adding_many(self) -> Iterator[None]:
        """Return a context in which many articles are added; they are indexed at its end."""
        yield
        self.seal()

    def remove(self, article_id: str) -> None:
        """Remove an article.

        Raises:
            ArticleNotFound: There is no article with this id.
            LibraryUnwritable: The library is read-only.
            LibraryError: Milvus cannot be used.
        """
        self.store.remove(article_id)

    def chunks(self, article_id: str) -> tuple[list[Chunk], Vectors]:
        """Return the chunks of an article in order, and their vectors, ``(n, dimension)``.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        for _ in range(_TRIES):
            batches = self._chunks.read(self.store.row(article_id))
            if batches is None:
                continue
            with suppress(ChunksMissing):
                read = list(batches)
                chunks = [chunk for batch in read for chunk in batch.chunks]
                return chunks, np.concatenate([batch.vectors for batch in read])
        msg = f"passages of {article_id} are missing"
        raise damaged(msg)

    def candidates(
        self,
        question: str,
        vector: Vectors,
        depth: int,
        article_ids: Sequence[str] | None = None,
    ) -> list[Candidate]:
        """Return the best ``depth`` chunks of each search, by id, all with both scores.

        ``vector`` is the embedded question, ``(dimension,)``.

        A chunk counts only if the row of its article names its version, and that row is read after
        the search, strongly: what belongs to it may be deleted only later. If other chunks were
        found, as of an article that is just being added, the search is repeated with no chunks of
        their articles but those that count. It is also repeated, with strong consistency, if an
        article became visible within the last minute, because the first search may have seen only
        some of its chunks.

        Raises:
            ArticleNotFound: One of ``article_ids`` is not in the library.
        """
        asked = Asked(question_terms(question), vector, max(1, min(depth, MAX_DEPTH)), self._shelf)
        whole: set[str] = set()  # versions that were visible before a strong search began
        strong = False
        for _ in range(_SEARCHES):
            if article_ids is not None:
                rows = self._rows_of(article_ids)
                asked.versions = sorted({row.version for row in rows.values()})
                whole |= set(asked.versions)
                strong = strong or bool(_shown_since(time.time_ns() - _SETTLED_NS, rows.values()))
            strong = strong or self._connection.reads_strongly
            since = time.time_ns() - (_CLOCKS_NS if strong else _SETTLED_NS)
            found = self._search.run(asked, strong=strong)
            articles = {each.article for each in found.values()}
            rows = self.store.rows({*articles, *asked.only, *(article_ids or ())}, strong=True)
            live = {row.version for row in rows.values()}
            new = _shown_since(since, rows.values()) - (whole if strong else set())
            visible = {i: each for i, each in found.items() if each.version in live - new}
            candidates, missing = self._with_chunks(visible, vector)
            mixed = {each.article for each in found.values() if each.version not in live}
            only = {i: rows[i].version if i in rows else "" for i in mixed | asked.only.keys()}
            is_moved = asked.versions is not None and not live.issuperset(asked.versions)
            if not (new or missing or is_moved or only != asked.only):
                break
            whole |= new
            strong = strong or bool(new or missing)
            asked.only = only
        return candidates

    def _rows_of(self, article_ids: Sequence[str]) -> dict[str, ArticleRow]:
        """Return the rows of these articles.

        Raises:
            ArticleNotFound: One of them is not in the library.
        """
        rows = self.store.rows(article_ids, strong=True)
        for article_id in article_ids:
            if article_id not in rows:
                raise article_not_found(article_id)
        return rows

    def _with_chunks(
        self, found: dict[str, FoundChunk], vector: Vectors
    ) -> tuple[list[Candidate], set[str]]:
        """Return what was found with its chunks, by id.

        Also returns the versions of which some have been deleted meanwhile, which are left out.
        """
        with self._lock:
            known = {each: self._cache[each] for each in found if each in self._cache}
        rows = self._chunks.get([each for each in found if each not in known])
        read = {
            row["id"]: (CachedChunk(row["id"], chunk_of(row), row["title"]), vector_of(row))
            for row in rows
        }
        with self._lock:
            self._cache.update(read)
        known |= read
        missing = {each.version for chunk_id, each in found.items() if chunk_id not in known}
        candidates = [
            Candidate(known[i][0], float(known[i][1] @ vector), found[i].bm25)
            for i in sorted(known)
            if found[i].version not in missing
        ]
        return candidates, missing


def _shown_since(since: int, rows: Iterable[ArticleRow]) -> set[str]:
    """Return the versions that became visible so late that a search may not have seen all."""
    return {row.version for row in rows if row.shown > since}
