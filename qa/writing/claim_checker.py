"""Check whether sentences of an article support a claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from index.types import Span
from qa.writing.attribution import letter_runs, overlap_share


class Pair(NamedTuple):
    """A claim, and the sentences that should support it with their neighbours."""

    claim: str
    evidence: str


class Checked(NamedTuple):
    """What a checker found about a claim."""

    probability: float
    """That the evidence supports the claim, in 0..1."""
    unsupported: tuple[Span, ...] = ()
    """Offsets, in the claim, of the words that the evidence does not support."""


class Checker(Protocol):
    """A component that checks claims. Safe to use from several threads."""

    @property
    def supported_from(self) -> float:
        """The probability from which a claim is supported."""

    @property
    def partly_from(self) -> float:
        """The probability from which a claim is supported in part."""

    def check(self, pairs: Sequence[Pair]) -> list[Checked]:
        """Return what was found about each pair, in their order."""


class OverlapChecker:
    """Measures how much of a claim's wording is in the evidence; blind to what the words say."""

    supported_from = 0.7
    partly_from = 0.4

    def check(self, pairs: Sequence[Pair]) -> list[Checked]:
        """Return the share of each claim's wording that its evidence has, as its probability."""
        return [
            Checked(overlap_share(letter_runs(pair.claim), letter_runs(pair.evidence)))
            for pair in pairs
        ]


def shipped_checker() -> Checker:
    """Return the checker that comes with the program."""
    return OverlapChecker()
