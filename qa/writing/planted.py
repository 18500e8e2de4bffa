"""Find sentences that were planted in an article, such as instructions to a language model.

An instruction cannot be told by its form: manuals and recipes are full of them. What gives a
planted one away is that it is about something else than its article.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.embedding.embedder import Vectors
from qa.answers.citation import Citation
from qa.writing.evidence import Sentence

WEIGHTS = Path(__file__).parent / "planted_weights.json"
PLANTED_FROM = 0.99
"""The probability from which a sentence is taken to be planted."""
PLANTED_PARAGRAPH_FROM = 0.85
"""The mean probability from which a whole paragraph is."""
RELEVANT_FROM = 0.4
"""The similarity to the question from which a sentence bears on it. Of sentences that answer one,
81 % reach it, and of instructions of our own one in 1,500."""
_NEAREST = (1, 3, 8)
"""Numbers of the most similar sentences whose similarity is averaged."""
_SCALE = 3.0
"""Of similarities beside the values of an embedding."""
_LEAST = 1e-6
"""The least probability of which the odds are computed."""
_MOST = 500
"""Sentences that another one is compared with at most, so that time grows with the length."""
_FEWEST = 3
"""Sentences that another one is compared with; with fewer, none is taken to be planted."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class PlantedModel:
    """A logistic regression over a sentence's embedding and its similarities."""

    coefficients: Floats
    intercept: float

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the model that ``python -m training.fit_planted`` wrote."""
        return cls(np.array(data["coefficients"]), data["intercept"])

    def probabilities(self, features: Floats) -> Floats:
        """Return ``(n,)``: the probability that each sentence is planted."""
        logits = features @ self.coefficients + self.intercept
        return np.asarray(1 / (1 + np.exp(-logits)))


@functools.cache
def shipped_planted_model() -> PlantedModel:
    """Return the shipped model, which works with the default embedding model only."""
    return PlantedModel.from_dict(json.loads(WEIGHTS.read_text(encoding="utf-8")))


def without_planted(
    sentences: Sequence[Sentence],
    encode: Callable[[Sequence[str]], Vectors],
    question: str,
    quoted: Sequence[Citation] = (),
) -> list[Sentence]:
    """Return the sentences that belong to their article or bear on the question.

    The question rarely makes a difference, so a language model that keeps what it has read need
    not read an article again for each one.

    Args:
        sentences: Sentences of articles, in reading order.
        encode: Returns ``(n, dimension)``, the embeddings of texts by the default model.
        question: What is asked.
        quoted: Sentences that are kept in any case: those that the reading model chose.
    """
    encoded = encode([*(sentence.text for sentence in sentences), question])
    vectors = encoded[:-1]
    bear_on_it = vectors @ encoded[-1] >= RELEVANT_FROM
    chosen = {(citation.article_id, citation.start) for citation in quoted}
    kept = {i for i, each in enumerate(sentences) if (each.article.id, each.start) in chosen}
    for indices, paragraphs in _by_article(sentences):
        planted = are_planted(vectors[indices], paragraphs)
        kept.update(
            i
            for i, is_planted in zip(indices, planted, strict=True)
            if not is_planted or bear_on_it[i]
        )
    return _without_other_neighbours([sentences[i] for i in sorted(kept)])


def are_planted(vectors: Vectors, paragraphs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each sentence of an article is taken to be planted, ``(n,)``.

    A whole paragraph is judged by less, as its sentences seldom look planted by chance together.

    Args:
        vectors: ``(n, dimension)``, their embeddings.
        paragraphs: ``(n,)``, the numbers of their paragraphs.
    """
    found = planted_probabilities(vectors, paragraphs)
    limited = np.clip(found, _LEAST, 1 - _LEAST)
    odds = np.log(limited / (1 - limited))
    means = np.bincount(paragraphs, odds) / np.maximum(1, np.bincount(paragraphs))
    in_planted = 1 / (1 + np.exp(-means[paragraphs])) >= PLANTED_PARAGRAPH_FROM
    return np.asarray((found >= PLANTED_FROM) | (in_planted & (found > 0)))


def planted_probabilities(vectors: Vectors, paragraphs: NDArray[np.int64]) -> Floats:
    """Return the probability that each sentence of an article is planted, ``(n,)``.

    It is 0 if there are too few others to compare a sentence with.
    """
    found = np.zeros(len(vectors))
    for i, paragraph in enumerate(paragraphs):
        outside = paragraphs != paragraph
        if 2 * outside.sum() < len(vectors):
            outside = np.arange(len(vectors)) != i
        others = np.flatnonzero(outside)
        if len(others) >= _FEWEST:
            others = others[:: 1 + len(others) // _MOST]
            features = planted_features(vectors[i], vectors[others])
            found[i] = shipped_planted_model().probabilities(features[None])[0]
    return found


def planted_features(vector: Vectors, others: Vectors) -> Floats:
    """Return the features of a sentence, ``(dimension + 5,)``.

    Args:
        vector: ``(dimension,)``, its embedding.
        others: ``(n, dimension)``, those of sentences of its article, without its paragraph.
    """
    nearest = np.sort(others @ vector)[::-1]
    centre = others.mean(axis=0)
    to_centre = float(centre @ vector / np.linalg.norm(centre))
    similarities = [*(nearest[:k].mean() for k in _NEAREST), to_centre]
    return np.concatenate([vector, _SCALE * np.array([*similarities, 1 / len(others)])])


def _without_other_neighbours(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Return the sentences, whose neighbours are only those that are among them."""
    starts = {(sentence.article.id, sentence.start) for sentence in sentences}
    ends = {(sentence.article.id, sentence.end) for sentence in sentences}
    return [
        replace(
            sentence,
            before=sentence.before if (sentence.article.id, sentence.before) in starts else None,
            after=sentence.after if (sentence.article.id, sentence.after) in ends else None,
        )
        for sentence in sentences
    ]


def _by_article(sentences: Sequence[Sentence]) -> list[tuple[list[int], NDArray[np.int64]]]:
    """Return, for each article, the indices of its sentences and numbers of their paragraphs."""
    groups: dict[str, list[int]] = {}
    for i, sentence in enumerate(sentences):
        groups.setdefault(sentence.article.id, []).append(i)
    return [(indices, _paragraphs([sentences[i] for i in indices])) for indices in groups.values()]


def _paragraphs(sentences: Sequence[Sentence]) -> NDArray[np.int64]:
    """Return the number of each sentence's paragraph. A line break begins a new one."""
    numbers, number = [], 0
    for i, sentence in enumerate(sentences):
        last = sentences[max(0, i - 1)]
        number += "\n" in sentence.article.text[last.end : sentence.start]
        numbers.append(number)
    return np.array(numbers, dtype=np.int64)
