"""A claim: a part of a written answer, and whether the sentences it cites support it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from index.types import Span


class Status(StrEnum):
    """Whether the cited sentences support a claim, as far as the checker can tell."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    """Some of it, or perhaps."""
    NOT_SUPPORTED = "not_supported"
    UNCHECKED = "unchecked"
    """It, or what it cites, is in a language that the checker does not know."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a written answer, ``answer.text[start:end]``."""

    start: int
    end: int
    citations: tuple[int, ...]
    """Numbers of the citations that it rests on, from 1; empty if there are none."""
    status: Status
    probability: float
    """That the cited sentences support it, in 0..1; 0 if that was not checked."""
    unsupported: tuple[Span, ...] = ()
    """Offsets, in the answer's text, of the words that they do not support."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return {
            "start": self.start,
            "end": self.end,
            "citations": list(self.citations),
            "status": self.status.value,
            "probability": self.probability,
            "unsupported": [list(span) for span in self.unsupported],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the claim from the values of :meth:`to_dict`."""
        return cls(
            start=data["start"],
            end=data["end"],
            citations=tuple(data["citations"]),
            status=Status(data["status"]),
            probability=data["probability"],
            unsupported=tuple(Span(start, end) for start, end in data.get("unsupported", ())),
        )
