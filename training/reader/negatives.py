"""Generate unanswerable pairs of question and passage that look answerable."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from index.types import Span, overlap
from training.reader.examples import (
    FORM_SHARES,
    Example,
    answer_texts,
    draw,
    other_passages,
    passage_around,
    without,
)
from training.reader.passages import PreparedArticle, says
from training.reader.sources import Question, shown_title
from training.reader.swaps import Grounds, reverse_sense, swap_entity

_NEGATIVE_SHARES = {
    "other": 0.45,
    "removed": 0.13,
    "swapped": 0.24,
    "reversed": 0.12,
    "alien": 0.06,
}
_LEFT_OUT_SHARE = 0.8
"""Share of the negatives made by leaving out the answer, where that is possible: one in six."""
_CONFUSED_WITH = 3
"""The number of top passages by BM25 from which another passage is drawn."""
_MIN_CHARS = 60
"""The least length of a passage without its answer."""
_BEFORE_ADJUNCT = re.compile(
    r",? ?\b(?:in|on|at|since|by|from|until|near|after|before|during|around)"
    r"(?: the| an?| about| early| late)? $",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?:about |over |at least )?(?:\d+(?:,\d{3})*|[a-z]+)(?= [a-z]+s\b)")
_NUMBER = re.compile(
    r"\d+(?:,\d{3})*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty"
)


def negative(
    prepared: PreparedArticle,
    question: Question,
    stock: dict[str, list[str]],
    articles: Sequence[PreparedArticle],
    rng: random.Random,
) -> Example | None:
    """Return a negative of a random kind; another passage if that kind is impossible."""
    answer = rng.choice(question.answers)
    passage = passage_around(prepared, question, answer, rng)
    makers: dict[str, Callable[[], Example | None]] = {
        "other": lambda: _other(prepared, question, rng),
        "removed": lambda: _removed(prepared, question, passage),
        "left_out": lambda: _left_out(prepared, question, answer, passage),
        "swapped": lambda: _swapped(prepared, question, passage, stock, rng),
        "reversed": lambda: _reversed(prepared, question, passage, rng),
        "alien": lambda: _alien(prepared, question, articles, rng),
    }
    first = ["left_out"] if rng.random() < _LEFT_OUT_SHARE else []
    drawn = draw(_NEGATIVE_SHARES, rng)
    for kind in dict.fromkeys([*first, drawn, "other", "removed", "alien"]):
        made = makers[kind]()
        if made:
            return made
    return None


def _other(prepared: PreparedArticle, question: Question, rng: random.Random) -> Example | None:
    found = other_passages(prepared, question, draw(FORM_SHARES, rng))[:_CONFUSED_WITH]
    return without(prepared, question.text, rng.choice(found), "other") if found else None


def _removed(prepared: PreparedArticle, question: Question, passage: Span) -> Example | None:
    """Return the passage without the sentences of its answers."""
    text, kept = prepared.article.text, []
    for sentence in prepared.sentences:
        inside = Span(max(sentence.start, passage.start), min(sentence.end, passage.end))
        if inside.start < inside.end and not any(overlap(sentence, a) for a in question.answers):
            kept.append(text[inside.start : inside.end])
    rest = " ".join(kept)
    if len(rest) < _MIN_CHARS or says(rest, answer_texts(prepared.article, question)):
        return None
    return Example(question.text, rest, None, "removed", prepared.article.source)


def _left_out(
    prepared: PreparedArticle, question: Question, answer: Span, passage: Span
) -> Example | None:
    """Return the passage with a less precise sentence: "the fort fell" for "it fell in 1860".

    Only the phrase or number that answers is left out, so what is asked about is still stated.
    """
    text = prepared.article.text[passage.start : passage.end]
    start, end = answer.start - passage.start, answer.end - passage.start
    rest = without_phrase(text, Span(start, end))
    if rest is None or says(rest, answer_texts(prepared.article, question)):
        return None
    return Example(question.text, rest, None, "left_out", prepared.article.source)


def without_phrase(text: str, answer: Span) -> str | None:
    """Return ``text`` without the adjunct or the exact number that is the answer, if it is one."""
    before, after = text[: answer.start], text[answer.end :]
    number = _COUNTED.match(text, answer.start)
    if number and _NUMBER.search(number.group()):
        return (
            f"{before}{'Several' if _begins_sentence(before) else 'several'}{text[number.end() :]}"
        )
    adjunct = _BEFORE_ADJUNCT.search(before)
    if not adjunct:
        return None
    before = before[: adjunct.start()]
    if _begins_sentence(before):
        after = after.removeprefix(",").lstrip()
        return before + after[:1].upper() + after[1:]
    return before + after


def _begins_sentence(before: str) -> bool:
    return before.rstrip()[-1:] in ("", ".", "!", "?", ":") or before.endswith("\n")


def _swapped(
    prepared: PreparedArticle,
    question: Question,
    passage: Span,
    stock: dict[str, list[str]],
    rng: random.Random,
) -> Example | None:
    text = prepared.article.text
    near = [s for s in prepared.sentences if any(overlap(s, a) for a in question.answers)]
    grounds = Grounds(
        text[passage.start : passage.end],
        " ".join(text[start:end] for start, end in near),
        answer_texts(prepared.article, question),
    )
    asked = swap_entity(question.text, grounds, stock, rng)
    return without(prepared, asked, passage, "swapped") if asked else None


def _reversed(
    prepared: PreparedArticle, question: Question, passage: Span, rng: random.Random
) -> Example | None:
    asked = reverse_sense(question.text, rng)
    return without(prepared, asked, passage, "reversed") if asked else None


def _alien(
    prepared: PreparedArticle,
    question: Question,
    articles: Sequence[PreparedArticle],
    rng: random.Random,
) -> Example | None:
    """Return a passage of another article."""
    other = rng.choice(articles)
    passage = rng.choice(other.pools[draw(FORM_SHARES, rng)].passages)
    body = other.article.text[passage.start : passage.end]
    if other is prepared or says(body, answer_texts(prepared.article, question)):
        return None
    title = shown_title(other.article)
    return Example(question.text, body, None, "alien", prepared.article.source, title=title)
