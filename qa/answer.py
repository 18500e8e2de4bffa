"""An answer: what is shown, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from index.types import Passage
from qa.citations import Citation


@dataclass(frozen=True, slots=True)
class Answer:
    """What every surface shows for a question.

    ``text`` carries marks: ``[1]`` is ``citations[0]``. A refusal has
    ``answered`` False and no citations; its ``passages`` are the nearest.
    """

    question: str
    text: str
    short: str | None
    """The shortest exact answer, word for word from a citation; None if unknown."""
    citations: tuple[Citation, ...]
    answered: bool
    confidence: float
    """Calibrated probability, in 0..1, that the answer is right (for a refusal:
    that the best candidate would have been)."""
    passages: tuple[Passage, ...]
    """What was retrieved, best first."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return {
            "question": self.question,
            "text": self.text,
            "short": self.short,
            "citations": [citation.to_dict() for citation in self.citations],
            "answered": self.answered,
            "confidence": self.confidence,
            "passages": [passage.to_dict() for passage in self.passages],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the answer that :meth:`to_dict` was made from."""
        return cls(
            question=data["question"],
            text=data["text"],
            short=data["short"],
            citations=tuple(Citation.from_dict(item) for item in data["citations"]),
            answered=data["answered"],
            confidence=data["confidence"],
            passages=tuple(Passage.from_dict(item) for item in data["passages"]),
        )
