"""The questions and answers of a conversation, as a value to store or export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from qa.answers.answer import Answer


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer."""

    question: str
    """As it was typed."""
    answer: Answer
    note: str = ""
    """The reader's note on the answer."""
    pinned: bool = False
    """Whether the reader pinned the answer."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return {
            "question": self.question,
            "answer": self.answer.to_dict(),
            "note": self.note,
            "pinned": self.pinned,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the turn that :meth:`to_dict` was made from."""
        return cls(
            data["question"],
            Answer.from_dict(data["answer"]),
            data.get("note", ""),
            data.get("pinned", False),
        )


@dataclass(frozen=True, slots=True)
class Transcript:
    """The turns of a conversation, in order.

    Example:
        >>> from qa import ask
        >>> Transcript.of([ask("Who did Marco Rubio call?")]).turns[0].question
        'Who did Marco Rubio call?'
    """

    turns: tuple[Turn, ...]
    title: str = ""
    """The title of the conversation; may be empty."""
    at: str = ""
    """When it was exported (ISO 8601, UTC); may be empty."""

    @classmethod
    def of(cls, answers: Iterable[Answer], *, title: str = "") -> Self:
        """Return the transcript of these answers and their questions, with the current time."""
        return cls.now((Turn(answer.question, answer) for answer in answers), title=title)

    @classmethod
    def now(cls, turns: Iterable[Turn], *, title: str = "") -> Self:
        """Return the transcript of these turns, with the current time."""
        return cls(tuple(turns), title, datetime.now(UTC).isoformat(timespec="seconds"))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        turns = [turn.to_dict() for turn in self.turns]
        return {"turns": turns, "title": self.title, "at": self.at}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the transcript that :meth:`to_dict` was made from."""
        turns = tuple(Turn.from_dict(turn) for turn in data["turns"])
        return cls(turns, data["title"], data["at"])
