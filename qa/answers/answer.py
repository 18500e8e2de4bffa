"""The answer to a question, and the parts of its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Self

from index.errors import CitationError
from index.types import Passage, Span
from qa.answers.citation import Citation
from qa.answers.claim import Claim
from qa.answers.usage import Usage


class Kind(StrEnum):
    """The kind of an answer; its value is used in JSON."""

    ANSWER = "answer"
    """An answer in the words of the articles, or a refusal."""
    SUMMARY = "summary"
    """What the articles are about, in some of their own sentences."""
    KEY_POINTS = "key_points"
    """Their most important sentences, one by one."""
    PEOPLE = "people"
    """The people and organisations in them."""
    TIMELINE = "timeline"
    """Their dated events, in order."""
    DOCUMENT = "document"
    """What the articles are called: a reply without citations."""
    TALK = "talk"
    """A reply about the chatbot, with nothing from the articles."""


LISTS = frozenset({Kind.KEY_POINTS, Kind.PEOPLE, Kind.TIMELINE})
"""The kinds whose text is a list, with one entry a line after a bullet."""
OVERVIEWS = LISTS | {Kind.SUMMARY}
"""The kinds that describe whole articles."""
BULLET = "• "
LABEL_ENDS = " — "
"""Separates the label of an entry, a name or a date, from its text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question, the same in every interface.

    ``text`` contains marks: ``[1]`` refers to ``citations[0]``. A refusal has ``answered`` False
    and no citations; its ``passages`` are the nearest.
    """

    question: str
    text: str
    short: str | None
    """The shortest exact answer, word for word from a citation; None if unknown, if there are
    several, or if the answer is "yes" or "no"."""
    citations: tuple[Citation, ...]
    answered: bool
    confidence: float
    """Calibrated probability, in 0..1, that the answer is right; for a refusal, that the best
    candidate would have been. Not estimated for an overview (1, or 0 if it is empty) or for
    small talk (1)."""
    passages: tuple[Passage, ...]
    """The retrieved passages, best first."""
    marks: tuple[Span, ...] = ()
    """Offsets of the marks in ``text``: ``text[start:end] == "[1]"``. Any other "[1]" in ``text``
    is the article's own."""

    short_at: Span | None = None
    """Offsets of ``short`` in ``text``."""

    shorts_at: tuple[Span, ...] = ()
    """Offsets of the short answers in ``text`` if there are several; else empty."""

    verdict: str | None = None
    """"yes" or "no" if the question asks for one of them and the text says so clearly. ``text``
    begins with it, in the program's own words."""

    understood: str | None = None
    """The question with the one before it, if that decides the answer, or as a language model
    rewrote it; None if it was read as typed."""

    kind: Kind = Kind.ANSWER
    """What the question asked for."""

    note: str | None = None
    """A warning shown beside the text, such as that the models know its language less well; a
    sentence or two, or None."""

    claims: tuple[Claim, ...] = ()
    """The statements of an answer that a language model wrote, in order, each checked."""

    engine: str | None = None
    """The name of the language model that wrote the answer; None if it is quoted."""

    usage: Usage | None = None
    """What the language model's reply cost; None if none was asked."""

    def __post_init__(self) -> None:
        if self.short_at and self.text[slice(*self.short_at)] != self.short:
            msg = f"The answer does not contain {self.short!r} at {self.short_at.start}."
            raise CitationError(msg)
        for start, end in self.shorts_at:
            if not 0 <= start < end <= len(self.text):
                msg = f"The short answer's offsets {start}–{end} are empty or outside the answer."
                raise CitationError(msg)
        for start, end in self.marks:
            mark = self.text[start:end]
            number = mark[1:-1]
            whole = start >= 0 and end - start == len(mark)
            if not whole or mark != f"[{number}]" or not number.isdecimal():
                msg = f"The answer has no citation mark at {start}–{end}, but {mark!r}."
                raise CitationError(msg)
            if not 1 <= int(number) <= len(self.citations):
                msg = f"The mark {mark} refers to none of the {len(self.citations)} citations."
                raise CitationError(msg)
        for claim in self.claims:
            self._check_claim(claim)

    def _check_claim(self, claim: Claim) -> None:
        """Raise CitationError if a claim is not in the text, or its citations do not exist."""
        spans = [(claim.start, claim.end), *claim.unsupported]
        if not all(0 <= start < end <= len(self.text) for start, end in spans):
            msg = f"The claim at {claim.start}–{claim.end} is empty or outside the answer."
            raise CitationError(msg)
        if not all(1 <= number <= len(self.citations) for number in claim.citations):
            msg = f"The claim at {claim.start}–{claim.end} cites what is not there."
            raise CitationError(msg)

    @property
    def has_confidence(self) -> bool:
        """Whether ``confidence`` was estimated or says that nothing was found.

        It is not for a reply that quotes nothing, such as small talk.
        """
        return bool(self.citations) or not self.answered

    @property
    def shorts(self) -> tuple[Span, ...]:
        """Offsets of all short answers in ``text``."""
        return (self.short_at, *self.shorts_at) if self.short_at else self.shorts_at

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, a key for each field; :meth:`from_dict` is the inverse.

        ``understood`` is null unless earlier questions decided the answer.
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
            "verdict": self.verdict,
            "understood": self.understood,
            "kind": self.kind.value,
            "note": self.note,
            "claims": [claim.to_dict() for claim in self.claims],
            "engine": self.engine,
            "usage": self.usage.to_dict() if self.usage else None,
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
            verdict=data.get("verdict"),
            understood=data.get("understood"),
            kind=Kind(data.get("kind", Kind.ANSWER)),
            note=data.get("note"),
            claims=tuple(Claim.from_dict(item) for item in data.get("claims", ())),
            engine=data.get("engine"),
            usage=Usage.from_dict(data["usage"]) if data.get("usage") else None,
        )


_LABELLED = frozenset({Kind.PEOPLE, Kind.TIMELINE})


class Part(NamedTuple):
    """A part of an answer's text: plain text, a short answer or a mark."""

    text: str
    number: int = 0
    """The number of the citation that a mark refers to; 0 if it is not a mark."""
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an overview."""

    parts: tuple[Part, ...]
    """The rest of the line after the bullet and the label."""
    label: str = ""
    """The name or date at the start of an entry."""
    is_entry: bool = False
    is_lead: bool = False
    """Whether it is the heading of the lines below it."""


def parts(answer: Answer) -> Iterator[Part]:
    """Yield the parts of ``answer.text`` in order; joined, they are the text.

    Between any two marks or short answers, and at both ends, there is a plain part, even if it is
    empty.
    """
    places = [(mark, True) for mark in answer.marks]
    places += [(short, False) for short in answer.shorts]
    position = 0
    for (start, end), is_mark in sorted(places):
        if start < position:
            continue  # a mark inside a short answer is part of it
        yield Part(answer.text[position:start])
        shown = answer.text[start:end]
        yield Part(shown, int(shown[1:-1])) if is_mark else Part(shown, is_short=True)
        position = end
    yield Part(answer.text[position:])


def lines(answer: Answer) -> list[Line]:
    """Return the lines of an overview, in the format of :mod:`qa.overview.overviews`."""
    split: list[list[Part]] = [[]]
    for part in parts(answer):
        first, *more = part.text.split("\n") if not part.number else [part.text]
        split[-1].append(part._replace(text=first))
        split.extend([Part(text)] for text in more)
    whole = ["".join(part.text for part in line) for line in split]
    return [
        _line(line, answer.kind, is_followed=bool(after))
        for line, text, after in zip(split, whole, [*whole[1:], ""], strict=True)
        if text
    ]


def _line(line: Sequence[Part], kind: Kind, *, is_followed: bool) -> Line:
    first, *rest = line
    if kind not in LISTS or not first.text.startswith(BULLET):
        marked = any(part.number for part in line)
        return Line(tuple(line), is_lead=is_followed and not marked)
    words = first.text.removeprefix(BULLET)
    if kind not in _LABELLED:
        return Line((Part(words), *rest), is_entry=True)
    label, ends, text = words.partition(LABEL_ENDS)
    if not ends:  # a name with marks only
        label, text = words.rstrip(), " "
    return Line((Part(f"{ends}{text}"), *rest), label, is_entry=True)
