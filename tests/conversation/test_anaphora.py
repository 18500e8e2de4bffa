from __future__ import annotations

import pytest

from qa.conversation.anaphora import Form, Kind, find_anaphor, is_follow_up


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
        ("How was this possible?", "this", Form.EVENT),
        ("What did this cause?", "this", Form.EVENT),
        ("Who was king by then?", "then", Form.TIME),
        ("What is the height of it?", "it", Form.THING),
    ],
)
def test_a_pronoun_without_an_antecedent_points_back(question: str, words: str, form: Form) -> None:
    anaphor = find_anaphor(question)
    assert anaphor is not None
    assert question[anaphor.start : anaphor.end] == words
    assert (anaphor.kind, anaphor.form) == (Kind.PRONOUN, form)


@pytest.mark.parametrize(
    ("question", "kind", "rest"),
    [
        ("Why?", Kind.BARE, "Why"),
        ("And when exactly?", Kind.BARE, "when"),
        ("How many?", Kind.BARE, "How many"),
        ("How many people?", Kind.BARE, "How many people"),
        ("By whom?", Kind.BARE, "By whom"),
        ("In which year?", Kind.BARE, "In which year"),
        ("Why did he do that?", Kind.BARE, "Why"),
        ("When did it happen?", Kind.BARE, "When"),
        ("What about Pakistan?", Kind.ABOUT, "Pakistan"),
        ("And in 2020?", Kind.ABOUT, "in 2020"),
        ("And before that?", Kind.ABOUT, "before"),
        ("Who else?", Kind.ELSE, "Who"),
    ],
)
def test_an_ellipsis_points_back(question: str, kind: Kind, rest: str) -> None:
    anaphor = find_anaphor(question)
    assert anaphor is not None
    assert (anaphor.kind, anaphor.rest) == (kind, rest)


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
        "How many square kilometres are covered in he basin?",
        "What is displayed in the mace, scratch that, in the case?",
        "hey there",
        "Is it true that Rome fell?",
    ],
)
def test_a_question_that_stands_alone_does_not(question: str) -> None:
    assert not is_follow_up(question)


def test_a_question_that_names_something_itself_is_not_sure_to_point_back() -> None:
    named = find_anaphor("Who saw him in Rome?")
    subject = find_anaphor("What did he tell Fox News?")
    assert named is not None
    assert not named.must_resolve
    assert subject is not None
    assert subject.must_resolve
