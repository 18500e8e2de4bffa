"""The text of an answer as one string, as other APIs send it, with the places of its marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from index.types import Span
from qa.answers.answer import BULLET, Answer
from qa.answers.citation import Citation
from qa.answers.claim import Claim
from qa.answers.written_wording import flag_of
from qa.output.checked_text import without_reordering
from qa.output.to_text import NO_PARAGRAPHS, Paragraphs, place

_BETWEEN_MARKS = re.compile(r"[\s,;]*")


class MarkPlace(NamedTuple):
    """A citation mark, ``text[start:end]``, and the number of its citation, from 1."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CitedContent:
    """The text of an answer; behind each statement that is not supported, words say so."""

    text: str
    marks: tuple[MarkPlace, ...]
    """In order. Offsets count code points."""

    @classmethod
    def of(cls, answer: Answer) -> CitedContent:
        """Return the text of ``answer`` and its marks, followed by its note, if it has one."""
        text = flagged(answer.text, answer.claims)
        marks = []
        for start, end in _apart(answer.marks):
            moved = len(flagged(answer.text[:start], answer.claims))
            marks.append(
                MarkPlace(int(answer.text[start + 1 : end - 1]), moved, moved + end - start)
            )
        if answer.note:
            text += f"\n\nNote: {answer.note}"
        return cls(text, tuple(marks))


def flagged(text: str, claims: Sequence[Claim], offset: int = 0) -> str:
    """Return a part of a written answer, with words behind each statement that is not supported.

    Characters that change the direction of text are left out, so that a model cannot disguise
    these words.

    Args:
        text: The part; it is returned as it is if there are no claims.
        claims: Statements of the answer.
        offset: Where the part begins in the answer.
    """
    if not claims:
        return text
    shown, position = "", 0
    for claim in sorted(claims, key=lambda claim: claim.end):
        end = claim.end - offset
        if position <= end <= len(text):
            shown += f"{without_reordering(text[position:end])}{flag_of(claim)}"
            position = end
    return shown + without_reordering(text[position:])


class Block(NamedTuple):
    """A part of an answer without marks, and the citations that support it."""

    text: str
    citations: tuple[Citation, ...] = ()


def blocks_of(answer: Answer) -> list[Block]:
    """Return the parts of an answer in order.

    A part with citations is, where possible, exactly the quote or the statement that they support,
    after white space; the program's own words, such as "Yes." or the dates of a timeline, are
    parts without. None is white space alone, which Anthropic's API does not take.
    """
    content = CitedContent.of(answer)
    blocks: list[Block] = []
    position = 0
    for group in _groups(content):
        before = content.text[position : group[0].start].rstrip(" ")
        cited = tuple(dict.fromkeys(answer.citations[mark.number - 1] for mark in group))
        start = _supported_from(before, cited, answer)
        if not before[:start].strip():
            start = 0
        blocks += [Block(before[:start]), Block(before[start:], cited)]
        position = group[-1].end
    blocks.append(Block(content.text[position:]))
    return [block for block in blocks if block.text.strip()] or [Block(content.text)]


def names_of(
    citations: Sequence[Citation], paragraphs: Paragraphs = NO_PARAGRAPHS
) -> tuple[str, ...]:
    """Return a name for each citation, its title and place; no two are the same.

    Clients that list sources by their name would show two of one name as one.
    """
    names = [place(citation, paragraphs.get(citation)) for citation in citations]
    return tuple(
        f"{name}, characters {citation.start}–{citation.end}" if names.count(name) > 1 else name
        for name, citation in zip(names, citations, strict=True)
    )


def _apart(marks: Sequence[Span]) -> Iterator[Span]:
    """Yield the marks in order, without any that overlaps the one before it."""
    position = 0
    for mark in sorted(marks):
        if mark.start >= position:
            yield mark
            position = mark.end


def _groups(content: CitedContent) -> list[list[MarkPlace]]:
    """Return the marks in groups, between which there is more than space or a comma."""
    groups: list[list[MarkPlace]] = []
    for mark in content.marks:
        before = groups[-1][-1].end if groups else 0
        if groups and _BETWEEN_MARKS.fullmatch(content.text, before, mark.start):
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return groups


def _supported_from(text: str, cited: Sequence[Citation], answer: Answer) -> int:
    """Return from where the end of ``text`` is what the citations support."""
    ends = [citation.quote for citation in cited]
    ends += [
        f"{without_reordering(answer.text[claim.start : claim.end])}{flag_of(claim)}"
        for claim in answer.claims
        if any(answer.citations[number - 1] in cited for number in claim.citations)
    ]
    longest = max((len(end) for end in ends if text.endswith(end)), default=0)
    if longest:
        return len(text) - longest
    return len(text) - len(text.lstrip().removeprefix(BULLET))
