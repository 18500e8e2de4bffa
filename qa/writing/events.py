"""What happens while an answer is written, for interfaces that show it as it comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from qa.answers.answer import Answer
from qa.answers.claim import Claim


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words as the model writes them, not checked yet, with the model's own marks.

    There are none if statements that are not supported are to be left out: then nothing is shown
    before it is checked.
    """

    text: str


@dataclass(frozen=True, slots=True)
class SentenceChecked:
    """A sentence of the answer, checked.

    The texts of all these events, joined, are the text of the finished answer, unless a fault or
    the check makes that the extractive one. What is left out has no event.
    """

    text: str
    """The sentence with its marks, and the space or line break before it."""
    claims: tuple[Claim, ...]
    """Its statements; offsets count from the start of the whole answer."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete. This is the last event, and replaces whatever was shown before."""

    answer: Answer
    dropped: tuple[str, ...] = ()
    """The statements of the model's that were left out."""
    removed_marks: int = 0
    """How many of the model's citations led nowhere and were removed."""


Event: TypeAlias = Piece | SentenceChecked | Finished
