"""Summarise rounds: medians, and ratios to the fastest peer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

Rounds = Mapping[str, Sequence[float]]
"""Key → a value a round; the rounds are the same for all."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one contender."""

    median: float
    """Of the rounds."""
    ratio: float | None
    """To the fastest peer: median of the rounds' ratios. None if no peer was measured."""


def figures(rounds: Rounds, peers: Sequence[str], *, more_is_better: bool) -> dict[str, Figure]:
    """Return the figures of a measure; the fastest peer is the one with the best median."""
    fastest = fastest_of(rounds, peers, more_is_better=more_is_better)
    return {
        key: Figure(median(values), ratio(values, rounds[fastest]) if fastest else None)
        for key, values in rounds.items()
    }


def fastest_of(rounds: Rounds, peers: Sequence[str], *, more_is_better: bool) -> str | None:
    """Return the peer with the best median, None if none was measured."""
    measured = [key for key in peers if key in rounds]
    if not measured:
        return None
    best = max if more_is_better else min
    return best(measured, key=lambda key: median(rounds[key]))


def ratio(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the rounds' ratios."""
    return median(value / other for value, other in zip(values, others, strict=True))


def difference(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of what ``values`` are above ``others``, pair by pair."""
    return median(value - other for value, other in zip(values, others, strict=True))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the quantile of values."""
    return float(np.quantile(values, share))
