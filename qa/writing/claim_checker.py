"""Check whether sentences of an article support a claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from index.types import Span


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
