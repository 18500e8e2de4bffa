"""Metrics for abstaining: how often, how rightly, and how far a confidence can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class AbstentionScore:
    """How well abstentions find the unanswerable questions, which are the positive class.

    A ratio with nothing to divide by is 0.
    """

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What happens if all replies of at least ``threshold`` confidence are given."""

    threshold: float
    coverage: float
    """The share of all questions that get a reply."""
    risk: float
    """The share of these replies that is wrong."""


def abstention_rates(kinds: Sequence[str], abstained: Sequence[bool]) -> dict[str, float]:
    """Return the share of abstentions for each kind of question, by first appearance."""
    by_kind: dict[str, list[bool]] = {}
    for kind, did in zip(kinds, abstained, strict=True):
        by_kind.setdefault(kind, []).append(did)
    return {kind: sum(values) / len(values) for kind, values in by_kind.items()}


def abstention_score(answerable: Sequence[bool], abstained: Sequence[bool]) -> AbstentionScore:
    """Return precision, recall and F1 of abstaining."""
    right = sum(did and not can for can, did in zip(answerable, abstained, strict=True))
    done, due = sum(abstained), len(answerable) - sum(answerable)
    return AbstentionScore(
        precision=right / done if done else 0.0,
        recall=right / due if due else 0.0,
        f1=2 * right / (done + due) if done + due else 0.0,
    )


def auroc(positive: Sequence[bool], scores: Sequence[float]) -> float:
    """Return the chance that a positive scores above a negative, a tie counting half.

    The area under the ROC curve as the Mann-Whitney statistic (Hanley and McNeil 1982).
    For a confidence, the positives are the answerable questions or the right replies.

    Raises:
        ValueError: One of the two classes is empty.
    """
    labels = np.asarray(positive, dtype=bool)
    values = np.asarray(scores, dtype=np.float64)
    ups, downs = values[labels], np.sort(values[~labels])
    if not len(ups) or not len(downs):
        msg = "AUROC compares two classes: give at least one positive and one negative."
        raise ValueError(msg)
    below = np.searchsorted(downs, ups, side="left")
    not_above = np.searchsorted(downs, ups, side="right")
    return float((below + not_above).sum() / 2 / (len(ups) * len(downs)))


def risk_coverage(correct: Sequence[float], confidence: Sequence[float]) -> list[RiskPoint]:
    """Return the risk-coverage curve (El-Yaniv and Wiener 2010), from low coverage to full.

    ``correct`` is a reply's score in 0..1 (EM, say), one for every question; a reply to
    an unanswerable question is wrong, 0. There is a point for each distinct confidence,
    because replies of the same confidence cannot be separated.
    """
    values = np.asarray(confidence, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    means = np.cumsum(np.asarray(correct, dtype=np.float64)[order]) / np.arange(1, len(ranked) + 1)
    lasts = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else ()
    return [
        RiskPoint(float(ranked[last]), float((last + 1) / len(ranked)), float(1 - means[last]))
        for last in lasts
    ]


def coverage_at(precision: float, correct: Sequence[float], confidence: Sequence[float]) -> float:
    """Return the largest share of questions answered with at least this mean score.

    0 if no threshold reaches it.
    """
    # 1 - mean and 1 - precision are rounded apart: 0.8 of right replies must reach 0.8.
    limit = 1 - precision + 1e-9
    reached = [
        point.coverage for point in risk_coverage(correct, confidence) if point.risk <= limit
    ]
    return max(reached, default=0.0)


def area_under_risk(correct: Sequence[float], confidence: Sequence[float]) -> float:
    """Return AURC: the mean risk over the coverages 1/n … 1 (Geifman and El-Yaniv 2017).

    Each step up to a new threshold has the risk of that threshold.

    Raises:
        ValueError: There is no reply.
    """
    points = risk_coverage(correct, confidence)
    if not points:
        msg = "There is no reply to take a risk of."
        raise ValueError(msg)
    coverages = np.array([0.0, *(point.coverage for point in points)])
    return float(np.diff(coverages) @ np.array([point.risk for point in points]))
