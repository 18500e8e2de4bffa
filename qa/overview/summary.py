"""The sentences that stand for a whole article: central, different from each other, in order.

A sentence counts by how near its embedding is to the mean of all (the centroid of Radev et al.
2004) and to the article's title, and by how early it comes; one after the other is taken, less
what it repeats (maximal marginal relevance, Carbonell and Goldstein 1998). What was tried and
measured: docs/overview.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.embedder import Vectors
from qa.overview.sentences import Sentence

# Of two sentences so alike the second tells nothing: the same but for a word or the marks.
_SAME = 0.95


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much; the defaults were chosen by ``training.fit_summary``."""

    centrality: float = 1.0
    title: float = 0.5
    early: float = 0.4
    leaning: float = 0.2
    """Taken off a sentence that leans on the one before."""
    spoken: float = 0.25
    """Taken off somebody's words."""
    novelty: float = 0.2
    """How much of the likeness to what was taken already is taken off."""


def chosen(
    sentences: Sequence[Sentence],
    vectors: Vectors,
    title: Vectors | None,
    count: int,
    weights: Weights | None = None,
) -> list[Sentence]:
    """Return up to ``count`` of the sentences in their order; none says what another does.

    Args:
        sentences: Of one article, in its order.
        vectors: Theirs, ``(n, dimension)`` float32 of unit length.
        title: That of the article's title, ``(dimension,)``; None without a title.
        count: How many.
        weights: What counts how much.
    """
    order = ranked(sentences, vectors, title, count, weights or Weights())
    return [sentences[i] for i in sorted(order)]


def ranked(
    sentences: Sequence[Sentence],
    vectors: Vectors,
    title: Vectors | None,
    count: int,
    weights: Weights,
) -> list[int]:
    """Return the indices of up to ``count`` sentences, each the best beside those before it."""
    if not sentences:
        return []
    scores = _scores(sentences, vectors, title, weights)
    likeness = np.zeros(len(sentences), dtype=np.float32)
    taken: list[int] = []
    while len(taken) < min(count, len(sentences)):
        worth = scores - weights.novelty * likeness
        worth[likeness > _SAME] = -np.inf
        worth[taken] = -np.inf
        best = int(np.argmax(worth))
        if worth[best] == -np.inf:
            break
        taken.append(best)
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return taken


def _scores(
    sentences: Sequence[Sentence], vectors: Vectors, title: Vectors | None, weights: Weights
) -> NDArray[np.float32]:
    """Return the worth of each sentence by itself, ``(n,)``."""
    mean = vectors.mean(axis=0)
    centre = mean / max(float(np.linalg.norm(mean)), 1e-12)
    scores = weights.centrality * (vectors @ centre)
    if title is not None:
        scores = scores + weights.title * (vectors @ title)
    scores = scores + weights.early / np.sqrt(1.0 + np.arange(len(sentences)))
    scores = scores - weights.leaning * np.array([s.leans for s in sentences])
    scores = scores - weights.spoken * np.array([s.is_spoken for s in sentences])
    return np.asarray(scores, dtype=np.float32)
