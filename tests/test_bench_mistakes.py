from __future__ import annotations

import dataclasses

import pytest

from bench.environment import Environment
from bench.mistakes import Mistake, cause_of, render, to_read
from index.types import Article, Passage, Span
from qa.answer import Answer
from qa.citations import Citation
from qa.evaluation.asking import Asked
from qa.evaluation.datasets import EvalQuestion, Evidence

ARTICLE = Article.from_text("The bridge opened in 1932. It is long.\n\nA town grew there.")
QUESTION = EvalQuestion(
    id="q", question="When did the bridge open?", answers=("1932",), answerable=True, kind="span",
    evidence=Evidence((Span(21, 25),)),
)  # fmt: skip
FIRST, SECOND = Span(0, 38), Span(40, 58)
OPENED, LONG, TOWN = Span(0, 26), Span(27, 38), SECOND


def passage(place: Span) -> Passage:
    text = ARTICLE.text[place.start : place.end]
    return Passage(ARTICLE.id, "", text, *place, score=1.0, rank=1)


def asked(
    quote: Span, short: str, *, read: tuple[Span, ...] = (FIRST, SECOND), sure: float = 0.9
) -> Asked:
    citation = Citation.of(ARTICLE, *quote)
    ranked = sorted(read, key=lambda place: not place.start <= quote.start < place.end)
    answer = Answer(
        question=QUESTION.question, text=f"{citation.quote} [1]", short=short,
        citations=(citation,), answered=True, confidence=sure,
        passages=tuple(passage(p) for p in ranked),
        marks=(Span(len(citation.quote) + 1, len(citation.quote) + 4),),
    )  # fmt: skip
    return Asked("a", "en", QUESTION, answer, tuple(passage(p) for p in read), ())


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (asked(OPENED, "1932"), None),
        (asked(OPENED, "1932", sure=0.1), "withheld: right words"),
        (asked(OPENED, "The bridge"), "right sentence, other words"),
        (asked(OPENED, "The bridge", sure=0.1), "withheld: right sentence"),
        (asked(LONG, "long"), "right passage, another sentence"),
        (asked(TOWN, "A town"), "another passage preferred"),
        (asked(TOWN, "A town", read=(SECOND,)), "passage not among those read"),
    ],
)
def test_a_wrong_reply_is_sorted_by_where_it_went_wrong(reply: Asked, cause: str | None) -> None:
    assert cause_of(reply, 0.5) == cause


def test_an_answer_where_there_is_none_is_a_mistake_and_a_refusal_is_not() -> None:
    nothing = dataclasses.replace(QUESTION, answers=(), answerable=False, kind="off_topic")
    reply = dataclasses.replace(asked(OPENED, "1932"), question=nothing)
    assert cause_of(reply, 0.5) == "answered though off_topic"
    assert cause_of(reply, 0.95) is None


def test_the_counts_and_what_there_is_to_read() -> None:
    mistake = Mistake("another passage preferred", asked(TOWN, "A town"))
    found = {"squad_en": (4, [mistake])}
    assert "| another passage preferred | 1 (25.0%) |" in render(Environment.now("x"), found)
    (text,) = to_read(found, 200)
    assert all(words in text for words in ("When did the bridge open?", "1932", "A town"))
