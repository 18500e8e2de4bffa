"""The line that says why a question is refused."""

from __future__ import annotations

import pytest

from qa.answers.compose import REFUSAL
from qa.conversation.refusal import clause_of, missing_names, reason_for_refusal


def never(_: str) -> bool:
    return False


def always(_: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("Who claimed responsibility?", "who claimed responsibility"),
        ("what caused the fire", "what caused the fire"),
        ("How many sailors drowned?", "how many sailors drowned"),
        ("Which team won the cup?", "which team won the cup"),
    ],
)
def test_a_question_about_its_subject_is_a_clause(question: str, clause: str) -> None:
    assert clause_of(question) == clause


@pytest.mark.parametrize(
    "question",
    [
        "Who did she call?",
        "What is the capital?",
        "Which city did he leave?",
        "When was it built?",
        "What about Kenya?",
        "Who told you that?",
        "Which?",
        "Which of them signed?",
        "Who won? And who lost it?",
        "Sail on",
    ],
)
def test_another_question_is_not_repeated(question: str) -> None:
    assert clause_of(question) is None
    assert reason_for_refusal(question, always, 1) == REFUSAL


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did Ada Lovelace's cousin say?", ["Ada Lovelace"]),
        ("Did Peru join in 1975?", ["Peru", "1975"]),
        ("Treaties?", []),
        ("What Is The Tallest Tower?", []),
        ("What did I see?", []),
        ("How long is 20 km?", []),
    ],
)
def test_names_and_numbers_are_looked_for(question: str, names: list[str]) -> None:
    assert missing_names(question, never) == names
    assert missing_names(question, always) == []


def test_a_name_is_missing_if_its_last_word_is() -> None:
    assert missing_names("Who leads South Korea?", lambda word: word == "South") == ["South Korea"]
    assert missing_names("Who is Ann Rubio?", lambda word: word == "Rubio") == []


def test_missing_names_are_listed_for_one_or_several_articles() -> None:
    assert reason_for_refusal("Was Peru in it?", never, 1) == (
        "“Peru” is not mentioned in the article."
    )
    assert reason_for_refusal("Did Peru beat Chile?", never, 2) == (
        "“Peru” and “Chile” are not mentioned in the articles."
    )
