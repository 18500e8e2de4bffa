"""Cut an article into chunks and embed them, for any kind of library."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from index.chunking import ChunkLimits, chunk_article
from index.embedding.embedder import Embedder, Progress, Vectors
from index.search.chunk_cache import title_as_context
from index.types import Article, Chunk

_CHUNKS_PER_BATCH = 2_048
# Whole titles, of 100 characters and more, cost .005 Recall@3 on covidqa; cut ones .001.
_MAX_EMBEDDED_TITLE = 60


class EmbeddedChunks(NamedTuple):
    """Consecutive chunks of one article, and their vectors, ``(n, dimension)``."""

    chunks: Sequence[Chunk]
    vectors: Vectors


def embed_article(
    article: Article, embedder: Embedder, limits: ChunkLimits, progress: Progress | None = None
) -> Iterator[EmbeddedChunks]:
    """Yield all chunks of an article with their vectors, in order.

    ``progress`` is called with (chunks embedded, chunks).
    """
    limits = replace(limits, max_tokens=min(limits.max_tokens, embedder.max_tokens))
    chunks = chunk_article(article, embedder.count_tokens, limits)
    for first in range(0, len(chunks), _CHUNKS_PER_BATCH):
        some = chunks[first : first + _CHUNKS_PER_BATCH]
        texts = _fitting_texts(some, article.title, embedder)
        batch_progress = progress and _offset_progress(progress, first, len(chunks))
        yield EmbeddedChunks(some, embedder.encode_documents(texts, batch_progress))


def searchable_text(chunk: Chunk, title: str = "") -> str:
    """Return the text that is embedded for a chunk: its article's title, its heading and its text.

    A title or heading that is repeated by what follows it is left out. A vector keeps the title
    with which its article was embedded until the library is re-embedded; in a library made before
    vectors had titles, it has none.
    """
    text = chunk.text
    if chunk.heading and not chunk.text.startswith(chunk.heading):
        text = f"{chunk.heading}\n{text}"
    title = textwrap.shorten(title_as_context(chunk, title), _MAX_EMBEDDED_TITLE, placeholder="")
    return f"{title}\n{text}" if title else text


def _fitting_texts(chunks: Sequence[Chunk], title: str, embedder: Embedder) -> list[str]:
    """Return the text to embed for each chunk, of which the model cuts nothing off.

    One that is too long is without the title, or if it still is, without the heading too.
    """
    texts = [searchable_text(chunk, title) for chunk in chunks]
    unchecked = [i for i, chunk in enumerate(chunks) if texts[i] != chunk.text]
    for shorter in (searchable_text, lambda chunk: chunk.text):
        counts = embedder.count_tokens([texts[i] for i in unchecked])
        pairs = zip(unchecked, counts, strict=True)
        unchecked = [i for i, tokens in pairs if tokens > embedder.max_tokens]
        for i in unchecked:
            texts[i] = shorter(chunks[i])
    return texts


def _offset_progress(progress: Progress, done: int, total: int) -> Progress:
    """Return ``progress`` for a batch that follows ``done`` of ``total`` steps."""
    return lambda more, _: progress(done + more, total)
