from __future__ import annotations

import pytest

from qa.conversation.multi_part import split_question


@pytest.mark.parametrize(
    ("question", "clauses"),
    [
        (
            "When was the bridge opened and how long is it?",
            ("When was the bridge opened?", "How long is it?"),
        ),
        ("Who built it, and when?", ("Who built it?", "When?")),
        ("When and where was Tesla born?", ("When was Tesla born?", "Where was Tesla born?")),
        ("Who is he? When was he born?", ("Who is he?", "When was he born?")),
        ("What was launched and did it fail?", ("What was launched?", "Did it fail?")),
        ("Who was the king and who built the dam?", ("Who was the king?", "Who built the dam?")),
        (
            "Who came, when did they leave and why?",
            ("Who came, when did they leave and why?",),
        ),
    ],
)
def test_a_question_of_several_parts_is_split(question: str, clauses: tuple[str, ...]) -> None:
    assert split_question(question) == clauses


@pytest.mark.parametrize(
    "question",
    [
        "Who signed the treaty and the letter?",
        "What is the difference between what was said and what was done?",
        "Do you know when it opened and how long it is?",
        "What did he say about where he lived and why he left?",
        "Did the king and what army come",
        "Who was born in Rome and was the emperor in 50?",
        "Is that so? Yes.",
        "",
        "When was it? What? Where? Why? How long?",
    ],
)
def test_a_single_question_is_not_split(question: str) -> None:
    assert split_question(question) == (question,)
