"""Compare the vector index and the text index with the store that they are derived from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.embedding.embedder import Progress
from index.search.sync import indexed_text
from index.search.text_index import TextIndex, digest
from index.search.vector_index import VectorIndex
from index.store.store import Store

_COMPARED_AT_ONCE = 1_000
# Rounding changes a cosine by less than 1e-6; a flipped sign of one value by more than 1e-4.
_COSINE_TOLERANCE = 1e-5
# An approximate index reconstructs vectors with a cosine of .7 or more; others are near 0.
_APPROXIMATE_TOLERANCE = 0.5


@dataclass(frozen=True, slots=True)
class Mismatches:
    """Differences between the indexes and the store, in sentences."""

    derived: tuple[str, ...]
    """Differences in which the store is right, so rebuilding the indexes repairs them."""
    vectors: tuple[str, ...]
    """Differences in which either side may be right."""


def find_mismatches(
    store: Store, vectors: VectorIndex, text: TextIndex, progress: Progress | None = None
) -> Mismatches:
    """Return the differences between both indexes and the store; the caller locks all three.

    ``progress`` is called with (passages compared, passages).
    """
    total, compared = store.chunk_count(), 0
    digests, indexed = text.digests(), vectors.ids()
    tolerance = _APPROXIMATE_TOLERANCE if vectors.is_approximate else _COSINE_TOLERANCE
    missing = differing = outdated = 0
    for first in range(1, store.extent()[1] + 1, _COMPARED_AT_ONCE):
        for stored in store.chunks_between(first, first + _COMPARED_AT_ONCE - 1):
            compared += 1
            expected = digest(indexed_text(stored))
            outdated += digests.pop(stored.id, None) != expected
        ids, expected_vectors = store.vectors_between(first, first + _COMPARED_AT_ONCE - 1)
        found = np.isin(ids, indexed)
        missing += int(np.sum(~found))
        if found.any():
            cosines = np.sum(vectors.reconstruct(ids[found]) * expected_vectors[found], axis=1)
            differing += int(np.sum(~(np.abs(cosines - 1) < tolerance)))  # counts NaN, too
        if progress:
            progress(compared, total)
    extra = len(vectors) - (total - missing)
    derived = {
        "passages are missing from the vector index": missing,
        "vectors in the vector index belong to no passage": extra,
        "passages are missing from the text index or outdated in it": outdated,
        "texts in the text index belong to no passage": len(digests),
    }
    return Mismatches(
        tuple(f"{count} {what}." for what, count in derived.items() if count),
        (f"{differing} vectors differ between the database and the vector index.",)
        if differing
        else (),
    )
