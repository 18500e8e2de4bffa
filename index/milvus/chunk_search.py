"""Search the chunks of a library on Milvus by vectors and by BM25, and join both results."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from index.embedding.embedder import Vectors
from index.errors import LibraryError
from index.milvus.connection import Connection, quoted
from index.milvus.schema import BM25, TITLE_BM25, VECTOR
from index.search.text_index import TITLE_WEIGHT

MAX_DEPTH = 10_000
"""Milvus returns up to 16,384 rows."""
_FIELDS = ("article", "version")


@dataclass(slots=True)
class Asked:
    """What to search for, and among which chunks."""

    terms: str
    """What BM25 searches for, between spaces; "" for nothing."""
    vector: Vectors
    """``(dimension,)``."""
    depth: int
    """How many chunks each of the two searches returns."""
    shelf: str
    versions: Sequence[str] | None = None
    """The versions of articles to search; None for all."""
    only: dict[str, str] = field(default_factory=dict)
    """The version of some articles, by their ids; "" of one that is not in the library.

    Chunks of other versions, which killed writers have left, are not found.
    """

    @property
    def condition(self) -> str:
        """What the chunks must meet, as a filter of Milvus."""
        parts = [f'shelf == "{self.shelf}"']
        if self.versions is not None:
            parts.append(f"version in {quoted(self.versions)}")
        if self.only:
            articles, versions = quoted(self.only), quoted(self.only.values())
            parts.append(f"(article not in {articles} or version in {versions})")
        return " and ".join(parts)


@dataclass(slots=True)
class FoundChunk:
    """A chunk that was found, by any of the searches."""

    article: str
    version: str
    scores: dict[str, float] = field(default_factory=dict)
    """By the field that was searched."""

    @property
    def bm25(self) -> float:
        """The score of its words, in which its article's title counts less than its text."""
        return self.scores.get(BM25, 0.0) + TITLE_WEIGHT * self.scores.get(TITLE_BM25, 0.0)


class ChunkSearch:
    """Searches of one collection of chunks.

    Args:
        connection: The database.
        name: The collection.
        pool: What runs calls at the same time.
    """

    def __init__(self, connection: Connection, name: str, pool: Executor) -> None:
        self._connection, self._name, self._pool = connection, name, pool

    def run(self, asked: Asked, *, strong: bool) -> dict[str, FoundChunk]:
        """Return the best chunks of each search by id, all with their scores of BM25.

        With ``strong``, every write before this call is seen.
        """
        condition = asked.condition
        found: dict[str, FoundChunk] = {}
        fields = (VECTOR, BM25, TITLE_BM25) if asked.terms else (VECTOR,)
        jobs = dict.fromkeys(fields, (asked.depth, condition))
        counts = self._search(asked, jobs, found, strong=strong)
        nearest = [chunk_id for chunk_id, each in found.items() if VECTOR in each.scores]
        missing = {}
        for name in fields[1:]:
            ids = [chunk_id for chunk_id, each in found.items() if name not in each.scores]
            if ids and counts[name] == asked.depth:  # otherwise these are all that match
                missing[name] = (len(ids), f'shelf == "{asked.shelf}" and id in {quoted(ids)}')
        self._search(asked, missing, found, strong=strong)
        matching = [chunk_id for chunk_id, each in found.items() if each.bm25]
        best = heapq.nsmallest(asked.depth, matching, key=lambda i: (-found[i].bm25, i))
        return {chunk_id: found[chunk_id] for chunk_id in {*nearest, *best}}

    def _search(
        self,
        asked: Asked,
        jobs: dict[str, tuple[int, str]],
        found: dict[str, FoundChunk],
        *,
        strong: bool,
    ) -> dict[str, int]:
        """Add to ``found`` what each field's search, of (limit, condition), returns.

        Returns the number of chunks that each has found.
        """
        try:
            futures = {
                name: self._pool.submit(
                    self._connection.nearest,
                    self._name,
                    name,
                    asked.vector if name == VECTOR else asked.terms,
                    limit,
                    condition=condition,
                    fields=_FIELDS,
                    strong=strong,
                )
                for name, (limit, condition) in jobs.items()
            }
        except RuntimeError as error:  # the pool takes no more
            msg = "The library is closed."
            raise LibraryError(msg) from error
        counts = {}
        for name, future in futures.items():
            hits = future.result()
            counts[name] = len(hits)
            for row, score in hits:
                chunk = found.setdefault(row["id"], FoundChunk(row["article"], row["version"]))
                chunk.scores[name] = score
        return counts
