"""Fit the weights of the features that rank spans, on questions with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from index.types import Passage
from qa.evaluation.evaluate import Asked
from qa.evaluation.metrics import f1, hits_any
from qa.reading.ranking import RankFeatures, Ranking, ScoredSpan, rank_features
from qa.reading.spans import SpanCandidate

Floats = NDArray[np.float64]

RIGHT_ENOUGH = 0.3
"""F1 from which a span counts as an answer, by its F1."""
REACH = 0.5
"""Reading ends when the following passages would need a span better, their retrieval apart,
than this share of the right ones."""
PENALTY = 1e-3
"""On the squared weights, whose features are scaled alike."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The spans of one question, and how right each is."""

    features: Floats
    """``(n, features)``."""
    target: Floats
    """``(n,)``, of sum 1: how the chances should be."""


def choices_of(asked: Sequence[Asked]) -> list[Choice]:
    """Return what there is to choose, of the questions that have a right span."""
    found = []
    for a in asked:
        if not (a.question.answerable and a.scored):
            continue
        candidates = [span.candidate for span in a.scored]
        scores = np.array([f1(c.text, a.question.gold, a.lang) for c in candidates])
        places = [hits_any(c.passage, a.question.evidence.spans) for c in candidates]
        # The right words in a passage that does not answer are there by chance.
        scores[(scores < RIGHT_ENOUGH) | ~np.array(places)] = 0.0
        if scores.any():
            features = rank_features(a.answer.question, a.retrieved, candidates)
            rows = np.array([astuple(feature) for feature in features])
            found.append(Choice(rows, scores / scores.sum()))
    return found


def fit_ranking(asked: Sequence[Asked]) -> Ranking:
    """Return the weights that fit ``asked`` best, with how far it is worth reading."""
    weights = fit_weights(choices_of(asked))
    exact = Ranking(weights)
    beside = []
    for a in asked:
        if a.question.answerable and a.scored and a.is_right(scored := as_read(a, exact)):
            best = scored[0]
            beside.append(best.score - weights.retrieval * best.candidate.passage.score)
    return Ranking(weights, round(float(np.quantile(beside, REACH)), 3))


def as_read(asked: Asked, ranking: Ranking) -> list[ScoredSpan]:
    """Return the spans by score as if the passages had been read under ``ranking``."""
    by_passage: dict[tuple[str, int], list[SpanCandidate]] = {}
    for span in asked.scored:
        place = span.candidate.passage
        by_passage.setdefault((place.article_id, place.start), []).append(span.candidate)

    def spans_of(some: Sequence[Passage]) -> list[SpanCandidate]:
        return [c for p in some for c in by_passage.get((p.article_id, p.start), ())]

    return ranking.rank(asked.answer.question, asked.retrieved, spans_of)


def fit_weights(choices: Sequence[Choice]) -> RankFeatures:
    """Return the weights under which the right spans are likeliest.

    Conditional logit (McFadden 1974): the chance of a span is its share of the
    exponentials of all scores of its question.
    """
    scale = np.concatenate([choice.features for choice in choices]).std(axis=0)
    scale[scale == 0] = 1.0
    scaled = [Choice(choice.features / scale, choice.target) for choice in choices]
    start = np.zeros(len(fields(RankFeatures)))
    found = minimize(_loss, start, args=(scaled,), jac=True, method="L-BFGS-B")
    return RankFeatures(*np.round(found.x / scale, 4).tolist())


def _loss(weights: Floats, choices: Sequence[Choice]) -> tuple[float, Floats]:
    """Return the mean cross entropy with its gradient."""
    loss, gradient = 0.0, np.zeros_like(weights)
    for choice in choices:
        scores = choice.features @ weights
        logs = scores - np.logaddexp.reduce(scores)
        loss -= float(choice.target @ logs)
        gradient += choice.features.T @ (np.exp(logs) - choice.target)
    total = len(choices)
    return (
        loss / total + PENALTY * float(weights @ weights),
        gradient / total + 2 * PENALTY * weights,
    )
