from __future__ import annotations

from dataclasses import replace

import pytest

from index.errors import ArticleNotFound
from index.types import Article, Span
from qa.answer import Answer
from qa.citations import Citation
from qa.confidence import LIKELY
from qa.pipeline import ArticleQA
from qa.suggesting import TRIES, Suggestions, suggested

FACTS = (
    "The Harbour Bridge was opened in 1932. John Bradfield designed the Harbour Bridge. "
    "There are 14 members in the Finance Committee. The Finance Committee was established in 2011. "
    "The report is about the Harbour Bridge and the Finance Committee."
)
OPENED = "When was the Harbour Bridge opened?"
REFUSAL = Answer(
    question="q", text="No.", short=None, citations=(), answered=False, confidence=0.9, passages=()
)
ARTICLE = Article.from_text(FACTS, title="Minutes")


def answer_at(words: str, confidence: float = 0.8) -> Answer:
    start = FACTS.index(words)
    cited = Citation.of(ARTICLE, start, start + len(words))
    at = Span(0, len(words))
    return replace(
        REFUSAL,
        text=words,
        short=words,
        citations=(cited,),
        answered=True,
        confidence=confidence,
        short_at=at,
    )


def of_opening(question: str) -> Answer:
    """Answer the one question, from its sentence; every other from there too, so wrongly."""
    return answer_at("1932", 0.9 if question == OPENED else 0.5)


def test_only_what_is_answered_where_it_was_made_is_offered() -> None:
    assert suggested(ARTICLE, of_opening, 4) == [OPENED]


def test_what_is_answered_elsewhere_or_hardly_or_not_at_all_is_dropped() -> None:
    hardly = replace(of_opening(OPENED), confidence=0.4)
    assert OPENED not in suggested(ARTICLE, lambda _: hardly, 4)
    assert OPENED not in suggested(ARTICLE, lambda _: REFUSAL, 4)
    assert OPENED not in suggested(ARTICLE, lambda _: answer_at("14"), 4)


def test_it_ends_when_it_is_no_longer_wanted() -> None:
    asked: list[str] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return of_opening(question)

    assert suggested(ARTICLE, ask, 4, wanted=lambda: not asked) in ([OPENED], [])
    assert len(asked) == 1


def test_no_more_than_so_many_are_tried() -> None:
    text = "\n".join(f"The Bridge of Names{i} was opened in 1932." for i in range(100))
    asked: list[str] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return REFUSAL

    suggested(Article.from_text(text), ask, 4)
    assert 1 < len(set(asked)) == len(asked) <= TRIES


def test_what_was_found_is_remembered_and_what_was_cut_short_is_not() -> None:
    asked: list[str] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return of_opening(question)

    known = Suggestions()
    ids = frozenset({ARTICLE.id})
    assert known.of([ARTICLE], ids, 4, ask, lambda: False) == []
    first = known.of([ARTICLE], ids, 4, ask, lambda: True)
    times = len(asked)
    assert known.of([ARTICLE], ids, 4, ask, lambda: True) == first == [OPENED]
    assert len(asked) == times


def test_what_ran_out_of_time_is_sought_once_more_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return of_opening(question)

    known = Suggestions()
    ids = frozenset({ARTICLE.id})
    monkeypatch.setattr("qa.suggesting.SECONDS", -1.0)
    assert known.of([ARTICLE], ids, 4, ask, lambda: True) == []
    monkeypatch.setattr("qa.suggesting.SECONDS", 60.0)
    assert known.of([ARTICLE], ids, 4, ask, lambda: True) == [OPENED]
    other = Suggestions()
    monkeypatch.setattr("qa.suggesting.SECONDS", -1.0)
    for _ in range(2):
        assert other.of([ARTICLE], ids, 4, ask, lambda: True) == []
    monkeypatch.setattr("qa.suggesting.SECONDS", 60.0)
    assert other.of([ARTICLE], ids, 4, ask, lambda: True) == []


def test_an_article_that_goes_meanwhile_is_no_error() -> None:
    def gone(question: str) -> Answer:
        raise ArticleNotFound(question)

    assert Suggestions().of([ARTICLE], frozenset({ARTICLE.id}), 4, gone, lambda: True) == []


def test_the_real_models_answer_what_is_suggested() -> None:
    with ArticleQA.from_text(FACTS, title="Minutes") as qa:
        questions = qa.suggest()
        assert OPENED in questions
        assert questions == qa.suggest()
        for question in questions:
            assert qa.ask(question).confidence >= LIKELY


def test_an_article_without_a_plain_fact_gets_no_suggestion() -> None:
    with ArticleQA.from_text("El puente fue inaugurado en 1932.") as qa:
        assert qa.suggest() == []


def test_an_unknown_article_is_an_error() -> None:
    with ArticleQA.from_text(FACTS) as qa, pytest.raises(ArticleNotFound):
        qa.suggest(about=["0" * 32])
