"""Fits how spans are ranked: the weights of the signs, on questions with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from qa.evaluation.asking import Asked
from qa.evaluation.metrics import f1
from qa.ranking import RankSigns, rank_signs

Floats = NDArray[np.float64]

RIGHT_ENOUGH = 0.3
"""F1 from which a span counts as an answer, by its F1."""
PENALTY = 1e-3
"""On the squared weights, whose signs are scaled alike."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The spans of one question, and how right each is."""

    signs: Floats
    """``(n, signs)``."""
    target: Floats
    """``(n,)``, of sum 1: how the chances should be."""


def choices_of(asked: Sequence[Asked]) -> list[Choice]:
    """Return what there is to choose, of the questions that have a right span."""
    found = []
    for a in asked:
        if not (a.question.answerable and a.judged):
            continue
        candidates = [span.candidate for span in a.judged]
        scores = np.array([f1(c.text, a.question.gold, a.lang) for c in candidates])
        scores[scores < RIGHT_ENOUGH] = 0.0
        if scores.any():
            signs = rank_signs(a.answer.question, a.retrieved, candidates)
            rows = np.array([astuple(sign) for sign in signs])
            found.append(Choice(rows, scores / scores.sum()))
    return found


def fit_rank(choices: Sequence[Choice]) -> RankSigns:
    """Return the weights under which the right spans are likeliest.

    Conditional logit (McFadden 1974): the chance of a span is its share of the
    exponentials of all scores of its question.
    """
    scale = np.concatenate([choice.signs for choice in choices]).std(axis=0)
    scale[scale == 0] = 1.0
    scaled = [Choice(choice.signs / scale, choice.target) for choice in choices]
    start = np.zeros(len(fields(RankSigns)))
    found = minimize(_loss, start, args=(scaled,), jac=True, method="L-BFGS-B")
    return RankSigns(*np.round(found.x / scale, 4).tolist())


def _loss(weights: Floats, choices: Sequence[Choice]) -> tuple[float, Floats]:
    """Return the mean cross entropy with its gradient."""
    loss, gradient = 0.0, np.zeros_like(weights)
    for choice in choices:
        scores = choice.signs @ weights
        logs = scores - np.logaddexp.reduce(scores)
        loss -= float(choice.target @ logs)
        gradient += choice.signs.T @ (np.exp(logs) - choice.target)
    total = len(choices)
    return (
        loss / total + PENALTY * float(weights @ weights),
        gradient / total + 2 * PENALTY * weights,
    )
