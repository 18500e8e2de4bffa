"""Where a quote is, in words."""

from __future__ import annotations

import pytest

from index.errors import ArticleNotFound
from index.types import Article, Heading, Passage
from qa.answers.citation import Citation
from qa.output.to_text import in_quotation_marks, paragraphs_of, place

ARTICLE = Article.from_text(
    "Title\n\nOne.\n\nPart\n\nTwo. Three.\n\nFour.", headings=(Heading(0, 5, 1), Heading(13, 17, 2))
)


def cited(quote: str) -> Citation:
    start = ARTICLE.text.index(quote)
    return Citation.of(ARTICLE, start, start + len(quote))


def test_a_place_without_page_or_paragraph_has_its_offsets() -> None:
    assert place(Citation("a", "A\ntitle", 3, 5, "ab")) == "A title, characters 3–5"


def test_a_place_in_an_article_with_pages_has_its_page() -> None:
    assert place(Citation("a", "T", 3, 5, "ab", page=7), 2) == "T, p. 7"


@pytest.mark.parametrize(
    ("quote", "number"),
    [("One.", 1), ("Two.", 2), ("Three.", 2), ("Part\n\nTwo.", 2), ("Four.", 3)],
)
def test_paragraphs_are_counted_without_headings(quote: str, number: int) -> None:
    citation = cited(quote)
    numbers = paragraphs_of([citation], lambda _: ARTICLE)
    assert place(citation, numbers[citation]) == f"Title, paragraph {number}"


def test_a_passage_has_the_paragraph_that_it_begins_in() -> None:
    passage = Passage(ARTICLE.id, "Title", ARTICLE.text[19:], 19, len(ARTICLE.text), 0.5, 1)
    assert paragraphs_of([passage], lambda _: ARTICLE)[passage] == 2


def test_each_article_is_read_once_and_a_removed_one_has_no_paragraphs() -> None:
    asked = []

    def article_of(article_id: str) -> Article:
        asked.append(article_id)
        if article_id != ARTICLE.id:
            raise ArticleNotFound(article_id)
        return ARTICLE

    gone = Citation("gone", "T", 0, 2, "ab")
    numbers = paragraphs_of([gone, cited("One."), gone, cited("Four.")], article_of)
    assert asked == ["gone", ARTICLE.id]
    assert gone not in numbers


def test_a_heading_at_the_end_is_in_no_paragraph() -> None:
    article = Article.from_text("Text.\n\nEnd", headings=(Heading(7, 10, 1),))
    citation = Citation.of(article, 7, 10)
    assert citation not in paragraphs_of([citation], lambda _: article)


def test_a_quote_gets_quotation_marks() -> None:
    assert in_quotation_marks("Plain ‘words’") == "“Plain ‘words’”"


@pytest.mark.parametrize("quote", ["“Yes,” he said.", "He said “no.”", '"All"', "«Oui»", "„Ja“"])
def test_a_quote_with_marks_of_its_own_at_an_end_gets_no_second_ones(quote: str) -> None:
    assert in_quotation_marks(quote) == quote
