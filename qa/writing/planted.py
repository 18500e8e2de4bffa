"""Find sentences that were planted in an article, such as instructions to a language model.

An instruction cannot be told by its form: manuals and recipes are full of them. What gives a
planted one away is that it is about something else than its article and the question.
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
PLANTED_FROM_ASKED = 0.8
"""The probability from which a sentence is taken to be planted. Of instructions of our own that
were held out, 95 % reach it, and of the sentences that answer a question 0.8 %."""
PLANTED_FROM = 0.95
"""The same without a question, where more genuine sentences look as if they were planted."""
_NEAREST = (1, 3, 8)
"""Numbers of the most similar sentences whose similarity is averaged."""
_SCALE = 3.0
"""Of similarities beside the values of an embedding."""
_LEAST = 1e-6
"""The least probability of which the odds are computed."""
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
    question: str | None,
    quoted: Sequence[Citation] = (),
) -> list[Sentence]:
    """Return the sentences that belong to their article or bear on the question.

    Args:
        sentences: Sentences of articles, in reading order.
        encode: Returns ``(n, dimension)``, the embeddings of texts by the default model.
        question: What is asked about a part of the text; None if it is about all of it.
        quoted: Sentences that are kept in any case: those that the reading model chose.
    """
    asked = [] if question is None else [question]
    vectors = encode([*(sentence.text for sentence in sentences), *asked])
    query = vectors[-1] if asked else None
    least = PLANTED_FROM if query is None else PLANTED_FROM_ASKED
    chosen = {(citation.article_id, citation.start) for citation in quoted}
    kept = {i for i, each in enumerate(sentences) if (each.article.id, each.start) in chosen}
    for indices, paragraphs in _by_article(sentences):
        probabilities = planted_probabilities(vectors[indices], paragraphs, query)
        kept.update(i for i, p in zip(indices, probabilities, strict=True) if p < least)
    return _without_other_neighbours([sentences[i] for i in sorted(kept)])


def planted_probabilities(
    vectors: Vectors, paragraphs: NDArray[np.int64], query: Vectors | None
) -> Floats:
    """Return the probability that each sentence of an article is planted, ``(n,)``.

    Args:
        vectors: ``(n, dimension)``, their embeddings.
        paragraphs: ``(n,)``, the numbers of their paragraphs.
        query: ``(dimension,)``, the embedding of the question, if it is about a part of the text.
    """
    found = np.zeros(len(vectors))
    for i, paragraph in enumerate(paragraphs):
        outside = paragraphs != paragraph
        if 2 * outside.sum() < len(vectors):
            outside = np.arange(len(vectors)) != i
        if outside.sum() >= _FEWEST:
            features = planted_features(vectors[i], vectors[outside], query)
            found[i] = shipped_planted_model().probabilities(features[None])[0]
    return found if query is not None else _of_paragraphs(found, paragraphs)


def _of_paragraphs(probabilities: Floats, paragraphs: NDArray[np.int64]) -> Floats:
    """Return the mean probability of each sentence's paragraph, in log odds.

    Without a question, this halves the genuine sentences that look as if they were planted.
    """
    limited = np.clip(probabilities, _LEAST, 1 - _LEAST)
    odds = np.log(limited / (1 - limited))
    means = np.array([odds[paragraphs == paragraph].mean() for paragraph in paragraphs])
    return np.where(probabilities > 0, 1 / (1 + np.exp(-means)), 0.0)


def planted_features(vector: Vectors, others: Vectors, query: Vectors | None) -> Floats:
    """Return the features of a sentence, ``(dimension + 6,)``.

    Args:
        vector: ``(dimension,)``, its embedding.
        others: ``(n, dimension)``, those of sentences of its article, without its paragraph.
        query: ``(dimension,)``, the embedding of the question, if it is about a part of the text.
    """
    nearest = np.sort(others @ vector)[::-1]
    centre = others.mean(axis=0)
    to_centre = float(centre @ vector / np.linalg.norm(centre))
    to_query = to_centre if query is None else float(query @ vector)
    similarities = [*(nearest[:k].mean() for k in _NEAREST), to_centre, to_query]
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
