"""Find the sentences that a statement most likely rests on, by the letters they share."""

from __future__ import annotations

from collections.abc import Sequence

_LETTERS = 4
"""Letters of a run that is compared: it needs no list of words and works in every language."""


def letter_runs(text: str) -> frozenset[str]:
    """Return the runs of a few letters and digits of a text, without regard to case."""
    plain = "".join(c if c.isalnum() else " " for c in text.casefold())
    words = f" {' '.join(plain.split())} "
    return frozenset(words[i : i + _LETTERS] for i in range(max(1, len(words) - _LETTERS + 1)))


def overlap_share(claim: frozenset[str], evidence: frozenset[str]) -> float:
    """Return the share, in 0..1, of the runs of a claim that its evidence has."""
    return len(claim & evidence) / len(claim)


def nearest_numbers(claim: str, sentences: Sequence[frozenset[str]], count: int) -> tuple[int, ...]:
    """Return the numbers, from 1, of the sentences that share the most with a claim, best first.

    Fewer than ``count`` are returned if no more share anything.
    """
    runs = letter_runs(claim)
    shares = [overlap_share(runs, sentence) for sentence in sentences]
    best = sorted(range(len(shares)), key=lambda i: -shares[i])[:count]
    return tuple(i + 1 for i in best if shares[i] > 0)
