"""How questions of several parts are answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qa import Answer, ArticleQA
from qa.answers.answer import parts
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import answer_to_markdown, chat_markdown
from qa.output.to_text import to_plain
from qa.output.transcript import Transcript

BRIDGE = (
    "The Marrow Bridge carries the coast road over the river.\n\nThe Marrow Bridge was opened in "
    "1934 by Edith Calloway.\n\nThe Marrow Bridge is 412 metres long."
)
GUIDE = "Guide to the coast.\n\nThe Marrow Bridge was opened in 1935 by Edith Calloway."
LYNX = "Twelve lynx were set free in 2018.\n\nTwo of the lynx died in the first winter."


@pytest.fixture(scope="module")
def bridge() -> Iterator[ArticleQA]:
    with ArticleQA.from_text(BRIDGE, title="Bridge") as qa:
        yield qa


@pytest.fixture(scope="module")
def shelf() -> Iterator[ArticleQA]:
    with ArticleQA.from_text(BRIDGE, title="Bridge") as qa:
        qa.add_text(GUIDE, title="Guide [1]")
        qa.add_text(LYNX, title="Lynx")
        yield qa


def shorts(answer: Answer) -> list[str]:
    return [answer.text[slice(*place)] for place in answer.shorts_at]


def test_each_part_is_answered_and_cited(bridge: ArticleQA) -> None:
    answer = bridge.ask("When was the Marrow Bridge opened and how long is it?")
    assert [citation.quote for citation in answer.citations] == [
        "The Marrow Bridge was opened in 1934 by Edith Calloway.",
        "The Marrow Bridge is 412 metres long.",
    ]
    assert answer.text.endswith("long. [2]")
    assert shorts(answer)[0] == "1934"
    assert shorts(answer)[1].startswith("412 metres")
    assert (answer.short, answer.short_at) == (None, None)
    assert answer.question == "When was the Marrow Bridge opened and how long is it?"
    assert answer.understood is None


def test_a_part_without_an_answer_is_refused_by_name(bridge: ArticleQA) -> None:
    answer = bridge.ask("When was the Marrow Bridge opened and what did Napoleon eat?")
    assert answer.answered
    assert answer.text.endswith("\n\n“Napoleon” is not mentioned in the article.")
    assert answer.short is None
    assert shorts(answer) == ["1934"]


def test_a_sentence_that_answers_both_parts_is_quoted_once(bridge: ArticleQA) -> None:
    answer = bridge.ask("Who opened the Marrow Bridge? When was the Marrow Bridge opened?")
    assert len(answer.citations) == 1
    assert shorts(answer) == ["1934", "Edith Calloway"]


def test_a_question_without_an_answered_part_is_refused(bridge: ArticleQA) -> None:
    answer = bridge.ask("What did Napoleon eat and when did Caesar die?")
    assert not answer.answered
    assert answer.text == "“Napoleon” and “Caesar” are not mentioned in the article."


def test_of_two_articles_the_most_confident_gives_the_short_answer(shelf: ArticleQA) -> None:
    answer = shelf.ask("When was the Marrow Bridge opened?")
    assert answer.short in {"1934", "1935"}
    assert answer.short in answer.citations[0].quote
    assert answer.shorts_at == ()


def test_only_the_chosen_article_is_searched(shelf: ArticleQA) -> None:
    chosen = [info.id for info in shelf.catalogue() if info.title == "Bridge"]
    answer = shelf.ask("When was the Marrow Bridge opened?", chosen)
    assert answer.short == "1934"


def test_answers_to_several_parts_are_complete_in_every_output(bridge: ArticleQA) -> None:
    answer = bridge.ask("When was the Marrow Bridge opened and how long is it?")
    assert Answer.from_dict(answer.to_dict()) == answer
    for citation in answer.citations:
        citation.check(bridge.article(citation.article_id))
    assert "".join(part.text for part in parts(answer)) == answer.text
    assert [part.text for part in parts(answer) if part.is_short] == shorts(answer)
    assert answer.text in to_plain(answer)
    assert "**1934**" in answer_to_markdown(answer)
    assert "<strong>1934</strong>" in chat_markdown(answer, link=lambda _: "#s")
    page = conversation_to_html(Transcript.of([answer]), bridge.article)
    assert "<strong>1934</strong>" in page
