"""article-qa, through its public interface."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.peers.adapters.protocol import WARM_UP, K, Peer, Way, run
from qa import ArticleQA

_BARE_VECTORS = 1000


class Ours(Peer):
    """Each file is an article, which is split into passages of whole sentences."""

    def __init__(self) -> None:
        self._bare: _Bare | None = None

    def prepare(self, model: str, store: Path) -> None:  # noqa: ARG002 - uses its own model
        """Open the library, and add and remove one text."""
        self._qa = ArticleQA.open(store)
        self._qa.remove(self._qa.add_text(WARM_UP).id)

    def build(self, texts: Path, store: Path) -> int:  # noqa: ARG002 - opened before
        """Add the files one by one, and return the number of passages from the progress."""
        passages = sum(self._added(file) for file in sorted(texts.glob("*.txt")))
        self._qa.close()
        return passages

    def _added(self, file: Path) -> int:
        counts = [0]

        def progress(_: int, passages: int) -> None:
            counts.append(passages)

        self._qa.add_file(file, progress=progress)
        return counts[-1]

    def open(self, model: str, store: Path) -> None:  # noqa: ARG002 - uses its own model
        """Open the library."""
        self._qa = ArticleQA.open(store)

    def retrieve(self, question: str) -> list[str]:
        """Return the texts of the K best passages."""
        return [passage.text for passage in self._qa.retrieve(question, k=K)]

    def ask(self, question: str) -> list[str]:
        """Return the quotes of the answer; the nearest passage of a refusal."""
        answer = self._qa.ask(question)
        quotes = [citation.quote for citation in answer.citations]
        return quotes or [passage.text for passage in answer.passages[:1]]

    def bare(self, question: str) -> list[str]:
        """Embed the question with the same encoder and search, without anything else."""
        if self._bare is None:
            self._bare = _Bare()
        return self._bare.search(question)

    def ways(self) -> Mapping[str, Way]:
        """Return the ways of asking a question."""
        return {"retrieve": self.retrieve, "ask": self.ask, "bare": self.bare}


class _Bare:
    """The same encoder, and FAISS over a similar number of random vectors."""

    def __init__(self) -> None:
        import faiss
        import numpy as np

        from index.embedding.embedder import SentenceTransformerEmbedder

        self._embedder = SentenceTransformerEmbedder()
        width = len(self._embedder.encode_query(WARM_UP))
        vectors = np.random.default_rng(0).standard_normal((_BARE_VECTORS, width))
        self._index = faiss.IndexFlatIP(width)
        self._index.add(vectors.astype(np.float32))

    def search(self, question: str) -> list[str]:
        _, found = self._index.search(self._embedder.encode_query(question)[None], K)
        return [str(number) for number in found[0]]


if __name__ == "__main__":
    run(Ours())
