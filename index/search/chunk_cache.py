"""Cache chunks in memory, with the stems of their sentences."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

from cachetools import LRUCache

from index.chunking import MAX_HEADING_CHARS
from index.search.text_index import stems, stop_stems
from index.store.rows import NEW, Revision
from index.store.store import Store
from index.types import Chunk

ChunkId: TypeAlias = int | str
"""Of one type within a library."""
_WORD = re.compile(r"\w+")
_MAX_MARKS = 10
"""How many characters may come before a heading's words, such as "## "."""
_GAP = " "  # no stem has white space in it


@dataclass(frozen=True, slots=True)
class SentenceStems:
    """The stems in each sentence of a text, and their order in the text."""

    sentences: dict[str, int]
    """The sentences that contain a stem, as a bit mask: bit 0 is the first sentence. All contain
    the stems of the title."""
    content: str
    """The stems of all but function words, in order, each between spaces. Two spaces follow the
    title."""

    @classmethod
    def of(cls, sentences: Sequence[str], title: str = "") -> Self:
        """Return the stems of ``sentences``, the consecutive sentences of a text."""
        title_stems = stems(title)
        found = dict.fromkeys(title_stems, (1 << len(sentences)) - 1)
        content = [stem for stem in title_stems if stem not in stop_stems()]
        content += [""] if content else []
        for number, sentence in enumerate(sentences):
            words = stems(sentence)
            for stem in words:
                found[stem] = found.get(stem, 0) | 1 << number
            content += [stem for stem in words if stem not in stop_stems()]
        return cls(found, f"{_GAP}{_GAP.join(content)}{_GAP}")


def adjacency_key(first: str, second: str) -> str:
    """Return the substring that ``content`` has if the two stems are adjacent in it."""
    return f"{_GAP}{first}{_GAP}{second}{_GAP}"


def title_as_context(chunk: Chunk, title: str) -> str:
    """Return a title as it is searched along with a chunk, of at most MAX_HEADING_CHARS.

    Empty if the chunk's heading or its text starts with the same words.
    """
    title = title[:MAX_HEADING_CHARS]
    words = _WORD.findall(title.casefold())
    for text in (chunk.heading, chunk.text):
        start = text[: 2 * len(title) + _MAX_MARKS].casefold()
        if _WORD.findall(start)[: len(words)] == words:
            return ""
    return title


MAX_CACHED_CHUNKS = 5_000
"""The size of the cache, at about 10 KB a chunk."""


class CachedChunk:
    """A stored chunk, with the stems of its sentences, computed at first use."""

    __slots__ = ("_title", "_words", "chunk", "id")

    def __init__(self, chunk_id: ChunkId, chunk: Chunk, title: str) -> None:
        self.id = chunk_id
        self.chunk = chunk
        self._title = title
        self._words: SentenceStems | None = None

    @property
    def words(self) -> SentenceStems:
        """The stems of the chunk's sentences, and of its article's title."""
        if self._words is None:  # computed twice by two threads, it is the same
            first, text = self.chunk.start, self.chunk.text
            sentences = [text[start - first : end - first] for start, end in self.chunk.sentences]
            title = title_as_context(self.chunk, self._title)
            self._words = SentenceStems.of(sentences, title)
        return self._words


class ChunkCache:
    """An LRU cache of a store's chunks by their ids. Thread-safe.

    It is emptied when the store's revision changes, so no chunk outlives its article.
    """

    def __init__(self, store: Store, max_chunks: int = MAX_CACHED_CHUNKS) -> None:
        self._store = store
        self._max_chunks = max_chunks
        self._lock = threading.Lock()
        self._revision = NEW
        self._cache: LRUCache[int, CachedChunk] = LRUCache(max_chunks)

    def __len__(self) -> int:
        """Return the number of cached chunks."""
        return len(self._cache)

    def of(self, ids: Sequence[int], revision: Revision) -> dict[int, CachedChunk]:
        """Return those of the chunks ``ids`` of ``revision`` that still exist."""
        with self._lock:
            if revision != self._revision:
                self._cache, self._revision = LRUCache(self._max_chunks), revision
            cache = self._cache
            found = {chunk_id: cache[chunk_id] for chunk_id in ids if chunk_id in cache}
        missing = [chunk_id for chunk_id in ids if chunk_id not in found]
        if missing:
            read = {
                c.id: CachedChunk(c.id, c.chunk, c.title)
                for c in self._store.chunks(missing).values()
            }
            self._keep(read, revision)
            found |= read
        return found

    def _keep(self, read: dict[int, CachedChunk], revision: Revision) -> None:
        with self._lock:
            if revision == self._revision:  # unless another thread has moved on to a later one
                self._cache.update(read)
