"""Summarise rounds: medians, and ratios to the fastest peer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

Rounds = Mapping[str, Sequence[float]]
"""By key, one value for each round."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one contender."""

    median: float
    """Median over the rounds."""
    ratio: float | None
    """Median over the rounds of the ratio to the fastest peer; None if none was measured."""


def figures(rounds: Rounds, peers: Sequence[str], *, more_is_better: bool) -> dict[str, Figure]:
    """Return the figures of a measure; the fastest peer is the one with the best median."""
    fastest = fastest_of(rounds, peers, more_is_better=more_is_better)
    return {
        key: Figure(median(values), ratio(values, rounds[fastest]) if fastest else None)
        for key, values in rounds.items()
    }


def fastest_of(rounds: Rounds, peers: Sequence[str], *, more_is_better: bool) -> str | None:
    """Return the peer with the best median; None if none was measured."""
    measured = [key for key in peers if key in rounds]
    if not measured:
        return None
    best = max if more_is_better else min
    return best(measured, key=lambda key: median(rounds[key]))


def ratio(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the rounds' ratios."""
    return median(value / other for value, other in zip(values, others, strict=True))


def difference(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the pairwise differences."""
    return median(value - other for value, other in zip(values, others, strict=True))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the quantile of ``values`` at ``share``, in 0..1."""
    return float(np.quantile(values, share))
