"""The floor: sentence-transformers and a flat FAISS index, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bench.peers.adapters.protocol import WARM_UP, K, Peer, paragraphs, run


class Floor(Peer):
    """Each paragraph is a passage, embedded in float32, the default of sentence-transformers."""

    def _load(self, model: str) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(model, device="cpu")

    def prepare(self, model: str, store: Path) -> None:  # noqa: ARG002 - a folder of files
        """Load the model and embed one text."""
        self._load(model)
        self._encoded([WARM_UP])

    def build(self, texts: Path, store: Path) -> int:
        """Write a FAISS index and the texts."""
        import faiss

        passages = self._passages(texts)
        vectors = self._encoded(passages)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        store.mkdir()
        faiss.write_index(index, str(store / "vectors.faiss"))
        (store / "texts.json").write_text(json.dumps(passages), encoding="utf-8")
        return len(passages)

    def _passages(self, texts: Path) -> list[str]:
        return paragraphs(texts)

    def _encoded(self, passages: list[str]) -> np.ndarray:
        return np.asarray(self._model.encode(passages, normalize_embeddings=True))

    def _asked(self, question: str) -> np.ndarray:
        """Return a question's vector, ``(1, dimension)``."""
        return self._encoded([question])

    def open(self, model: str, store: Path) -> None:
        """Read both files, and load the model."""
        import faiss

        self._load(model)
        self._index = faiss.read_index(str(store / "vectors.faiss"))
        self._texts = json.loads((store / "texts.json").read_text(encoding="utf-8"))

    def retrieve(self, question: str) -> list[str]:
        """Return the texts of the K best passages."""
        _, found = self._index.search(self._asked(question), K)
        return [self._texts[number] for number in found[0]]


if __name__ == "__main__":
    run(Floor())
