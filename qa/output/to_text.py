"""An answer as plain text, for the terminal and the clipboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import NamedTuple

from qa.answers.answer import Answer, parts
from qa.answers.citation import Citation
from qa.output.escape import flat, visible
from qa.output.places import Paragraphs, in_quotation_marks, nearest, place

_UNKNOWN: Paragraphs = MappingProxyType({})


class Piece(NamedTuple):
    """A run of plain text."""

    text: str
    is_short: bool = False
    """Whether it is a short answer, which a terminal prints in bold."""


def understood_as(question: str) -> str:
    """Return the line that says how a follow-up question was understood."""
    return f"Understood as: {flat(question)}"


def to_plain(answer: Answer, paragraphs: Paragraphs = _UNKNOWN) -> str:
    """Return ``answer`` for a terminal: its text, then its sources or the nearest passages."""
    return "".join(piece.text for piece in plain_pieces(answer, paragraphs))


def plain_pieces(answer: Answer, paragraphs: Paragraphs = _UNKNOWN) -> Iterator[Piece]:
    """Yield the text of :func:`to_plain` in pieces, the short answers apart.

    A source repeats its quote only if the text of the answer does not hold it.
    """
    shown = flat(answer.text)

    def describe(citation: Citation) -> str:
        where = place(citation, paragraphs.get(citation))
        return where if flat(citation.quote) in shown else f"{where}: {_quoted(citation)}"

    return _pieces(answer, describe)


def answer_with_sources(answer: Answer, paragraphs: Paragraphs = _UNKNOWN) -> str:
    """Return ``answer`` to be pasted elsewhere, away from its articles.

    Each quote follows in full, with its place and its file or address;
    a refusal lists the nearest passages.
    """

    def describe(citation: Citation) -> str:
        source = f" ({flat(citation.source)})" if citation.source else ""
        return f"{place(citation, paragraphs.get(citation))}{source}: {_quoted(citation)}"

    return "".join(piece.text for piece in _pieces(answer, describe))


def _pieces(answer: Answer, describe: Callable[[Citation], str]) -> Iterator[Piece]:
    """Yield the notes, the text, and a list of what ``describe`` returns for each place."""
    if answer.note:
        yield Piece(f"Note: {flat(answer.note)}\n")
    if answer.understood:
        yield Piece(f"{understood_as(answer.understood)}\n")
    yield from _text_pieces(answer)
    if answer.answered:
        items = [f"[{n}] {describe(each)}" for n, each in enumerate(answer.citations, start=1)]
    else:
        items = [f"- {describe(citation)}" for citation in nearest(answer)]
    if items:
        heading = "Sources" if answer.answered else "Nearest passages"
        yield Piece("\n".join(["", "", f"{heading}:", *items]))


def _text_pieces(answer: Answer) -> Iterator[Piece]:
    """Yield the text of an answer, without white space around it."""
    pieces = [Piece(visible(part.text), part.is_short) for part in parts(answer)]
    while pieces and not pieces[0].text.strip():
        del pieces[0]
    while pieces and not pieces[-1].text.strip():
        del pieces[-1]
    if pieces:
        pieces[0] = pieces[0]._replace(text=pieces[0].text.lstrip())
        pieces[-1] = pieces[-1]._replace(text=pieces[-1].text.rstrip())
    yield from pieces


def _quoted(citation: Citation) -> str:
    return in_quotation_marks(flat(citation.quote))
