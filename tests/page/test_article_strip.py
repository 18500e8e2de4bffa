"""The strip beside the article, and the tips of marks."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.output.places import place_id
from qa.output.to_markdown import chat_markdown
from qa.page.article_view import ArticlePart, strip_html
from qa.page.reply import QUOTE_CHARS, tip_text

ARTICLE = Article.from_text("abcdefghij" * 10, title='A <b>"title"</b>')
OTHER = Article.from_text("Another one.", title="Other")


def found(start: int, end: int, score: float, rank: int, article: Article = ARTICLE) -> Passage:
    text = article.text[start:end]
    return Passage(article.id, article.title, text, start, end, score, rank)


def answer_of(citations: tuple[Citation, ...], passages: tuple[Passage, ...]) -> Answer:
    text = "".join(f"[{i}]" for i in range(1, len(citations) + 1))
    marks = tuple(Span(3 * i, 3 * i + 3) for i in range(len(citations)))
    return Answer("q", text, None, citations, bool(citations), 0.5, passages, marks)


def strip(answer: Answer | None, block: int = 0) -> str:
    return strip_html(ARTICLE, ArticlePart.of(ARTICLE.text, block), answer)


def links(html: str) -> list[dict[str, str]]:
    seen: list[dict[str, str]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag in {"nav", "div", "span", "a"}
            if tag == "a":
                seen.append({name: value or "" for name, value in attrs})

    Reader().feed(html)
    return seen


def test_each_place_has_its_position_and_length_on_the_strip() -> None:
    answer = answer_of((Citation.of(ARTICLE, 25, 30),), (found(20, 60, 0.8, 1),))
    passage, citation = links(strip(answer))
    assert "--at:20.00;--long:40.00" in passage["style"]
    assert "--at:25.00;--long:5.00" in citation["style"]
    assert citation["href"] == f"#{place_id(ARTICLE.id, 25, 30)}"
    assert citation["aria-label"] == "Cited [1], 25 % into the article"
    assert passage["aria-label"] == "Passage 1 of 1, 20 % into the article"


def test_the_best_passage_is_strongest_and_the_weakest_stays_visible() -> None:
    answer = answer_of((), (found(0, 5, 0.4, 1), found(10, 15, 0.1, 2), found(20, 25, 0, 3)))
    strengths = [float(link["style"].partition("--strength:")[2]) for link in links(strip(answer))]
    assert strengths[0] == 1
    assert sorted(strengths, reverse=True) == strengths
    assert strengths[-1] >= 0.3


def test_evidence_in_other_articles_or_beyond_the_text_is_not_shown() -> None:
    gone = Citation(ARTICLE.id, "T", 99, 105, "abcdef")
    answer = answer_of((Citation.of(OTHER, 0, 7), gone), (found(0, 7, 1, 1, OTHER),))
    for empty in (strip(answer), strip(None)):
        assert links(empty) == []
        assert 'aria-hidden="true"' in empty


def test_a_part_of_a_long_article_is_shown_on_the_strip() -> None:
    long = Article.from_text("word " * 40_000)
    assert 'class="here" style="--at:8' in strip_html(long, ArticlePart.of(long.text, 2), None)
    assert "here" not in strip(None)


@given(st.text(min_size=1).filter(str.strip), st.text(max_size=400))
def test_a_tip_is_two_lines_of_limited_length(text: str, title: str) -> None:
    article = Article.from_text(text, title=title)
    quote = tip_text(Citation.of(article, 0, len(article.text)))
    passage = Passage(article.id, title, article.text, 0, len(article.text), 1, 1)
    for tip in (quote, tip_text(passage)):
        assert tip.count("\n") == 1
        assert len(tip) < QUOTE_CHARS + 150
    (link,) = links(strip_html(article, ArticlePart.of(article.text, 0), answer_of((), (passage,))))
    assert link["title"].startswith(("“", quote[0]))


def test_an_articles_text_cannot_end_the_title_of_a_link() -> None:
    article = Article.from_text('Say "x") <img src=x> &quot; \\" [y](z)')
    citation = Citation.of(article, 0, len(article.text))
    markdown = chat_markdown(answer_of((citation,), ()), link=lambda _: "#s", tip=tip_text)
    assert re.fullmatch(r'\[&#91;1&#93;\]\(#s "[^"\\<>]*"\)', markdown)
