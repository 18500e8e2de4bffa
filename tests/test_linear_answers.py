"""The time of each step grows with the length of what it is given, not with its square."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.toys import ToyEmbedder
from index.embedding.embedder import Vectors
from index.types import Article, Chunk, Passage, Span
from qa.answers.answer import OVERVIEWS, Answer, Kind
from qa.answers.citation import Citation
from qa.article_qa import ArticleQA
from qa.conversation.follow_ups import split_after, turns_of, understood_after
from qa.conversation.intent import specific_words
from qa.conversation.language import language_of
from qa.conversation.multi_part import split_question
from qa.evaluation.metrics import contained, f1
from qa.output.blocks import blocks
from qa.output.escape import backslash_escape, escape_html, escape_markdown, single_line
from qa.output.places import Highlight
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import answer_to_markdown, chat_markdown, conversation_to_markdown
from qa.output.to_text import answer_with_sources, to_plain
from qa.output.transcript import Transcript
from qa.overview.overviews import Overviews
from qa.page.article_view import ArticlePart, panel_html, strip_html
from qa.page.editing import is_edited
from qa.page.reply import reply_markdown
from qa.reading.spans import trim_to_words
from qa.suggestions import Scope, Suggestions
from tests.growth import UNITS, assert_linear, repeated_texts

pytestmark = pytest.mark.exhaustive

PROSE = {
    "name": "Anna Berg said, ",
    "titled name": "Dr. Berg ",
    "name of a name": "Anna of ",
    "joined names": "Anna & ",
    "office": "Secretary of ",
    "former office": "Former ",
    "apposition": "Anna, the head of ",
    "owner": "Anna's ",
    "acronym": "WHO (",
    "character": "the king ",
    "nested brackets": "(a",
    "year": "in 1990, ",
    "year in brackets": "(1990) ",
    "span of years": "1990–91, ",
    "date": "5 May 1990, ",
    "day of the year": "May 5 ",
    "weekday": "Monday ",
    "century": "19th ",
    "before Christ": "44 BC ",
}
"""Units that names and dates are looked for in, beside those of every step."""
ASKING = {
    "clause": "and what is it ",
    "two wh-words": "when and why ",
    "about": "what about ",
    "question": "who is he? ",
    "clause behind a semicolon": "; how is it ",
}
MOST_SECONDS = 2.0
"""For one question of full length, on a machine that is busy."""


def article_of(text: str) -> Article:
    return Article.from_text(f"Start. {text}", title="A title")


def passage_of(article: Article) -> Passage:
    end = len(article.text)
    return Passage(article.id, article.title, article.text, 0, end, 1.0, 1)


def answer_of(text: str) -> Answer:
    article = article_of(text)
    quote = Citation.of(article, 0, len(article.text))
    shown = f"{quote.quote} [1]"
    mark = Span(len(shown) - 3, len(shown))
    passages = (passage_of(article),)
    return Answer("Who?", shown, None, (quote,), True, 0.9, passages, marks=(mark,))  # noqa: FBT003


def refusal_of(text: str) -> Answer:
    passages = (passage_of(article_of(text)),)
    return Answer("Who?", "No.", None, (), answered=False, confidence=0.1, passages=passages)


def exported(text: str) -> None:
    article = article_of(text)
    transcript = Transcript.of([answer_of(text), refusal_of(text)], title=text)
    conversation_to_markdown(transcript, lambda _: article)
    conversation_to_html(Transcript.from_dict(transcript.to_dict()), lambda _: article)


def rendered(text: str) -> None:
    for answer in (answer_of(text), refusal_of(text)):
        to_plain(answer)
        answer_to_markdown(answer)
        chat_markdown(answer, link=lambda _: "#s")
        answer_with_sources(answer)
        reply_markdown(answer, 1, several=True, is_newest=True, known=())


def panel(text: str) -> None:
    article = article_of(text)
    list(blocks(article))
    marks = [Highlight(article.id, 0, 5, 1), Highlight(article.id, 2, len(article.text))]
    panel_html([article], marks, newest=answer_of(text))
    strip_html(article, ArticlePart.of(article.text, 0), answer_of(text))


STEPS: dict[str, Callable[[str], object]] = {
    "panel": panel,
    "export": exported,
    "rendering": rendered,
    "Markdown": escape_markdown,
    "readable Markdown": backslash_escape,
    "HTML": escape_html,
    "one line": single_line,
    "language": language_of,
    "words of a question": lambda text: specific_words(text, frozenset()),
    "trimming": lambda text: trim_to_words(text, Span(0, len(text))),
    "edited wording": lambda text: is_edited(text, text[:2_000]),
    "evaluation": lambda text: (contained(text, [text[: len(text) // 2]]), f1(text, [text])),
}


@pytest.mark.parametrize("unit", sorted(UNITS))
@pytest.mark.parametrize("step", STEPS)
def test_a_step_takes_time_in_proportion_to_its_text(step: str, unit: str) -> None:
    for make in repeated_texts(UNITS[unit]):
        assert_linear(STEPS[step], make)


def overviews_of(text: str, *, by_line: bool) -> Callable[[Kind], Answer]:
    """Return what makes overviews of ``text``, as one sentence or with one a line."""
    article = article_of(text)
    whole = article.text
    ends = [i for i, character in enumerate(whole) if character == "\n"] if by_line else []
    cuts = [0, *(end + 1 for end in ends), len(whole)]
    spans = [Span(a, b) for a, b in itertools.pairwise(cuts) if whole[a:b].strip()]
    chunk = Chunk(article.id, 0, len(whole), whole, "", tuple(spans))
    toy = ToyEmbedder()
    vectors: Vectors = toy.encode_documents(["one"])
    made = Overviews(toy, lambda _: ([chunk], vectors))
    return lambda kind: made.answer(kind, [article], "")


@pytest.mark.parametrize("by_line", [False, True])
@pytest.mark.parametrize("unit", sorted(UNITS | PROSE))
def test_overviews_take_time_in_proportion_to_their_article(unit: str, *, by_line: bool) -> None:
    def overviews(text: str) -> None:
        overview = overviews_of(text, by_line=by_line)
        for kind in OVERVIEWS:
            overview(kind)

    for make in repeated_texts((UNITS | PROSE)[unit]):
        assert_linear(overviews, make)


class OverviewsAlone(ArticleQA):
    """Gives overviews of one article, and answers nothing."""

    def __init__(self, text: str) -> None:
        self._overview = overviews_of(text, by_line=False)

    def overview(self, kind: Kind, *_: object, **__: object) -> Answer:
        return self._overview(kind)


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_suggestions_take_time_in_proportion_to_their_article(unit: str) -> None:
    def suggested(text: str) -> None:
        scope = Scope((article_of(text),), ())
        Suggestions(OverviewsAlone(text), lambda _: []).find(scope, 8, lambda: True)

    assert_linear(suggested, lambda count: UNITS[unit] * count)


@pytest.mark.parametrize("unit", sorted(UNITS | PROSE | ASKING))
@pytest.mark.parametrize("lead", ["", "Why did it "])
def test_a_question_of_full_length_is_understood_in_little_time(unit: str, lead: str) -> None:
    run = (UNITS | PROSE | ASKING)[unit] * 10_000
    question = f"{(lead + run)[:1_999]}?"
    long_answer = answer_of(run)
    start = time.thread_time()
    split_question(question)
    split_after(f"{question} (after “" * 2 + f"{run}”)")
    turns_of([replace(long_answer, question=question), refusal_of(run)])
    turns_of([replace(long_answer, short=None, understood=understood_after(question, question))])
    assert time.thread_time() - start < MOST_SECONDS


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_a_question_of_full_length_is_answered_in_little_time(
    bundled: ArticleQA, unit: str
) -> None:
    question = f"{(f'Who {UNITS[unit] * 2_000}')[:1_999]}?"
    start = time.thread_time()
    answer = bundled.ask(question, history=["Who did Marco Rubio call?"])
    assert answer.question == question
    assert time.thread_time() - start < 10 * MOST_SECONDS
