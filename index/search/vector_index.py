"""FAISS over the vectors. Derived: rebuilt from the record when absent or stale.

The only module that imports faiss.
"""

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
from index.search.vector_file import reading, write_file
from index.store.rows import NEW

Ids = NDArray[np.int64]
Ranges = Sequence[tuple[int, int]]
"""(first, last) runs of ids; both count."""

APPROXIMATE_FROM = 50_000
"""From so many vectors on the search is approximate, and takes 2 bits of a coordinate; see
docs/research-notes.md."""
_GROWTH = 4  # an approximate index is made anew when it holds so many times what it was made for
_BITS = 2
_QUERY_BITS = 8
# Candidates for each wanted one, and at least: the record's vectors put them in order.
_OVERFETCH, _CANDIDATES_AT_LEAST = 2, 200
_LISTS_PER_ROOT = 2.0  # clusters, as a multiple of the square root of the number of vectors
_PROBED_SHARE, _PROBED_AT_LEAST = 0.05, 48
_TRAINED_ON = 48  # vectors a cluster
# Under this share of the library its clusters are probed four times as widely: the nearest of
# a few articles may lie far from the question.
_NARROW_SHARE, _NARROW_FACTOR = 0.05, 4
_READ_IN_FULL = 2_000
"""Up to so many vectors that a search is limited to are all read, and compared exactly."""


class VectorSource(Protocol):
    """Where the exact vectors are."""

    def vectors_of(self, ids: Sequence[int]) -> tuple[Ids, Vectors]:
        """Return those of ``ids`` that exist, ascending, and their vectors."""

    def vectors_between(self, first: int, last: int) -> tuple[Ids, Vectors]:
        """Return the ids from ``first`` to ``last`` that exist, and their vectors."""


class VectorIndex:
    """Inner-product search over unit vectors under 64-bit ids.

    As made it is exact and holds the vectors; see :meth:`approximate`.
    Not safe to change from one thread while another searches: the caller locks.
    """

    def __init__(self, dimension: int, record: VectorSource) -> None:
        self._dimension = dimension
        self._record = record
        # Its annotations lack what its Python wrapper adds, and what kinds of index add.
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self.revision = NEW
        """The revision of the record that these vectors are from."""

    @classmethod
    def approximate(cls, dimension: int, record: VectorSource, sample: Vectors, size: int) -> Self:
        """Return an empty index for about ``size`` vectors, of the kind of ``sample``.

        An inverted file over RaBitQ codes: it finds twice the candidates that are wanted
        and puts them in order by the record's own vectors, so that cosines are exact.
        ``sample`` is at best of :func:`sample_size` vectors, ``(n, dimension)``.
        """
        found = cls(dimension, record)
        index: Any = faiss.IndexIVFRaBitQ(
            faiss.IndexFlatIP(dimension),
            dimension,
            min(_lists(size), len(sample)),
            faiss.METRIC_INNER_PRODUCT,
            True,  # noqa: FBT003 - it owns its lists
            _BITS,
        )
        index.cp.niter, index.cp.spherical = 10, True
        index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, _TRAINED_ON
        index.train(np.ascontiguousarray(sample, dtype=np.float32))
        found._index = index
        return found

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_approximate(self) -> bool:
        """Whether a search may miss some of the nearest."""
        return isinstance(self._index, faiss.IndexIVF)

    @property
    def load_factor(self) -> float:
        """How many vectors there are, as a share of what this kind of index is meant for."""
        if not self.is_approximate:
            return len(self) / APPROXIMATE_FROM
        made_for = (int(self._index.nlist) / _LISTS_PER_ROOT) ** 2
        return len(self) / (_GROWTH * made_for)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add ``vectors`` ``(n, dimension)`` under ``ids`` ``(n,)``, which must be new."""
        if len(ids):
            self._index.add_with_ids(
                np.ascontiguousarray(vectors, dtype=np.float32),
                np.ascontiguousarray(ids, dtype=np.int64),
            )

    def remove(self, ranges: Ranges) -> None:
        """Remove the ids of these (first, last) runs; those that are not there are no matter."""
        if ranges:
            self._forget_places()
            with _one_thread():
                self._index.remove_ids(_selector(ranges))

    def search(
        self, query: Vectors, k: int, ranges: Ranges | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``k`` (id, cosine), best first, ties by id.

        ``ranges`` limits the search to those (first, last) runs of ids.
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
        """Return ids and exact cosines of more than the ``k`` nearest, in no order."""
        allowed = len(self) if ranges is None else sum(last - first + 1 for first, last in ranges)
        if ranges is not None and allowed <= _READ_IN_FULL:
            parts = [self._record.vectors_between(first, last) for first, last in ranges]
            found = [(ids, _cosines(vectors, query)) for ids, vectors in parts if len(ids)]
            if not found:
                return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
            return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])
        probed = max(_PROBED_AT_LEAST, round(_PROBED_SHARE * self._index.nlist))
        if allowed < _NARROW_SHARE * len(self):
            probed *= _NARROW_FACTOR
        parameters = faiss.IVFRaBitQSearchParameters()
        parameters.nprobe, parameters.qb = min(probed, self._index.nlist), _QUERY_BITS
        selector = _selector(ranges)
        parameters.sel = selector
        wanted = min(max(_OVERFETCH * k, _CANDIDATES_AT_LEAST), len(self))
        with _one_thread():
            _, near = self._index.search(query.reshape(1, -1), wanted, params=parameters)
        ids, vectors = self._record.vectors_of([int(i) for i in near[0] if i >= 0])
        return ids, _cosines(vectors, query)

    def similarities(self, query: Vectors, ids: list[int]) -> dict[int, float]:
        """Return the cosine of ``query`` to each of ``ids`` that is there."""
        if not ids:
            return {}
        if self.is_approximate:
            known, vectors = self._record.vectors_of(ids)
            return dict(zip(known.tolist(), _cosines(vectors, query).tolist(), strict=True))
        try:
            vectors = self.held(np.array(ids, dtype=np.int64))
        except RuntimeError:  # by which faiss says that one is not there
            if len(ids) == 1:
                return {}
            found = (self.similarities(query, [one]) for one in ids)
            return {known: cosine for one in found for known, cosine in one.items()}
        return dict(zip(ids, _cosines(vectors, query).tolist(), strict=True))

    def ids(self) -> Ids:
        """Return the ids that are held, ``(n,)``, ascending."""
        if not self.is_approximate:
            return np.sort(faiss.vector_to_array(self._index.id_map))
        lists = self._index.invlists
        held = [
            faiss.rev_swig_ptr(lists.get_ids(i), lists.list_size(i)).copy()
            for i in range(self._index.nlist)
            if lists.list_size(i)
        ]
        return np.sort(np.concatenate(held)) if held else np.empty(0, dtype=np.int64)

    def held(self, ids: Ids) -> Vectors:
        """Return what is held under ``ids``, as unit vectors ``(n, dimension)``.

        Exact, or as far as an approximate index knows them: at a cosine of .7 and more.

        Raises:
            RuntimeError: One of them is not held.
        """
        if self.is_approximate:
            self._index.set_direct_map_type(faiss.DirectMap.Hashtable)  # type: ignore[attr-defined]
        with _one_thread():
            vectors = self._index.reconstruct_batch(np.ascontiguousarray(ids, dtype=np.int64))
        if self.is_approximate:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return np.asarray(vectors, dtype=np.float32)

    def _forget_places(self) -> None:
        # A map of a million takes 40 MB, and to load; removing takes 2 ms without it.
        if self.is_approximate:
            self._index.set_direct_map_type(faiss.DirectMap.NoMap)  # type: ignore[attr-defined]

    def save(self, path: Path) -> None:
        """Write the index beside ``path``, sync it, and rename it into place.

        Raises:
            OSError: The disk is full, or may not be written to.
        """
        self._forget_places()
        payload: Any = faiss.serialize_index(self._index)  # bytes, (n,)
        write_file(path, self.revision, self._dimension, payload)

    @classmethod
    def load(cls, path: Path, dimension: int, record: VectorSource) -> Self | None:
        """Return the index saved at ``path``, or None if it is absent, damaged or another's."""
        found = cls(dimension, record)
        with reading(path, dimension) as saved:
            if saved is None:
                return None
            try:
                reader = faiss.PyCallbackIOReader(saved.read)  # type: ignore[attr-defined]
                found._index = faiss.read_index(reader)
            except RuntimeError:  # damaged, or of a version of faiss that knows more than this
                return None
            found.revision = saved.revision
            return found if saved.is_whole else None


def is_many(size: int) -> bool:
    """Return whether so many vectors are better searched approximately."""
    return size >= APPROXIMATE_FROM


def sample_size(size: int) -> int:
    """Return how many of ``size`` vectors an approximate index is fitted to."""
    return min(size, _TRAINED_ON * _lists(size))


def use_one_thread() -> None:
    """Have what this thread asks of faiss take one core."""
    faiss.omp_set_num_threads(1)


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    # OpenMP's threads do not come along: a search by several would wait for them for ever.
    os.register_at_fork(after_in_child=use_one_thread)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Have faiss use one thread for a single question.

    It gains nothing by more: of 200,000 vectors it found the nearest in 40 ms by one and 85
    by two. And those wait by spinning: on busy cores, 178 vectors took 6 ms instead of .03.
    The number is given back, since torch may share it.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _cosines(vectors: Vectors, query: Vectors) -> Vectors:
    # Not by BLAS: of so few vectors it makes two threads, one of which spins on a busy core.
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
