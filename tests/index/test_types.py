from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import EmptyArticle, UnreadableFile
from index.types import MAX_TITLE_CHARS, Article, Heading, Passage, Span, pages_between


def test_the_same_text_is_the_same_article_whatever_its_title() -> None:
    assert Article.from_text("A text.", title="one").id == Article.from_text("A text.").id
    assert Article.from_text("A text.").id != Article.from_text("Another.").id


def test_only_newlines_are_changed() -> None:
    assert Article.from_text(" a\r\nb\rc\u00a0\ufb01 ").text == " a\nb\nc\u00a0\ufb01 "


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(str.strip))
def test_any_text_is_unchanged_except_for_newlines(text: str) -> None:
    assert Article.from_text(text).text == text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("text", ["", " \n\t ", "\u3000"])
def test_a_blank_text_is_refused(text: str) -> None:
    with pytest.raises(EmptyArticle):
        Article.from_text(text)


def test_half_a_surrogate_pair_is_refused_and_its_place_named() -> None:
    with pytest.raises(UnreadableFile, match="Character 2"):
        Article.from_text("ab\ud800")


def test_a_missing_title_is_the_first_line() -> None:
    assert Article.from_text("\n  First line\nSecond").title == "First line"


def test_a_title_is_one_line_of_bounded_length() -> None:
    title = Article.from_text("x", title="a\nb\x00" + "c" * 1000).title
    assert title.startswith("a b c")
    assert len(title) == MAX_TITLE_CHARS


def test_articles_and_passages_survive_json() -> None:
    article = Article.from_text(
        "H\nText.", headings=(Heading(0, 1, 2),), source="f.txt", pages=(0, 2)
    )
    assert Article.from_dict(json.loads(json.dumps(article.to_dict()))) == article
    passage = Passage("id", "t", "Text.", 2, 7, 0.5, 1, "H", (Span(2, 7),), 0.25, 3.0, 2, (4,))
    assert Passage.from_dict(json.loads(json.dumps(passage.to_dict()))) == passage


def test_json_without_pages_gives_an_article_without_pages() -> None:
    kept = Article.from_text("Text.").to_dict()
    del kept["pages"]
    assert Article.from_dict(kept).pages == ()


def test_a_place_is_on_the_last_page_that_starts_before_it() -> None:
    article = Article.from_text("One. Two. Three.", pages=(0, 5, 5, 10))  # page 2 is blank
    assert [article.page_of(offset) for offset in (0, 4, 5, 9, 10, 15)] == [1, 1, 3, 3, 4, 4]


def test_a_passage_knows_the_pages_it_runs_over() -> None:
    pages = (0, 5, 5, 10, 15)
    for start, end in ((0, 4), (4, 16), (5, 10), (12, 20)):
        page, breaks = pages_between(pages, start, end)
        text = "x" * (end - start)
        passage = Passage("id", "t", text, start, end, 0.5, 1, page=page, page_breaks=breaks)
        article = Article.from_text("x" * 20, pages=pages)
        for offset in range(start, end):
            assert passage.page_of(offset) == article.page_of(offset)
    assert pages_between((), 3, 9) == (None, ())


def test_without_pages_a_place_is_on_none() -> None:
    assert Article.from_text("Text.").page_of(0) is None
