"""Entries of an overview → the Answer that every surface shows.

A list has an entry a line, each behind a bullet; a line without one leads the entries below it.
Between articles is an empty line. What is shown of a quote is on one line; its citation has
the exact words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.types import Article, Span
from qa.answer import BULLET, LABEL_ENDS, Answer, Kind
from qa.citations import Citation


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of an article that are shown, and the words around them that are cited."""

    told: Span | None
    """What is shown; None for a mark alone."""
    cited: Span
    heading: str = ""

    @classmethod
    def whole(cls, span: Span, heading: str) -> Quote:
        """Return the quote that shows all that it cites."""
        return cls(span, span, heading)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list, or a sentence of a paragraph."""

    quotes: tuple[Quote, ...]
    label: str = ""
    """What it is about: a name, a date."""


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a line of their own."""

    entries: tuple[Entry, ...]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """What an article gives for a kind of overview; ``sections`` is empty if it gives nothing."""

    article: Article
    sections: tuple[Section, ...]
    lacking: str = ""
    """The sentence to be told instead."""


class _Text:
    """A text that grows, with the marks in it and the citations that they point at."""

    def __init__(self) -> None:
        self.text = ""
        self.marks: list[Span] = []
        self._numbers: dict[tuple[str, int, int], int] = {}
        self.citations: list[Citation] = []

    def quote(self, article: Article, quote: Quote) -> None:
        """Add a quote and its mark; what is cited a second time keeps its number."""
        if quote.told is not None:
            self.text += " ".join(article.text[slice(*quote.told)].split()) + " "
        key = (article.id, *quote.cited)
        if key not in self._numbers:
            self.citations.append(Citation.of(article, *quote.cited, heading=quote.heading))
            self._numbers[key] = len(self.citations)
        mark = f"[{self._numbers[key]}]"
        self.marks.append(Span(len(self.text), len(self.text) + len(mark)))
        self.text += mark


def composed(
    kind: Kind, question: str, overviews: Sequence[Overview], left_out: str = ""
) -> Answer:
    """Return the answer that shows these overviews, or says what they lack.

    Of several articles the title leads each. ``left_out`` is told at the end.
    """
    found = _Text()
    several = len(overviews) > 1
    for overview in overviews:
        if found.text:
            found.text += "\n\n"
        if several:
            found.text += f"{overview.article.title}\n"
        _add(found, kind, overview)
    answered = any(overview.sections for overview in overviews)
    if left_out:
        found.text += f"\n\n{left_out}" if found.text else left_out
    return Answer(
        question=question,
        text=found.text,
        short=None,
        citations=tuple(found.citations),
        answered=answered,
        confidence=1.0 if answered else 0.0,
        passages=(),
        marks=tuple(found.marks),
        kind=kind,
    )


def _add(found: _Text, kind: Kind, overview: Overview) -> None:
    if not overview.sections:
        found.text += overview.lacking
        return
    between = " " if kind is Kind.SUMMARY else "\n"
    first = True
    for section in overview.sections:
        if section.lead:
            found.text += ("" if first else "\n") + section.lead + "\n"
            first = True
        for entry in section.entries:
            found.text += "" if first else between
            first = False
            _add_entry(found, kind, overview.article, entry)


def _add_entry(found: _Text, kind: Kind, article: Article, entry: Entry) -> None:
    if kind is not Kind.SUMMARY:
        found.text += BULLET
    if entry.label:
        tells = entry.quotes[0].told is not None
        found.text += entry.label + (LABEL_ENDS if tells else " ")
    for i, quote in enumerate(entry.quotes):
        if i:
            found.text += " "
        found.quote(article, quote)
