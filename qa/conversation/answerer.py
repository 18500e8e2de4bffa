"""A question and what was asked before → the words of the articles that answer it, or a refusal."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from index.types import Article, Passage
from qa.answers.answer import Answer, Kind
from qa.answers.compose import compose_answer
from qa.conversation.anaphora import is_follow_up
from qa.conversation.entities import MAX_TURNS, Exchange
from qa.conversation.follow_ups import Judge, resolve
from qa.conversation.multi_part import answered_in_parts
from qa.reading.reader import Reader, Reading

Retrieve: TypeAlias = Callable[[str], list[Passage]]
"""A question → the passages of the articles that are asked, best first."""
AskAgain: TypeAlias = Callable[[str, Sequence[Answer]], Answer]
"""Answers an earlier question, of which only the words are known, after those before it."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """Reads what is retrieved, and composes the answer."""

    retrieve: Retrieve
    reader: Reader
    article_of: Callable[[str], Article]
    """Of an article's id."""
    least_confidence: float
    """Below it an answer is withheld."""

    def answer(
        self,
        question: str,
        history: Sequence[str | Answer],
        ask_again: AskAgain,
        *,
        rerank: bool,
    ) -> Answer:
        """Return the answer; with ``rerank`` its passages are in the reader's order."""

        @functools.cache  # the wording that is chosen has been read to choose it
        def read(wording: str) -> tuple[list[Passage], Reading]:
            found = self.retrieve(wording)
            return found, self.reader.read(wording, found)

        def judge(wording: str) -> float:
            return read(wording)[1].confidence

        def answered(wording: str) -> Answer:
            passages, reading = read(wording)
            if not rerank:
                reading = replace(reading, passages=tuple(passages))
            return compose_answer(wording, reading, self.article_of, self.least_confidence)

        exchanges = [turn for turn in history if _is_exchange(turn)]
        understood = _understood(question, exchanges, ask_again, judge)
        answer = answered_in_parts(understood, answered, judge) or answered(understood)
        if understood == question:
            return answer
        return replace(answer, question=question, understood=answer.understood or understood)


def _understood(
    question: str, exchanges: Sequence[str | Answer], ask_again: AskAgain, judge: Judge
) -> str:
    """Return a question that leans on earlier ones in words that stand alone."""
    if not exchanges or not is_follow_up(question):
        return question
    answers: list[Answer] = []
    for turn in exchanges[-MAX_TURNS:]:
        known = turn if isinstance(turn, Answer) else ask_again(turn, answers)
        if _is_exchange(known):
            answers.append(known)
    return resolve(question, [Exchange.of(answer) for answer in answers], judge)


def _is_exchange(turn: str | Answer) -> bool:
    """Return whether a later question can lean on a turn.

    Nothing points at a "Thanks", or at a list of people, in the way the rules know.
    """
    return isinstance(turn, str) or turn.kind is Kind.ANSWER
