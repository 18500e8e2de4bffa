"""An embedder for benchmarks that caches vectors and embeds many questions in parallel."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from index.embedding.embedder import Embedder, Progress, Vectors


class RememberingEmbedder:
    """An embedder with a cache in memory and, optionally, in a folder.

    Args:
        embedder: The embedder that computes the vectors.
        folder: Where vectors are cached between runs, under a hash of model and texts.
    """

    def __init__(self, embedder: Embedder, folder: Path | None = None) -> None:
        self._embedder = embedder
        self._folder = folder
        self._documents: dict[str, Vectors] = {}
        self._queries: dict[str, Vectors] = {}
        self.identity = embedder.identity
        self.max_tokens = embedder.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not included."""
        return self._embedder.count_tokens(texts)

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return ``(n, dimension)`` float32 of unit length, in the order of ``texts``."""
        new = [text for text in dict.fromkeys(texts) if text not in self._documents]
        if new:
            self._documents.update(zip(new, self._encode(new, progress), strict=True))
        vectors = [self._documents[text] for text in texts]
        return np.stack(vectors) if vectors else self._encode([], progress)

    def _encode(self, texts: Sequence[str], progress: Progress | None) -> Vectors:
        if self._folder is None:
            return self._embedder.encode_documents(texts, progress)
        key = "\0".join((self.identity.sha256, *texts)).encode()
        path = self._folder / f"{hashlib.sha256(key).hexdigest()}.npy"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            np.save(path, self._embedder.encode_documents(texts, progress), allow_pickle=False)
        return np.asarray(np.load(path, allow_pickle=False), dtype=np.float32)

    def encode_query(self, text: str) -> Vectors:
        """Return ``(dimension,)`` float32 of unit length, cached."""
        if text not in self._queries:
            self._queries[text] = self._embedder.encode_query(text)
        return self._queries[text]

    def prepare(self, questions: Sequence[str]) -> None:
        """Embed questions one by one, as when they are asked, on all cores."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.encode_query, questions))
