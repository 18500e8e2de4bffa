"""The parts and the lines of an answer's text, for what shows it with markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qa.answer import BULLET, LABEL_ENDS, LISTS, Answer, Kind

_LABELLED = frozenset({Kind.PEOPLE, Kind.TIMELINE})


class Part(NamedTuple):
    """A part of an answer's text: plain words, the short answer, or one of our marks."""

    text: str
    number: int = 0
    """Of the citation it points at; 0 if it is no mark."""
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an overview."""

    parts: tuple[Part, ...]
    """Without the bullet and the label; together with them they are the line."""
    label: str = ""
    """The name or the date that an entry begins with."""
    is_entry: bool = False
    is_lead: bool = False
    """Whether it leads the lines below it: a title, or what they are."""


def parts(answer: Answer) -> Iterator[Part]:
    """Yield the parts of ``answer.text`` in order; together they are the text.

    What lies between marks and the short answer is a part of its own, even where it
    is empty, so the first part and the last are plain words.
    """
    places = [(mark, True) for mark in answer.marks]
    places += [(short, False) for short in answer.shorts]
    position = 0
    for (start, end), is_mark in sorted(places):
        if start < position:
            continue  # a short answer that reaches over a mark keeps its words whole
        yield Part(answer.text[position:start])
        shown = answer.text[start:end]
        yield Part(shown, int(shown[1:-1])) if is_mark else Part(shown, is_short=True)
        position = end
    yield Part(answer.text[position:])


def lines(answer: Answer) -> list[Line]:
    """Return the lines of an overview, as :mod:`qa.overview.composing` has written them."""
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
    label, ends, told = words.partition(LABEL_ENDS)
    if not ends:  # a name with marks alone
        label, told = words.rstrip(), " "
    return Line((Part(f"{ends}{told}"), *rest), label, is_entry=True)
