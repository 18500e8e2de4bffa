"""The stems of a text, by sentence: what a question's words are looked up in."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from cachetools import LRUCache

from index.search.text_index import stems, stop_stems
from index.store.rows import NEW, Revision, StoredChunk
from index.store.store import Store

_GAP = " "  # no stem has white space in it


@dataclass(frozen=True, slots=True)
class SentenceStems:
    """Which stems each sentence of a text has, and which stand side by side in the text."""

    sentences: dict[str, int]
    """The sentences that a stem is in, as bits: the first is 1, the second 2, the third 4."""
    content: str
    """The stems in order, function words apart, each with a space before and after it."""

    @classmethod
    def of(cls, sentences: Sequence[str]) -> Self:
        """Return the words of a text in these sentences."""
        found: dict[str, int] = {}
        content = []
        for number, sentence in enumerate(sentences):
            words = stems(sentence)
            for stem in words:
                found[stem] = found.get(stem, 0) | 1 << number
            content += [stem for stem in words if stem not in stop_stems()]
        return cls(found, f"{_GAP}{_GAP.join(content)}{_GAP}")


def adjacent_pairs(first: str, second: str) -> str:
    """Return what ``content`` holds where these two stems stand side by side."""
    return f"{_GAP}{first}{_GAP}{second}{_GAP}"


_MOST = 5_000
"""Chunks that are kept, at about 10 KB each: see docs/research-notes.md."""


class CachedChunk:
    """A chunk of the record, and its words once they were asked for."""

    __slots__ = ("_words", "chunk", "id")

    def __init__(self, stored: StoredChunk) -> None:
        self.id = stored.id
        self.chunk = stored.chunk
        self._words: SentenceStems | None = None

    @property
    def words(self) -> SentenceStems:
        """The stems of the chunk's sentences."""
        if self._words is None:  # two threads may both make them, and make the same
            first, text = self.chunk.start, self.chunk.text
            sentences = [text[start - first : end - first] for start, end in self.chunk.sentences]
            self._words = SentenceStems.of(sentences)
        return self._words


class ChunkCache:
    """The chunks of a record by their ids, those asked for last in memory.

    They are of one revision of the record and forgotten with it, so that none outlives its
    article, whoever removed that. What can change without one, as a title, is not in a chunk.
    Safe to use from several threads.

    Args:
        storage: The record.
        most: How many are kept.
    """

    def __init__(self, storage: Store, most: int = _MOST) -> None:
        self._store = storage
        self._most = most
        self._lock = threading.Lock()
        self._revision = NEW
        self._kept: LRUCache[int, CachedChunk] = LRUCache(most)

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)

    def of(self, ids: Sequence[int], revision: Revision) -> dict[int, CachedChunk]:
        """Return the chunks of ``ids``, which exist at ``revision``, without those gone since."""
        with self._lock:
            if revision != self._revision:
                self._kept, self._revision = LRUCache(self._most), revision
            kept = self._kept
            found = {chunk_id: kept[chunk_id] for chunk_id in ids if chunk_id in kept}
        missing = [chunk_id for chunk_id in ids if chunk_id not in found]
        if missing:
            read = {c.id: CachedChunk(c) for c in self._store.chunks(missing).values()}
            self._keep(read, revision)
            found |= read
        return found

    def _keep(self, read: dict[int, CachedChunk], revision: Revision) -> None:
        with self._lock:
            if revision == self._revision:  # else another thread has gone on to a later one
                self._kept.update(read)
