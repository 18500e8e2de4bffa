"""Two articles that both answer a question → one answer that shows both, side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

from index.lexical import STOP_WORDS
from index.types import Passage
from qa.answer import Answer
from qa.escaping import flat, shorten
from qa.lists import asks_for_several
from qa.parts.joining import joined
from qa.ranking import names_missing

SURE = 0.5
"""The least confidence of the second article's answer, read by itself."""
_BEHIND = 0.15
"""By how much less it may be than the first's."""
_RETRIEVED = 0.75
"""The least score of its best passage, as a share of the best of all."""
_TITLE_CHARS = 80
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")
_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
_WORD = re.compile(r"[^\W\d_]+")

AnswerOf = Callable[[Sequence[Passage]], Answer]
"""Answers the question from some passages alone."""


class Relation(StrEnum):
    """How the short answers of two articles go together; its value heads them."""

    SAME = ""
    DIFFERENT = "The articles differ:"
    OPEN = "Two articles answer this:"


def with_other_article(
    question: str, answer: Answer, retrieved: Sequence[Passage], answer_of: AnswerOf
) -> Answer:
    """Return ``answer`` with what another article answers, if one does as surely; else itself.

    Args:
        question: What was read.
        answer: What all articles together answer.
        retrieved: As the retriever ordered and scored the passages.
        answer_of: Asked of the other article's passages.
    """
    if not answer.answered or answer.confidence < SURE:
        return answer
    first = answer.citations[0].article_id
    rival = _rival(question, first, retrieved)
    if not rival:
        return answer
    other = answer_of(rival)
    if not other.answered or other.confidence < max(SURE, answer.confidence - _BEHIND):
        return answer
    own = answer_of([passage for passage in retrieved if passage.article_id == first])
    if not own.answered:
        return answer
    relation = relation_of(question, own.short, other.short)
    if relation is Relation.SAME:
        return _agreeing(joined(question, [own, other]), own)
    leads = [f"{shorten(flat(a.citations[0].title), _TITLE_CHARS)}: " for a in (own, other)]
    return joined(question, [own, other], heading=relation.value, leads=leads)


def relation_of(question: str, short: str | None, other: str | None) -> Relation:
    """Return how two short answers go together; OPEN where words alone do not tell."""
    if short is None or other is None:
        return Relation.OPEN
    first, second = set(_NUMBER.findall(short)), set(_NUMBER.findall(other))
    mine, others = _content(short), _content(other)
    if first and second:
        if first <= second or second <= first:
            return Relation.SAME
        dated = _YEAR.search(short) and _YEAR.search(other)
        alike = mine <= others or others <= mine
        return Relation.DIFFERENT if dated or alike else Relation.OPEN
    if mine and others and (mine <= others or others <= mine):
        return Relation.SAME
    named = all(text[:1].isupper() for text in (short, other))
    apart = named and not mine & others and not asks_for_several(question)
    return Relation.DIFFERENT if apart else Relation.OPEN


def _rival(question: str, first: str, retrieved: Sequence[Passage]) -> list[Passage]:
    """Return the passages of the other article that is likeliest to answer; or none."""
    best = max(passage.score for passage in retrieved)
    for passage in retrieved:
        if passage.article_id == first:
            continue
        context = f"{passage.title} {passage.heading} {passage.text}"
        if passage.score >= _RETRIEVED * best and not names_missing(question, context):
            return [each for each in retrieved if each.article_id == passage.article_id]
        return []
    return []


def _agreeing(both: Answer, own: Answer) -> Answer:
    """Return the answer of both with the first one's short answer as the one."""
    shorts = both.shorts_at
    if not own.short_at or not shorts:
        return both
    first = shorts[0]
    return replace(both, short=both.text[slice(*first)], short_at=first, shorts_at=shorts[1:])


def _content(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if word not in STOP_WORDS}
