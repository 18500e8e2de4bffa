"""FAISS over the vectors. Derived: rebuilt from the record when absent or stale.

The only module that imports faiss. The file on disk is a header (magic,
revision, SHA-256 of the rest) and FAISS's own serialisation; it is read only
if the header agrees, since faiss may abort the process on damaged bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import tempfile
from pathlib import Path
from typing import Self

import faiss
import numpy as np
from numpy.typing import NDArray

from index.embedder import Vectors
from index.revisions import NEW, Revision

Ids = NDArray[np.int64]

_MAGIC = b"AQVEC001"
_HEADER = struct.Struct("<8sQQI32s")  # magic, revision, dimension, digest of the payload


def _one_thread() -> None:
    faiss.omp_set_num_threads(1)


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    # OpenMP's threads do not come along: a search by several would wait for them for ever.
    os.register_at_fork(after_in_child=_one_thread)


class VectorIndex:
    """Exact inner-product search over unit vectors under 64-bit ids.

    Not safe to change from one thread while another searches: the caller locks.
    """

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._index: faiss.Index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self.revision = NEW
        """The revision of the record that these vectors are from."""

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add ``vectors`` ``(n, dimension)`` under ``ids`` ``(n,)``, which must be new."""
        if len(ids):
            self._index.add_with_ids(
                np.ascontiguousarray(vectors, dtype=np.float32),
                np.ascontiguousarray(ids, dtype=np.int64),
            )

    def remove_range(self, first: int, last: int) -> None:
        """Remove the ids ``first`` … ``last``; those that are not there are no matter."""
        self._index.remove_ids(faiss.IDSelectorRange(first, last + 1))

    def search(
        self, query: Vectors, k: int, ranges: list[tuple[int, int]] | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``k`` (id, cosine), best first, ties by id.

        ``ranges`` limits the search to those (first, last) runs of ids.
        """
        k = min(k, len(self))
        if k < 1:
            return []
        # The selector must outlive the search: faiss keeps only a pointer to it.
        selector = _selector(ranges)
        # The wrapper takes keywords that its annotations do not know.
        parameters = faiss.SearchParameters(sel=selector) if selector else None  # type: ignore[call-arg]
        scores, ids = self._index.search(query.reshape(1, -1), k, params=parameters)
        hits = [
            (int(found), float(score))
            for found, score in zip(ids[0], scores[0], strict=True)
            if found >= 0
        ]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def similarities(self, query: Vectors, ids: list[int]) -> list[float]:
        """Return the cosine of ``query`` to each of ``ids``, which must be there."""
        if not ids:
            return []
        vectors = self._index.reconstruct_batch(np.array(ids, dtype=np.int64))
        return [float(cosine) for cosine in vectors @ query]

    def similarity(self, query: Vectors, chunk_id: int) -> float | None:
        """Return the cosine of ``query`` to one id; None if that is not there."""
        try:
            return self.similarities(query, [chunk_id])[0]
        except RuntimeError:  # by which faiss says so
            return None

    def save(self, path: Path) -> None:
        """Write the index beside ``path``, sync it, and rename it into place.

        Raises:
            OSError: The disk is full, or may not be written to.
        """
        payload = faiss.serialize_index(self._index).tobytes()
        digest = hashlib.sha256(payload).digest()
        header = _HEADER.pack(_MAGIC, *self.revision, self._dimension, digest)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(header)
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise

    @classmethod
    def load(cls, path: Path, dimension: int) -> Self | None:
        """Return the index saved at ``path``, or None if it is absent, damaged or another's."""
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if len(data) < _HEADER.size:
            return None
        magic, generation, token, stored_dimension, digest = _HEADER.unpack_from(data)
        payload = data[_HEADER.size :]
        if (magic, stored_dimension) != (_MAGIC, dimension):
            return None
        if hashlib.sha256(payload).digest() != digest:
            return None
        found = cls(dimension)
        found._index = faiss.deserialize_index(np.frombuffer(payload, dtype=np.uint8))
        found.revision = Revision(generation, token)
        return found


def _selector(ranges: list[tuple[int, int]] | None) -> faiss.IDSelector | None:
    if ranges is None:
        return None
    if len(ranges) == 1:
        return faiss.IDSelectorRange(ranges[0][0], ranges[0][1] + 1)
    ids = [np.arange(first, last + 1, dtype=np.int64) for first, last in ranges]
    return faiss.IDSelectorBatch(np.concatenate(ids) if ids else np.empty(0, dtype=np.int64))
