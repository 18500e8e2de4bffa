from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import CitationError
from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation

ARTICLE = Article.from_text("The sea is 🙂 deep. The sky is high.", title="Nature", source="n.txt")


@given(st.integers(-3, 50), st.integers(-3, 50))
def test_a_citation_is_exact_or_raises_an_error(start: int, end: int) -> None:
    if 0 <= start < end <= len(ARTICLE.text):
        citation = Citation.of(ARTICLE, start, end)
        assert ARTICLE.text[citation.start : citation.end] == citation.quote
        citation.check(ARTICLE)
    else:
        with pytest.raises(CitationError):
            Citation.of(ARTICLE, start, end)


def test_a_quote_that_does_not_fit_its_offsets_raises_an_error() -> None:
    with pytest.raises(CitationError):
        Citation("id", "t", 0, 5, "too long for that")


def test_check_raises_an_error_for_a_wrong_quote() -> None:
    invented = Citation(ARTICLE.id, "t", 0, 7, "The cat")
    with pytest.raises(CitationError, match="does not contain"):
        invented.check(ARTICLE)
    other = Article.from_text("The sea is red.")
    with pytest.raises(CitationError):
        Citation.of(ARTICLE, 0, 7).check(other)


def test_a_citation_has_the_page_on_which_its_quote_starts() -> None:
    paged = Article.from_text("One. Two. Three.", pages=(0, 5, 10))
    assert Citation.of(paged, 5, 16).page == 2
    assert Citation.of(ARTICLE, 0, 3).page is None


def test_an_older_citation_in_json_has_no_page() -> None:
    kept = Citation.of(ARTICLE, 0, 3).to_dict()
    del kept["page"]
    assert Citation.from_dict(kept) == Citation.of(ARTICLE, 0, 3)


def answer(**changes: object) -> Answer:
    citation = Citation.of(ARTICLE, 0, 18, heading="H")
    passage = Passage(
        ARTICLE.id,
        "Nature",
        ARTICLE.text,
        0,
        35,
        0.7,
        1,
        "H",
        (Span(0, 18), Span(19, 35)),
        0.5,
        2.0,
    )
    whole = Answer(
        question="How is the sea?",
        text="The sea is 🙂 deep. [1]",
        short="deep",
        citations=(citation,),
        answered=True,
        confidence=0.9,
        passages=(passage,),
        marks=(Span(19, 22),),
    )
    return dataclasses.replace(whole, **changes)  # type: ignore[arg-type]


def test_an_answer_survives_json() -> None:
    assert Answer.from_dict(json.loads(json.dumps(answer().to_dict()))) == answer()


@pytest.mark.parametrize("mark", [Span(0, 3), Span(19, 23), Span(99, 102), Span(18, 21)])
def test_a_mark_at_wrong_offsets_raises_an_error(mark: Span) -> None:
    with pytest.raises(CitationError, match="no citation mark"):
        answer(marks=(mark,))


@pytest.mark.parametrize("number", ["0", "2", "99"])
def test_a_mark_without_a_citation_raises_an_error(number: str) -> None:
    with pytest.raises(CitationError, match="refers to none"):
        answer(text=f"[{number}]", marks=(Span(0, len(number) + 2),))
