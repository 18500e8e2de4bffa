"""Pair questions with passages that answer them, and with passages that do not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from index.types import Span, overlap
from training.reader.claims import Verdict
from training.reader.conversations import Turn
from training.reader.made_questions import MadeQuestion, list_members
from training.reader.passages import PARAGRAPHS, PreparedArticle, says
from training.reader.sources import Question, TrainingArticle

FORM_SHARES = {PARAGRAPHS: 0.36, "chunks": 0.24, "halves": 0.34, "joined": 0.06}
"""Share of the passages of each form; half paragraphs cost half as much."""

_LEAST_MEMBERS, _LONGEST_MEMBER = 3, 5
"""An answer with at least this many parts, each of fewer words, is a list."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage to read it with."""

    question: str
    passage: str
    answer: Span | None
    """Offsets in ``passage`` of the answer, or of what decides yes or no; None if there is none, or
    there are several."""
    kind: str
    """answerable, genuine, how the negative was made, or the kind of question."""
    source: str
    answers: tuple[str, ...] = ()
    """The words of every answer, for scoring; empty if there is none."""
    members: tuple[Span, ...] = ()
    """The members of a list answer, which may be inside ``answer``."""
    verdict: Verdict = "span"
    decides_where: bool = True
    """Whether it is known which words decide a yes/no question."""
    title: str = ""
    """The article's title and the heading, which are read but never quoted."""
    history: tuple[Turn, ...] = ()
    """The turns before the question, the latest last."""

    @property
    def is_answered(self) -> bool:
        """Whether the passage answers the question."""
        return self.answer is not None or bool(self.members) or self.verdict != "span"

    @property
    def places(self) -> tuple[Span, ...]:
        """The spans that are right: the answer, or else its members."""
        return (self.answer,) if self.answer else self.members


def answerable(prepared: PreparedArticle, question: Question, rng: random.Random) -> Example:
    """Return the question with a passage that contains one of its answers."""
    answer = rng.choice(question.answers)
    passage = passage_around(prepared, question, answer, rng)
    return at(prepared, question, passage, answer)


def at(prepared: PreparedArticle, question: Question, passage: Span, answer: Span) -> Example:
    """Return the question with ``passage``, which contains ``answer``."""
    article = prepared.article
    text = article.text[passage.start : passage.end]
    found = Span(answer.start - passage.start, answer.end - passage.start)
    members = list_members(text, found)
    listed = len(members) >= _LEAST_MEMBERS and all(
        text[start:end].count(" ") < _LONGEST_MEMBER for start, end in members
    )
    return Example(
        question.text,
        text,
        found,
        "answerable",
        article.source,
        answer_texts(article, question),
        members if listed else (),
    )


def made_example(made: MadeQuestion, text: str, source: str) -> Example:
    """Return a generated question with its text."""
    first, last = made.spans[0], made.spans[-1]
    # Mentions are scattered; everything else is one run of words.
    answer = None if made.kind == "mentions" else Span(first.start, last.end)
    answers = tuple(text[slice(*span)] for span in made.spans)
    members = made.spans if len(made.spans) > 1 else ()
    if answer and members:
        answers = (text[slice(*answer)],)
    return Example(made.text, text, answer, made.kind, source, answers, members)


def unanswerable(prepared: PreparedArticle, question: Question, rng: random.Random) -> Example:
    """Return a misleading question with its paragraph, or a part of it."""
    passage = question.paragraph
    form = draw(FORM_SHARES, rng)
    parts = [p for p in prepared.pools[form].passages if overlap(p, question.paragraph)]
    if parts and form != PARAGRAPHS:
        ranked = prepared.pools[form].ranked(question.text)
        passage = next((p for p in ranked if p in parts), passage)
    return without(prepared, question.text, passage, "genuine")


def other_passages(prepared: PreparedArticle, question: Question, form: str) -> list[Span]:
    """Return the passages of ``form`` without the answer, most confusing first."""
    return _unsaying(prepared, question, prepared.pools[form].ranked(question.text))


def _unsaying(
    prepared: PreparedArticle, question: Question, passages: Sequence[Span]
) -> list[Span]:
    text, answers = prepared.article.text, answer_texts(prepared.article, question)
    return [
        p
        for p in passages
        if not any(overlap(p, answer) for answer in question.answers)
        and not says(text[p.start : p.end], answers)
    ]


def answer_texts(article: TrainingArticle, question: Question) -> tuple[str, ...]:
    """Return the words of each answer."""
    return tuple(article.text[start:end] for start, end in question.answers)


def passage_around(
    prepared: PreparedArticle, question: Question, answer: Span, rng: random.Random
) -> Span:
    """Return a passage of a random form that contains ``answer``."""
    return prepared.pools[draw(FORM_SHARES, rng)].holding(answer) or question.paragraph


def without(prepared: PreparedArticle, question: str, passage: Span, kind: str) -> Example:
    """Return the question with a passage that does not answer it."""
    text = prepared.article.text[passage.start : passage.end]
    return Example(question, text, None, kind, prepared.article.source)


def draw(shares: dict[str, float], rng: random.Random) -> str:
    """Return one of the names at random, weighted by its share."""
    return rng.choices(list(shares), list(shares.values()))[0]
