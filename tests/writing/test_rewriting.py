from __future__ import annotations

import threading

import pytest

from qa.writing.rewriting import Rewriting, rewrite_follow_up
from tests.writing.fakes import SENTENCES, FakeModel, quoted

QUESTION = "And when did she?"
TURNS = (quoted("Who resigned?", sentence=3),)


def rewritten(model: FakeModel, question: str = QUESTION) -> Rewriting:
    return rewrite_follow_up(model, question, TURNS, max_chars=200, stopped=threading.Event())


@pytest.mark.parametrize(
    "reply",
    [
        "When did Ines Falk resign?",
        '  "When did Ines Falk resign?"\n',
        "“When did Ines Falk resign?”",
    ],
)
def test_the_rewritten_question_is_one_plain_line(reply: str) -> None:
    rewriting = rewritten(FakeModel(*reply))
    assert rewriting.question == "When did Ines Falk resign?"
    assert rewriting.usage is not None
    assert rewriting.usage.prompt_tokens == 120


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "...?",
        "and when did SHE?",
        "She resigned a week later.",
        "Here is the question:\n\nWhen did Ines Falk resign?",
        f"When did Ines Falk {'really ' * 40}resign?",
    ],
)
def test_a_reply_that_cannot_be_used_changes_nothing(reply: str) -> None:
    assert rewritten(FakeModel(*reply)).question is None


@pytest.mark.parametrize(
    ("question", "reply", "is_used"),
    [
        ("And in 1962?", "What did Ines Falk do in 1962?", True),
        ("And in 1962?", "What did Ines Falk do in 1926?", False),
        ("And in 1962?", "What did Ines Falk do later?", False),
        ("And after that?", "What did Ines Falk do after 1962?", False),
    ],
)
def test_a_rewritten_question_has_the_numbers_of_the_question(
    question: str, reply: str, *, is_used: bool
) -> None:
    assert (rewritten(FakeModel(reply), question).question is not None) == is_used


def test_an_earlier_answer_is_no_rewritten_request() -> None:
    assert rewritten(FakeModel(SENTENCES[2]), "Say that more simply.").question is None


def test_a_request_with_names_of_an_earlier_answer_is_one() -> None:
    request = "Explain why the mayor, Ines Falk, resigned."
    assert rewritten(FakeModel(request), "Explain why.").question == request


def test_a_request_need_not_be_a_question() -> None:
    model = FakeModel("Translate the dismissal of Ines Falk into Dutch.")
    assert rewritten(model, "Translate that into Dutch.").question is not None


def test_a_fault_changes_nothing_but_its_time_is_counted() -> None:
    rewriting = rewritten(FakeModel("When did ", fault="It broke off."))
    assert rewriting.question is None
    assert rewriting.usage is not None


def test_an_endless_reply_is_given_up() -> None:
    model = FakeModel(*["word "] * 10_000)
    assert rewritten(model).question is None
    assert model.is_stopped


def test_without_turns_the_model_is_not_asked() -> None:
    model = FakeModel("When did Ines Falk resign?")
    stopped = threading.Event()
    assert rewrite_follow_up(model, QUESTION, (), max_chars=200, stopped=stopped) == (None, None)
    assert model.asked == []


def test_a_long_question_is_not_rewritten() -> None:
    model = FakeModel("Short?")
    assert rewritten(model, f"When did {'she ' * 200}leave?").question is None
    assert model.asked == []
