"""The floor with article-qa's encoder."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from bench.peers.adapters.floor import Floor
from bench.peers.adapters.protocol import run
from index.embedding.embedder import SentenceTransformerEmbedder


class FloorOurs(Floor):
    """Embeds documents in 8 bits if the processor is fast at that, else in float32.

    Long paragraphs are split so that every word is embedded, as in article-qa.
    """

    def _load(self, model: str) -> None:  # noqa: ARG002 - uses its own model
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
    """Split a paragraph into ``count`` pieces of about the same number of words."""
    words = passage.split()
    cuts = [len(words) * number // count for number in range(count + 1)]
    return [" ".join(words[a:b]) for a, b in itertools.pairwise(cuts)]


if __name__ == "__main__":
    run(FloorOurs())
