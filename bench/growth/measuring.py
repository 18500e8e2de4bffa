"""Measure the time and memory of one library in a separate process.

    python -m bench.growth.measuring FOLDER QUESTIONS.npz

Prints JSON. In a process of its own, the time to open the library and its memory are not affected
by other measurements.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.processes import status
from bench.timing import milliseconds
from index.embedding.embedder import ModelIdentity, Progress, Vectors
from index.search.passage_index import PassageIndex
from index.types import Article
from qa.retrieval.retriever import DEFAULT_DEPTH

CHANGES = 20
"""The number of articles that are added and removed again."""
_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class GivenVectors:
    """Replaces the embedding model by vectors computed before."""

    identity: ModelIdentity
    vectors: Vectors
    max_tokens: int = 250

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the approximate number of tokens of each text."""
        return [len(text) // 4 for text in texts]

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return ``(n, dimension)`` vectors in order, whatever the texts are."""
        del progress
        return self.vectors[np.arange(len(texts)) % len(self.vectors)]

    def encode_query(self, text: str) -> Vectors:
        """Return the first vector, ``(dimension,)``."""
        del text
        return np.asarray(self.vectors[0])


def measured(folder: Path, questions: Path) -> dict[str, Any]:
    """Return the times (milliseconds; opening in seconds) and the memory of a library."""
    with np.load(questions, allow_pickle=False) as file:
        texts, vectors = file["questions"].tolist(), file["vectors"]
        extra, (name, sha256) = file["articles"].tolist(), file["model"].tolist()
    embedder = GivenVectors(ModelIdentity(name, sha256, vectors.shape[1]), vectors)
    before, began = resident_mb(), time.perf_counter()
    with PassageIndex(folder, embedder) as index:
        index.candidates(texts[0], vectors[0], DEFAULT_DEPTH)
        opened = time.perf_counter() - began
        after_opening = resident_mb() - before
        asked = list(zip(texts, vectors, strict=True))
        for text, vector in asked[:_WARM_UP]:
            index.candidates(text, vector, DEFAULT_DEPTH)
        hits, times = [], []
        for text, vector in asked:
            began = time.perf_counter()
            found = index.candidates(text, vector, DEFAULT_DEPTH)
            times.append((time.perf_counter() - began) * 1000)
            hits.append(sorted(found, key=lambda c: -c.similarity)[:10])
        parts = _parts(index, asked)
        after_questions = resident_mb() - before
        adding, removing = _changes(index, extra)
        return {
            "opening": opened,
            "memory": after_opening,
            "memory_after": after_questions,
            "query": _quantiles(times),
            **{name: _quantiles(spent) for name, spent in parts.items()},
            "adding": float(np.median(adding)),
            "removing": float(np.median(removing)),
            "adding_worst": max(adding),
            "approximate": index._vectors.index.is_approximate,
            "nearest": [[c.stored.id for c in found] for found in hits],
        }


def _parts(index: PassageIndex, asked: Sequence[tuple[str, Vectors]]) -> dict[str, list[float]]:
    """Return the milliseconds of each question in each index alone."""
    vectors, text = index._vectors.index, index._text.index
    return {
        "vectors": [milliseconds(partial(vectors.search, v, DEFAULT_DEPTH)) for _, v in asked],
        "text": [milliseconds(partial(text.search, q, DEFAULT_DEPTH)) for q, _ in asked],
    }


def _changes(index: PassageIndex, texts: Sequence[str]) -> tuple[list[float], list[float]]:
    articles = [Article.from_text(text) for text in texts]
    adding = [milliseconds(partial(index.add, article)) for article in articles]
    removing = [milliseconds(partial(index.remove, article.id)) for article in articles]
    return adding, removing


def _quantiles(times: Sequence[float]) -> dict[str, float]:
    return {"p50": float(np.quantile(times, 0.5)), "p95": float(np.quantile(times, 0.95))}


def resident_mb() -> float:
    """Return the anonymous resident memory of this process in MB, without mapped files."""
    return status(os.getpid())["RssAnon"] / 1000


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]), Path(sys.argv[2]))))
