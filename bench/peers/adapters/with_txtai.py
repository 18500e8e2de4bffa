"""txtai: an ``Embeddings`` database that keeps the texts, on FAISS and SQLite."""

from __future__ import annotations

from pathlib import Path

from bench.peers.adapters.protocol import WARM_UP, K, Peer, paragraphs, run


class Txtai(Peer):
    """``Embeddings(path=…, content=True)``, ``index``, ``save``, ``load`` and ``search``."""

    def prepare(self, model: str, store: Path) -> None:  # noqa: ARG002 - saved at the end
        """Load the model and embed one text."""
        from txtai import Embeddings

        self._embeddings = Embeddings(path=model, content=True)
        self._embeddings.transform(WARM_UP)

    def build(self, texts: Path, store: Path) -> int:
        """Index the paragraphs and save the database."""
        self._embeddings.index(paragraphs(texts))
        self._embeddings.save(str(store))
        return int(self._embeddings.count())

    def open(self, model: str, store: Path) -> None:  # noqa: ARG002 - the database names it
        """Load the database."""
        from txtai import Embeddings

        self._embeddings = Embeddings()
        self._embeddings.load(str(store))

    def retrieve(self, question: str) -> list[str]:
        """Return the texts of the K best passages."""
        return [found["text"] for found in self._embeddings.search(question, K)]


if __name__ == "__main__":
    run(Txtai())
