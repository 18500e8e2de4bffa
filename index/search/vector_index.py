"""Search vectors by cosine with FAISS: exactly, or approximately in large libraries."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from index.embedding.embedder import Vectors
from index.search.vector_file import open_vector_file, write_vector_file
from index.store.rows import NEW

Ids = NDArray[np.int64]
Ranges = Sequence[tuple[int, int]]
"""(first, last) id ranges, inclusive."""

APPROXIMATE_FROM = 50_000
"""From this many vectors on, search is approximate, with 2 bits a coordinate. Of a
million: recall@10 .986 with 1 bit, .992 with 2 and with 4; 70, 130 and 226 MB."""
_GROWTH = 4  # an approximate index is rebuilt at this multiple of its planned size
_BITS = 2
_QUERY_BITS = 8
# Candidates for each result, and at least, which the exact vectors then rerank.
_OVERFETCH, _MIN_CANDIDATES = 2, 200
_LISTS_PER_ROOT = 2.0  # clusters, as a multiple of the square root of the number of vectors
_PROBED_SHARE, _MIN_PROBED = 0.05, 48
_TRAINING_VECTORS = 48  # for each cluster
# A search limited to less than this share of the library probes four times as many clusters,
# since the nearest vectors of a few articles may be far from the question.
_NARROW_SHARE, _NARROW_FACTOR = 0.05, 4
_MAX_EXACT = 2_000
"""A search limited to at most this many vectors compares them all exactly."""


class VectorSource(Protocol):
    """Provides the exact vectors."""

    def vectors_of(self, ids: Sequence[int]) -> tuple[Ids, Vectors]:
        """Return those of ``ids`` that exist, ascending, and their vectors."""

    def vectors_between(self, first: int, last: int) -> tuple[Ids, Vectors]:
        """Return the ids from ``first`` to ``last`` that exist, and their vectors."""


class VectorIndex:
    """Inner-product search over unit vectors with 64-bit ids.

    The constructor makes an exact index, :meth:`approximate` an approximate one. Not
    thread-safe: the caller locks.
    """

    def __init__(self, dimension: int, source: VectorSource) -> None:
        self._dimension = dimension
        self._source = source
        # FAISS has annotations for neither its Python wrappers nor the subclasses of Index.
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self.revision = NEW
        """The revision of the store that this index has."""

    @classmethod
    def approximate(cls, dimension: int, source: VectorSource, sample: Vectors, size: int) -> Self:
        """Return an empty approximate index for about ``size`` vectors.

        An inverted file over RaBitQ codes. It fetches twice the wanted candidates and reranks
        them by the exact vectors of ``source``. ``sample`` is what it is trained on, ideally
        :func:`sample_size` vectors, ``(n, dimension)``.
        """
        found = cls(dimension, source)
        index: Any = faiss.IndexIVFRaBitQ(
            faiss.IndexFlatIP(dimension),
            dimension,
            min(_lists(size), len(sample)),
            faiss.METRIC_INNER_PRODUCT,
            True,  # noqa: FBT003 - takes no keywords; owns its lists
            _BITS,
        )
        index.cp.niter, index.cp.spherical = 10, True
        index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, _TRAINING_VECTORS
        index.train(np.ascontiguousarray(sample, dtype=np.float32))
        found._index = index
        return found

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_approximate(self) -> bool:
        """Whether a search may miss some of the nearest vectors."""
        return isinstance(self._index, faiss.IndexIVF)

    @property
    def load_factor(self) -> float:
        """The number of vectors, as a multiple of what this index is built for."""
        if not self.is_approximate:
            return len(self) / APPROXIMATE_FROM
        planned_size = (int(self._index.nlist) / _LISTS_PER_ROOT) ** 2
        return len(self) / (_GROWTH * planned_size)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add ``vectors`` ``(n, dimension)`` under ``ids`` ``(n,)``, which must be new."""
        if len(ids):
            self._index.add_with_ids(
                np.ascontiguousarray(vectors, dtype=np.float32),
                np.ascontiguousarray(ids, dtype=np.int64),
            )

    def remove(self, ranges: Ranges) -> None:
        """Remove all ids in these ranges."""
        if ranges:
            self._drop_direct_map()
            with _one_thread():
                self._index.remove_ids(_selector(ranges))

    def search(
        self, query: Vectors, k: int, ranges: Ranges | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``k`` (id, cosine) pairs, best first, ties by id.

        ``ranges`` limits the search to these (first, last) id ranges.
        """
        k = min(k, len(self))
        if k < 1 or (ranges is not None and not ranges):
            return []
        if self.is_approximate:
            ids, cosines = self._approximate_search(query, k, ranges)
        else:
            # The selector must outlive the search: faiss keeps only a pointer to it.
            selector = _selector(ranges)
            parameters = faiss.SearchParameters(sel=selector) if selector else None  # type: ignore[call-arg]
            with _one_thread():
                found = self._index.search(query.reshape(1, -1), k, params=parameters)
            cosines, ids = found[0][0], found[1][0]
        hits = sorted(zip((-cosines).tolist(), ids.tolist(), strict=True))
        return [(chunk_id, -farness) for farness, chunk_id in hits if chunk_id >= 0][:k]

    def _approximate_search(
        self, query: Vectors, k: int, ranges: Ranges | None
    ) -> tuple[Ids, Vectors]:
        """Return ids and exact cosines of at least the ``k`` nearest, in any order."""
        allowed = len(self) if ranges is None else sum(last - first + 1 for first, last in ranges)
        if ranges is not None and allowed <= _MAX_EXACT:
            parts = [self._source.vectors_between(first, last) for first, last in ranges]
            found = [(ids, _cosines(vectors, query)) for ids, vectors in parts if len(ids)]
            if not found:
                return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
            return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])
        probed = max(_MIN_PROBED, round(_PROBED_SHARE * self._index.nlist))
        if allowed < _NARROW_SHARE * len(self):
            probed *= _NARROW_FACTOR
        parameters = faiss.IVFRaBitQSearchParameters()
        parameters.nprobe, parameters.qb = min(probed, self._index.nlist), _QUERY_BITS
        selector = _selector(ranges)
        parameters.sel = selector
        wanted = min(max(_OVERFETCH * k, _MIN_CANDIDATES), len(self))
        with _one_thread():
            _, near = self._index.search(query.reshape(1, -1), wanted, params=parameters)
        ids, vectors = self._source.vectors_of([int(i) for i in near[0] if i >= 0])
        return ids, _cosines(vectors, query)

    def similarities(self, query: Vectors, ids: list[int]) -> dict[int, float]:
        """Return the cosine of ``query`` and each of ``ids`` that exists."""
        if not ids:
            return {}
        if self.is_approximate:
            known, vectors = self._source.vectors_of(ids)
            return dict(zip(known.tolist(), _cosines(vectors, query).tolist(), strict=True))
        try:
            vectors = self.reconstruct(np.array(ids, dtype=np.int64))
        except RuntimeError:  # one of them does not exist
            if len(ids) == 1:
                return {}
            found = (self.similarities(query, [chunk_id]) for chunk_id in ids)
            return {known: cosine for each in found for known, cosine in each.items()}
        return dict(zip(ids, _cosines(vectors, query).tolist(), strict=True))

    def ids(self) -> Ids:
        """Return all ids, ``(n,)``, ascending."""
        if not self.is_approximate:
            return np.sort(faiss.vector_to_array(self._index.id_map))
        lists = self._index.invlists
        held = [
            faiss.rev_swig_ptr(lists.get_ids(i), lists.list_size(i)).copy()
            for i in range(self._index.nlist)
            if lists.list_size(i)
        ]
        return np.sort(np.concatenate(held)) if held else np.empty(0, dtype=np.int64)

    def reconstruct(self, ids: Ids) -> Vectors:
        """Return the indexed unit vectors of ``ids``, ``(n, dimension)``.

        Those of an approximate index have a cosine of .7 or more to the exact ones.

        Raises:
            RuntimeError: One of the ids does not exist.
        """
        if self.is_approximate:
            self._index.set_direct_map_type(faiss.DirectMap.Hashtable)  # type: ignore[attr-defined]
        with _one_thread():
            vectors = self._index.reconstruct_batch(np.ascontiguousarray(ids, dtype=np.int64))
        if self.is_approximate:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return np.asarray(vectors, dtype=np.float32)

    def _drop_direct_map(self) -> None:
        # For a million vectors the map takes 40 MB in the file; removing takes 2 ms without it.
        if self.is_approximate:
            self._index.set_direct_map_type(faiss.DirectMap.NoMap)  # type: ignore[attr-defined]

    def save(self, path: Path) -> None:
        """Save the index atomically to ``path``.

        Raises:
            OSError: The disk is full or read-only.
        """
        self._drop_direct_map()
        payload: Any = faiss.serialize_index(self._index)  # bytes, (n,)
        write_vector_file(path, self.revision, self._dimension, payload)

    @classmethod
    def load(cls, path: Path, dimension: int, source: VectorSource) -> Self | None:
        """Return the index saved at ``path``; None if absent, damaged or another program's."""
        found = cls(dimension, source)
        with open_vector_file(path, dimension) as saved:
            if saved is None:
                return None
            try:
                reader = faiss.PyCallbackIOReader(saved.read)  # type: ignore[attr-defined]
                found._index = faiss.read_index(reader)
            except RuntimeError:  # damaged, or from a newer version of FAISS
                return None
            found.revision = saved.revision
            return found if saved.is_intact else None


def is_many(size: int) -> bool:
    """Return whether this many vectors are searched approximately."""
    return size >= APPROXIMATE_FROM


def sample_size(size: int) -> int:
    """Return how many of ``size`` vectors an approximate index is trained on."""
    return min(size, _TRAINING_VECTORS * _lists(size))


def use_one_thread() -> None:
    """Make FAISS use one core for calls from this thread."""
    faiss.omp_set_num_threads(1)


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    # OpenMP's threads do not survive a fork, and a search would wait for them forever.
    os.register_at_fork(after_in_child=use_one_thread)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Make FAISS use one thread within the context.

    For a single question, more threads are slower: among 200,000 vectors, a search took 40 ms
    with one and 85 with two. On busy cores they also wait for each other by spinning: 178
    vectors took 6 ms instead of .03. The number is restored, since torch may share it.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _cosines(vectors: Vectors, query: Vectors) -> Vectors:
    # BLAS would use two threads even for few vectors, one of which spins on a busy core.
    return np.asarray(np.einsum("ij,j->i", vectors, query), dtype=np.float32)


def _lists(size: int) -> int:
    return max(1, round(_LISTS_PER_ROOT * math.sqrt(size)))


def _selector(ranges: Ranges | None) -> faiss.IDSelector | None:
    if ranges is None:
        return None
    if len(ranges) == 1:
        return faiss.IDSelectorRange(ranges[0][0], ranges[0][1] + 1)
    allowed = np.zeros(max(last for _, last in ranges) + 1, dtype=bool)
    for first, last in ranges:
        allowed[first : last + 1] = True
    bitmap: Any = np.packbits(allowed, bitorder="little")
    return faiss.IDSelectorBitmap(bitmap)  # type: ignore[call-arg] # the wrapper's own signature
