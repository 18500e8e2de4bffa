"""A toy embedding model, which takes almost no time."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Sequence

import numpy as np

from index.embedding.embedder import ModelIdentity, Progress, Vectors


class ToyEmbedder:
    """Derives a text's vector from its words, the same in every process.

    Args:
        dimension: The dimension of the vectors.
        name: The model's name; models of different names have different vectors.
    """

    max_tokens = 100

    def __init__(self, dimension: int = 32, name: str = "toy") -> None:
        digest = hashlib.sha256(f"{name} {dimension}".encode()).hexdigest()
        self.identity = ModelIdentity(name, digest, dimension)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of words of each text."""
        return [len(text.split()) for text in texts]

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return ``(n, dimension)`` float32 of unit length."""
        if progress:
            progress(len(texts), len(texts))
        vectors = [self.encode_query(text) for text in texts]
        return np.array(vectors, dtype=np.float32).reshape(len(texts), self.identity.dimension)

    def encode_query(self, text: str) -> Vectors:
        """Return ``(dimension,)`` float32 of unit length."""
        words = re.findall(r"\w+", text.lower())
        vector = np.full(self.identity.dimension, 0.01, dtype=np.float32)  # for a text of no words
        for word in words:
            drawn = np.random.default_rng(zlib.crc32(f"{self.identity.name} {word}".encode()))
            vector += drawn.normal(size=len(vector)).astype(np.float32)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
