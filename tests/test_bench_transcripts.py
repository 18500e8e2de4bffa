from __future__ import annotations

from dataclasses import replace

from bench.environment import Environment
from bench.transcripts import FOLDER, Conversation, conversations, render


def test_every_conversation_has_twenty_turns_and_its_text() -> None:
    found = conversations()
    assert [len(each.questions) for each in found] == [20, 20, 20]
    texts = [each.text for each in found if each.text != "bundled"]
    assert all((FOLDER / "texts" / f"{text}.txt").is_file() for text in texts)


def test_a_turn_is_asked_with_those_before_it_and_shown_word_for_word() -> None:
    ferry = next(each for each in conversations() if each.text == "ferry")
    short = replace(ferry, questions=("When was the last crossing?", "thank you", "Why?"))
    answers = short.answered()
    assert [answer.kind.value for answer in answers] == ["answer", "talk", "answer"]
    assert answers[2].understood
    text = render(Environment.now("bench.transcripts"), [(short, answers)])
    assert "1. **When was the last crossing?**" in text
    assert "   > On 30 September 2023 it made its last crossing. [1]" in text
    assert f"understood as: {answers[2].understood}" in text


def test_without_a_text_the_article_that_comes_along_is_asked() -> None:
    (answer,) = Conversation("bundled", ("Who did Marco Rubio call?",)).answered()
    assert answer.answered
