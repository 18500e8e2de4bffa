from __future__ import annotations

import pytest

from index.errors import CitationError
from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.compose import REFUSAL, compose_answer
from qa.reading.quotes import Quote
from qa.reading.reader import Reading

ARTICLE = Article.from_text("One fact. [1] Two facts.", title="T", source="t.txt")


def passage(article: Article) -> Passage:
    return Passage(article.id, article.title, article.text, 0, len(article.text), 0.5, 1)


def composed(reading: Reading) -> Answer:
    return compose_answer("Q?", reading, {ARTICLE.id: ARTICLE}, 0.5)


def test_an_answer_marks_each_quote_where_it_ends() -> None:
    reading = Reading((Quote(ARTICLE.id, 0, 9), Quote(ARTICLE.id, 14, 24, "H")), 0.8)
    answer = composed(reading)
    assert answer.text == "One fact. [1] Two facts. [2]"
    assert [answer.text[start:end] for start, end in answer.marks] == ["[1]", "[2]"]
    assert [c.quote for c in answer.citations] == ["One fact.", "Two facts."]
    assert answer.citations[1].heading == "H"
    assert answer.citations[0].source == "t.txt"


def test_a_mark_in_the_article_is_not_one_of_the_answers() -> None:
    reading = Reading((Quote(ARTICLE.id, 0, 24),), 0.8)
    answer = composed(reading)
    assert answer.text == "One fact. [1] Two facts. [1]"
    assert [start for start, _ in answer.marks] == [25]


@pytest.mark.parametrize("reading", [Reading((), 0.9), Reading((Quote(ARTICLE.id, 0, 9),), 0.499)])
def test_an_answer_below_the_threshold_is_refused(reading: Reading) -> None:
    answer = composed(reading)
    assert (answer.answered, answer.citations, answer.text) == (False, (), REFUSAL)
    assert answer.confidence == reading.confidence


def test_the_short_answer_has_its_offsets_in_the_text() -> None:
    answer = composed(Reading((Quote(ARTICLE.id, 14, 24),), 0.8, Span(18, 23)))
    assert (answer.short, answer.short_at) == ("facts", Span(4, 9))
    assert Answer.from_dict(answer.to_dict()) == answer


def test_a_short_answer_outside_the_first_quote_is_an_error() -> None:
    with pytest.raises(CitationError, match="not in its quote"):
        composed(Reading((Quote(ARTICLE.id, 14, 24),), 0.8, Span(0, 3)))
