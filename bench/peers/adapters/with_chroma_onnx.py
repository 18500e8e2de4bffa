"""Chroma with its default embedding function: MiniLM by onnxruntime, without torch.

It looks for the model under the home folder, where ``bench.peers.setup`` put it.
"""

from __future__ import annotations

from typing import Any

from bench.peers.adapters.protocol import run
from bench.peers.adapters.with_chroma import Chroma


class ChromaDefault(Chroma):
    """The collection's default embedding function."""

    def _embedding(self, model: str) -> Any:  # noqa: ANN401, ARG002 - theirs; it has its own place
        from chromadb.utils.embedding_functions import DefaultEmbeddingFunction

        return DefaultEmbeddingFunction()


if __name__ == "__main__":
    run(ChromaDefault())
