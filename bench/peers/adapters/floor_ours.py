"""The floor with our encoder: the fastest form of the model that keeps a mean cosine of 0.999."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from bench.peers.adapters.floor import Floor
from bench.peers.adapters.protocol import run
from index.embedding.embedder import SentenceTransformerEmbedder


class FloorOurs(Floor):
    """Documents are embedded in 8 bits where the processor is fast at that, else in float32.

    Long paragraphs are cut, so that every word is embedded, as ours does.
    """

    def _load(self, model: str) -> None:  # noqa: ARG002 - it has the model itself
        self._embedder = SentenceTransformerEmbedder()

    def _passages(self, texts: Path) -> list[str]:
        passages = super()._passages(texts)
        counts = self._embedder.count_tokens(passages)
        return [
            piece
            for passage, tokens in zip(passages, counts, strict=True)
            for piece in _pieces(passage, -(-tokens // self._embedder.max_tokens))
        ]

    def _encoded(self, passages: list[str]) -> np.ndarray:
        return self._embedder.encode_documents(passages)

    def _asked(self, question: str) -> np.ndarray:
        return self._embedder.encode_query(question)[None]


def _pieces(passage: str, count: int) -> list[str]:
    """Return a paragraph in so many pieces of about as many words each."""
    words = passage.split()
    cuts = [len(words) * number // count for number in range(count + 1)]
    return [" ".join(words[a:b]) for a, b in itertools.pairwise(cuts)]


if __name__ == "__main__":
    run(FloorOurs())
