from __future__ import annotations

import pytest

from qa.conversation.anaphora import AnaphorType, Form, find_anaphor, is_follow_up


@pytest.mark.parametrize(
    ("question", "words", "form"),
    [
        ("When was it launched?", "it", Form.THING),
        ("And whom did he call after that?", "he", Form.PERSON),
        ("who did he call", "he", Form.PERSON),
        ("Who was his wife?", "his", Form.PERSON),
        ("What was the name of his wife?", "his", Form.PERSON),
        ("Who called him?", "him", Form.PERSON),
        ("Why were they hospitalised?", "they", Form.PLURAL),
        ("What happened there?", "there", Form.PLACE),
        ("What did this cause?", "this", Form.EVENT),
        ("Who was king by then?", "then", Form.TIME),
        ("What is the height of it?", "it", Form.THING),
    ],
)
def test_a_pronoun_without_an_antecedent_is_an_anaphor(
    question: str, words: str, form: Form
) -> None:
    anaphor = find_anaphor(question)
    assert anaphor is not None
    assert question[anaphor.start : anaphor.end] == words
    assert (anaphor.type, anaphor.form) == (AnaphorType.PRONOUN, form)


@pytest.mark.parametrize(
    ("question", "type_", "rest"),
    [
        ("Why?", AnaphorType.BARE_WH, "Why"),
        ("And when exactly?", AnaphorType.BARE_WH, "when"),
        ("How many?", AnaphorType.BARE_WH, "How many"),
        ("How many people?", AnaphorType.BARE_WH, "How many people"),
        ("By whom?", AnaphorType.BARE_WH, "By whom"),
        ("In which year?", AnaphorType.BARE_WH, "In which year"),
        ("Why did he do that?", AnaphorType.BARE_WH, "Why"),
        ("When did it happen?", AnaphorType.BARE_WH, "When"),
        ("What about Pakistan?", AnaphorType.WHAT_ABOUT, "Pakistan"),
        ("And in 2020?", AnaphorType.WHAT_ABOUT, "in 2020"),
        ("And before that?", AnaphorType.WHAT_ABOUT, "before"),
        ("Who else?", AnaphorType.ELSE, "Who"),
    ],
)
def test_an_elliptical_question_is_an_anaphor(question: str, type_: AnaphorType, rest: str) -> None:
    anaphor = find_anaphor(question)
    assert anaphor is not None
    assert (anaphor.type, anaphor.rest) == (type_, rest)


@pytest.mark.parametrize(
    "question",
    [
        "What did Luther say about his wife?",
        "What did Luther say about it?",
        "what did luther say about his wife",
        "Why did India suspend its treaties?",
        "How long does it take to climb the tower?",
        "What is it called when a star collapses?",
        "Which country said it would leave?",
        "Who lost his job?",
        "How much did Tesla say Edison offered him?",
        "How long ago was it when the water broke through?",
        "Who said that he would never sell the farm?",
        "What happened to the princess after she was taken by the giant?",
        "Other than his science, what was Tesla known for?",
        "How did the giant's son know that he was tricked?",
        "How many people are there in India?",
        "What do those who left say?",
        "What can the robot arm do that a human hand cannot?",
        "What causes inflation?",
        "What is this article about?",
        "What is this about?",
        "Summarise it",
        "How does this work?",
        "Who approved of this plan?",
        "When was the operation launched?",
        "Who are the people?",
        "hey there",
        "Is it true that Rome fell?",
    ],
)
def test_a_complete_question_is_not_a_follow_up(question: str) -> None:
    assert not is_follow_up(question)
