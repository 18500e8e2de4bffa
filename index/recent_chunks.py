"""Chunks that were candidates of late, kept in memory with their words."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from index.revisions import NEW, Revision, StoredChunk
from index.sentence_words import SentenceWords
from index.storage import Storage

_MOST = 5_000
"""Chunks that are kept, at about 10 KB each: see docs/performance.md."""


class RecentChunk:
    """A chunk of the record, and its words once they were asked for."""

    __slots__ = ("_words", "chunk", "id")

    def __init__(self, stored: StoredChunk) -> None:
        self.id = stored.id
        self.chunk = stored.chunk
        self._words: SentenceWords | None = None

    @property
    def words(self) -> SentenceWords:
        """The stems of the chunk's sentences."""
        if self._words is None:  # two threads may both make them, and make the same
            first, text = self.chunk.start, self.chunk.text
            sentences = [text[start - first : end - first] for start, end in self.chunk.sentences]
            self._words = SentenceWords.of(sentences)
        return self._words


class RecentChunks:
    """The chunks of a record by their ids, those asked for last in memory.

    They are of one revision of the record and forgotten with it, so that none outlives its
    article, whoever removed that. What can change without one, as a title, is not in a chunk.
    Safe to use from several threads.

    Args:
        storage: The record.
        most: How many are kept.
    """

    def __init__(self, storage: Storage, most: int = _MOST) -> None:
        self._storage = storage
        self._most = most
        self._lock = threading.Lock()
        self._revision = NEW
        self._kept: OrderedDict[int, RecentChunk] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)

    def of(self, ids: Sequence[int], revision: Revision) -> dict[int, RecentChunk]:
        """Return the chunks of ``ids``, which exist at ``revision``, without those gone since."""
        with self._lock:
            if revision != self._revision:
                self._kept, self._revision = OrderedDict(), revision
            kept = self._kept
            found = {chunk_id: kept[chunk_id] for chunk_id in ids if chunk_id in kept}
            for chunk_id in found:
                kept.move_to_end(chunk_id)
        missing = [chunk_id for chunk_id in ids if chunk_id not in found]
        if missing:
            read = {c.id: RecentChunk(c) for c in self._storage.chunks(missing).values()}
            self._keep(read, revision)
            found |= read
        return found

    def _keep(self, read: dict[int, RecentChunk], revision: Revision) -> None:
        with self._lock:
            if revision == self._revision:  # else another thread has gone on to a later one
                self._kept |= read
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
