"""An answer: what is shown, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from index.errors import CitationError
from index.types import Passage, Span
from qa.citations import Citation


class Kind(StrEnum):
    """What an answer is; its value is what JSON says."""

    ANSWER = "answer"
    """The words of the articles that answer the question, or a refusal."""
    SUMMARY = "summary"
    """What the articles are about, in some of their own sentences."""
    KEY_POINTS = "key_points"
    """Their most important sentences, one by one."""
    PEOPLE = "people"
    """The people and organisations in them."""
    TIMELINE = "timeline"
    """Their dated events, in order."""
    TALK = "talk"
    """About the chatbot, and nothing from the articles."""


LISTS = frozenset({Kind.KEY_POINTS, Kind.PEOPLE, Kind.TIMELINE})
"""The kinds whose text is a list: an entry a line, behind a bullet."""
OVERVIEWS = LISTS | {Kind.SUMMARY}
"""The kinds that are about a whole article."""
BULLET = "• "
LABEL_ENDS = " — "
"""What parts the label of an entry, a name or a date, from the words about it."""


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
    that the best candidate would have been). Of an overview nothing is estimated: 1, or 0
    if there is none; of talk neither: 1."""
    passages: tuple[Passage, ...]
    """What was retrieved, best first."""
    marks: tuple[Span, ...] = ()
    """Where the marks stand in ``text``: ``text[start:end] == "[1]"``. An article
    can hold "[1]" of its own; only these are ours."""

    short_at: Span | None = None
    """Where ``short`` stands in ``text``."""

    shorts_at: tuple[Span, ...] = ()
    """Where the short answers are in ``text`` if the question has several parts; else empty."""

    understood: str | None = None
    """What a follow-up question was taken to ask, in words that stand alone; None if it
    was read as it was typed."""

    kind: Kind = Kind.ANSWER
    """What was asked for."""

    note: str | None = None
    """What a reader should know of it, such as that the models do not know its language; a
    sentence or two, shown beside the text. None if there is nothing."""

    def __post_init__(self) -> None:
        if self.short_at and self.text[slice(*self.short_at)] != self.short:
            msg = f"The short answer {self.short!r} is not at {self.short_at.start} of the answer."
            raise CitationError(msg)
        for start, end in self.shorts_at:
            if not 0 <= start < end <= len(self.text):
                msg = f"There is no short answer at {start}–{end} of the answer."
                raise CitationError(msg)
        for start, end in self.marks:
            mark = self.text[start:end]
            number = mark[1:-1]
            whole = start >= 0 and end - start == len(mark)
            if not whole or mark != f"[{number}]" or not number.isdecimal():
                msg = f"There is no citation mark at {start}–{end} of the answer, but {mark!r}."
                raise CitationError(msg)
            if not 1 <= int(number) <= len(self.citations):
                msg = f"The mark {mark} points at none of {len(self.citations)} citations."
                raise CitationError(msg)

    @property
    def shorts(self) -> tuple[Span, ...]:
        """Where every shortest exact answer stands in ``text``: the one, or all of several."""
        return (self.short_at, *self.shorts_at) if self.short_at else self.shorts_at

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, a key for each field; :meth:`from_dict` is the inverse.

        ``understood`` is null unless a follow-up question was put in other words.
        """
        return {
            "question": self.question,
            "text": self.text,
            "short": self.short,
            "citations": [citation.to_dict() for citation in self.citations],
            "answered": self.answered,
            "confidence": self.confidence,
            "passages": [passage.to_dict() for passage in self.passages],
            "marks": [list(mark) for mark in self.marks],
            "short_at": list(self.short_at) if self.short_at else None,
            "shorts_at": [list(short) for short in self.shorts_at],
            "understood": self.understood,
            "kind": self.kind.value,
            "note": self.note,
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
            marks=tuple(Span(start, end) for start, end in data["marks"]),
            short_at=Span(*data["short_at"]) if data.get("short_at") else None,
            shorts_at=tuple(Span(start, end) for start, end in data.get("shorts_at", ())),
            understood=data.get("understood"),
            kind=Kind(data.get("kind", Kind.ANSWER)),
            note=data.get("note"),
        )
