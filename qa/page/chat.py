"""A chat as the page keeps it: its turns, shown as messages and as marks in the articles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Self

from qa.answer import Answer
from qa.escaping import escape_markdown, shorten
from qa.page.marked import Mark
from qa.page.reply import reply_markdown
from qa.rendering import places_of

# A question that is refused for its length is still shown, but not whole.
SHOWN_QUESTION_CHARS = 600


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of the chat and what came of it: an answer, a problem, or nothing yet."""

    question: str
    answer: Answer | None = None
    problem: str = ""
    """A sentence on what went wrong."""
    waiting: str = ""
    """A sentence on what the question waits for."""
    several: bool = False
    """Whether more than one article was asked, so that a place must name its own."""

    def marks(self, *, is_newest: bool) -> list[Mark]:
        """Return the places the answer rests on, or the nearest ones of a refusal."""
        if self.answer is None:
            return []
        cited = self.answer.answered
        return [
            Mark(c.article_id, c.start, c.end, number if is_newest else 0, cited=cited)
            for number, c in enumerate(places_of(self.answer), start=1)
        ]

    def messages(
        self, number: int, *, is_newest: bool, known: Collection[str] | None = None
    ) -> list[dict[str, str]]:
        """Return question and reply as a chat shows them, in Markdown; ``number`` is from 1."""
        question = escape_markdown(shorten(self.question, SHOWN_QUESTION_CHARS))
        return [
            {"role": "user", "content": question},
            {"role": "assistant", "content": self._reply(number, is_newest=is_newest, known=known)},
        ]

    def _reply(self, number: int, *, is_newest: bool, known: Collection[str] | None) -> str:
        if self.answer is None:
            name = "problem" if self.problem else "waiting"
            return _callout(name, escape_markdown(self.problem or self.waiting))
        return reply_markdown(
            self.answer, number, several=self.several, is_newest=is_newest, known=known
        )


@dataclass(frozen=True, slots=True)
class Chat:
    """What one visitor has asked so far."""

    turns: tuple[Turn, ...] = ()

    def with_turn(self, turn: Turn) -> Self:
        """Return the chat with one more turn."""
        return replace(self, turns=(*self.turns, turn))

    def without_last(self) -> Self:
        """Return the chat without its newest turn."""
        return replace(self, turns=self.turns[:-1])

    def rests_on(self) -> Mark | None:
        """Return the place that the newest answer rests on first."""
        marks = self.turns[-1].marks(is_newest=True) if self.turns else []
        return marks[0] if marks else None

    def marks(self) -> list[Mark]:
        """Return every place cited so far; those of the newest turn carry their numbers."""
        return [
            mark for turn in self.turns for mark in turn.marks(is_newest=turn is self.turns[-1])
        ]

    def answers(self) -> list[Answer]:
        """Return the answers so far, oldest first: what a follow-up question points back to."""
        return [turn.answer for turn in self.turns if turn.answer]

    def answer_of(self, number: object) -> Answer | None:
        """Return the answer of a turn; None if it has none, or there is no such turn.

        ``number`` is what the browser says: the turn's, from 1, or anything at all.
        """
        found = (turn.answer for at, turn in enumerate(self.turns, start=1) if at == number)
        return next(found, None)

    def newest(self) -> Answer | None:
        """Return the newest answer; None where the last question has none."""
        return self.turns[-1].answer if self.turns else None

    def found(self) -> list[Mark]:
        """Return the passages that were retrieved for the newest answer."""
        newest = self.newest()
        return [
            Mark(p.article_id, p.start, p.end, cited=False, found=True)
            for p in (newest.passages if newest else ())
        ]

    def messages(self, known: Collection[str] | None = None) -> list[dict[str, str]]:
        """Return the whole conversation, in Markdown.

        ``known`` holds the ids of the articles that are there; None takes all for there.
        """
        return [
            message
            for number, turn in enumerate(self.turns, start=1)
            for message in turn.messages(number, is_newest=number == len(self.turns), known=known)
        ]


def _callout(name: str, markdown: str) -> str:
    return f'<div class="{name}">\n\n{markdown}\n\n</div>'
