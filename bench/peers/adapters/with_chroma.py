"""Chroma, persisted to a folder, with sentence-transformers to embed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.peers.adapters.protocol import WARM_UP, K, Peer, paragraphs, run

_NAME = "articles"


class Chroma(Peer):
    """``PersistentClient``, a collection, ``add`` and ``query``."""

    def _embedding(self, model: str) -> Any:  # noqa: ANN401 - theirs, and not installed here
        from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

        return SentenceTransformerEmbeddingFunction(model_name=model)

    def prepare(self, model: str, store: Path) -> None:
        """Make the collection and embed one text."""
        import chromadb

        embedding = self._embedding(model)
        client = chromadb.PersistentClient(path=str(store))
        self._collection = client.create_collection(_NAME, embedding_function=embedding)
        embedding([WARM_UP])

    def build(self, texts: Path, store: Path) -> int:  # noqa: ARG002 - written as it is added to
        """Add the paragraphs."""
        passages = paragraphs(texts)
        numbers = [str(number) for number in range(len(passages))]
        self._collection.add(ids=numbers, documents=passages)
        return int(self._collection.count())

    def open(self, model: str, store: Path) -> None:
        """Open the collection."""
        import chromadb

        client = chromadb.PersistentClient(path=str(store))
        self._collection = client.get_collection(_NAME, embedding_function=self._embedding(model))

    def retrieve(self, question: str) -> list[str]:
        """Return the texts of the K best passages."""
        found = self._collection.query(query_texts=[question], n_results=K)
        return list(found["documents"][0])


if __name__ == "__main__":
    run(Chroma())
