from __future__ import annotations

import pytest

from qa.followup.topics import topic_of
from qa.pipeline import ArticleQA


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("What does the article say about Pakistan?", "Pakistan"),
        ("what do the articles say about the Simla Agreement", "the Simla Agreement"),
        ("What is the article about?", ""),
        ("What does the minister say about Pakistan?", ""),
    ],
)
def test_what_is_asked_about(question: str, topic: str) -> None:
    assert topic_of(question) == topic


def test_a_name_that_the_last_question_does_not_suit_is_a_topic(bundled: ArticleQA) -> None:
    first = bundled.ask("Why was Operation Sindoor launched?")
    answer = bundled.ask("What about Pakistan?", history=[first])
    assert answer.understood == "What does the article say about Pakistan?"
    assert answer.answered
    assert answer.short is None
    assert all("Pakistan" in citation.quote for citation in answer.citations)
    assert any("Sindoor" in citation.quote for citation in answer.citations)


def test_a_name_that_it_suits_is_asked_for_in_its_place(bundled: ArticleQA) -> None:
    first = bundled.ask("What did India suspend?")
    answer = bundled.ask("What about Pakistan?", history=[first])
    assert answer.understood == "What did Pakistan suspend?"


def test_of_a_topic_that_no_sentence_names_nothing_is_said(bundled: ArticleQA) -> None:
    assert not bundled.ask("What does the article say about Napoleon?").answered
