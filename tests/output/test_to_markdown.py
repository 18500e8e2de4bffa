"""The Markdown of an answer: readable as text, and literal whatever an article holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given

from index.types import Article, Passage, Span
from qa.answers.answer import Answer, Kind
from qa.answers.citation import Citation
from qa.output.to_markdown import answer_to_markdown
from qa.output.to_text import paragraphs_of
from tests.markdown import literal, rendered, squeezed, texts

OUR_TAGS = {"p", "ol", "ul", "li", "blockquote", "strong", "em"}


def answer_of(text: str, *, short: str = "", kind: Kind = Kind.ANSWER) -> Answer:
    """Return an answer that cites its own text."""
    article = Article.from_text(text, title="T")
    citation = Citation.of(article, 0, len(article.text))
    shown = f"{article.text} [1]"
    at = Span(shown.index(short), shown.index(short) + len(short)) if short else None
    return Answer(
        question="q",
        text=shown,
        short=short or None,
        citations=(citation,),
        answered=True,
        confidence=0.9,
        passages=(),
        marks=(Span(len(shown) - 3, len(shown)),),
        short_at=at,
        kind=kind,
    )


def text_of(answer: Answer) -> str:
    return answer_to_markdown(answer).split("\n\n**Sources**")[0]


def test_an_answer_reads_as_text() -> None:
    answer = answer_of("J&K is run from D.C. by R&D, they say.", short="D.C.")
    numbers = paragraphs_of(
        answer.citations, lambda _: Article.from_text(answer.citations[0].quote)
    )
    assert answer_to_markdown(answer, numbers) == (
        "J&K is run from **D.C.** by R&D, they say. [1]\n\n"
        "**Sources**\n\n"
        "1. T, paragraph 1\n\n"
        "   > J&K is run from D.C. by R&D, they say."
    )


def test_a_quote_of_several_paragraphs_stays_one_block_quote_in_its_item() -> None:
    page = rendered(answer_to_markdown(answer_of("# One\n\n- two\nthree\n\n    four")))
    assert page.tags == {"p", "strong", "ol", "li", "blockquote"}
    assert page.text.startswith("# One\n- two three\nfour [1]\n")


@given(texts, texts, texts, texts)
@example("a", "&", "amp;", "b")
@example("(a", "b", ":", "c")
def test_only_our_own_markup_is_in_an_answer(one: str, two: str, title: str, note: str) -> None:
    article = Article.from_text(f"{one}\nx\n{two}", title=title, source=f"file {title}")
    cited = Citation.of(article, 0, len(article.text))
    text = f"{one}[1]{two}"
    mark = Span(len(one), len(one) + 3)
    answered = replace(answer_of("x"), text=text, marks=(mark,), citations=(cited,))
    answered = replace(answered, note=note, understood=title)
    passage = Passage(article.id, title, article.text, 0, len(article.text), 0.1, 1, similarity=0.5)
    refused = replace(answered, text=two, marks=(), citations=(), answered=False)
    for answer in (answered, replace(refused, passages=(passage,))):
        page = rendered(answer_to_markdown(answer))
        assert page.tags <= OUR_TAGS
        assert page.links == []
        assert squeezed(literal(answer.text)) in squeezed(page.text)
        assert squeezed(literal(article.text)) in squeezed(page.text)


@given(texts, texts, texts)
@example("pre", "(x)", "post")
@example("a ", "&", "amp;")
@example("a", "*", "b")
@example("", "  ", "")
@example("", "5\N{NO-BREAK SPACE}km", "")
@example("", "one\n\ntwo", "")
@example("é", "€5", " b")
def test_a_short_answer_is_bold_or_plain_but_never_has_stray_asterisks(
    before: str, short: str, after: str
) -> None:
    text = f"{before}{short}{after}"
    spans = (Span(len(before), len(before) + len(short)),) if short else ()
    answer = replace(answer_of("x"), text=text, marks=(), citations=(), shorts_at=spans)
    page = rendered(answer_to_markdown(answer))
    assert page.tags <= {"p", "strong"}
    assert squeezed(page.text) == squeezed(literal(text))


@pytest.mark.parametrize(
    ("text", "short", "shown"),
    [
        ("It cost $5*, they said.", "$5*", r"It cost **$5\***, they said. [1]"),
        ("In 東京都 it is.", "京", "In 東**京**都 it is. [1]"),
        ("the pre(x)post", "(x)", "the pre(x)post [1]"),
    ],
)
def test_bold_is_two_asterisks_where_markdown_reads_them(text: str, short: str, shown: str) -> None:
    assert text_of(answer_of(text, short=short)) == shown


def test_two_short_answers_side_by_side_keep_their_words() -> None:
    answer = replace(answer_of("onetwo"), shorts_at=(Span(0, 3), Span(3, 6)))
    assert text_of(answer) == "**one**two [1]"


def test_a_mark_is_no_link_whatever_follows_it() -> None:
    answer = replace(answer_of("x"), text="[1](http://a) [1]: b", marks=(Span(0, 3), Span(14, 17)))
    page = rendered(text_of(answer))
    assert (page.links, page.text) == ([], "[1](http://a) [1]: b\n")


@given(texts.filter(str.strip), texts.filter(str.strip))
def test_an_overview_is_a_list_and_nothing_of_an_article_is_markup(label: str, text: str) -> None:
    label, text = (" ".join(each.split()) for each in (label, text))
    answer = replace(answer_of("x"), kind=Kind.PEOPLE, marks=(), citations=())
    answer = replace(answer, text=f"People\n• {label} — {text}\n• {text} — {label}")
    page = rendered(answer_to_markdown(answer))
    assert page.tags <= {"p", "ul", "li", "strong"}
    assert "ul" in page.tags
    shown = squeezed(page.text)
    assert squeezed(literal(f"{label} — {text}")) in shown
    assert squeezed(literal(f"{text} — {label}")) in shown
