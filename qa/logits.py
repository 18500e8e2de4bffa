"""Probabilities as logits, and back."""

from __future__ import annotations

import math

_FARTHEST = 700.0
"""What is farther from 0 would be too large for ``exp``."""


def logit(probability: float) -> float:
    """Return the logarithm of the odds of a probability, which is over 0 and under 1."""
    return math.log(probability / (1 - probability))


def logistic(value: float) -> float:
    """Return the probability of a logit, in 0..1."""
    return 1 / (1 + math.exp(min(_FARTHEST, -value)))
