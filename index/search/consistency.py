"""Whether what is derived agrees with the record, passage by passage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.embedding.embedder import Progress
from index.search.sync import searchable_text
from index.search.text_index import TextIndex, digest
from index.search.vector_index import VectorIndex
from index.store.store import Store

_BATCH = 1_000
# Of two roundings of one vector it is below 1e-6; of one with a sign flipped over 1e-4.
_COSINE_TOLERANCE = 1e-5
# An approximate index knows vectors at a cosine of .7 and more; those of others are near 0.
_ROUNDED = 0.5


@dataclass(frozen=True, slots=True)
class Mismatches:
    """Where what is derived and the record differ, in sentences."""

    derived: tuple[str, ...]
    """Of these the record is right."""
    vectors: tuple[str, ...]
    """Of these it cannot be told which side is right."""


def find_mismatches(
    storage: Store, vectors: VectorIndex, words: TextIndex, progress: Progress | None = None
) -> Mismatches:
    """Return where both indexes differ from the record; the caller holds all of them still.

    ``progress`` is called with (passages compared, passages).
    """
    total, compared = storage.chunk_count(), 0
    digests, held = words.digests(), vectors.ids()
    tolerance = _ROUNDED if vectors.is_approximate else _COSINE_TOLERANCE
    lacking = differing = unworded = 0
    for first in range(1, storage.extent()[1] + 1, _BATCH):
        for stored in storage.chunks_between(first, first + _BATCH - 1):
            compared += 1
            text = searchable_text(stored.chunk)
            unworded += digests.pop(stored.id, None) != digest(text)
        ids, recorded = storage.vectors_between(first, first + _BATCH - 1)
        there = np.isin(ids, held)
        lacking += int(np.sum(~there))
        if there.any():
            cosines = np.sum(vectors.held(ids[there]) * recorded[there], axis=1)
            differing += int(np.sum(~(np.abs(cosines - 1) < tolerance)))  # also of NaN
        if progress:
            progress(compared, total)
    extra = len(vectors) - (total - lacking)
    derived = {
        "passages are missing from the index of vectors": lacking,
        "vectors too many are in the index of vectors": extra,
        "passages are not in the index of words as they are recorded": unworded,
        "passages too many are in the index of words": len(digests),
    }
    return Mismatches(
        tuple(f"{count} {what}." for what, count in derived.items() if count),
        (f"{differing} vectors differ between the record and the index.",) if differing else (),
    )
