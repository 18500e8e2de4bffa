from __future__ import annotations

import pytest

from qa.conversation.anaphora import names_in
from qa.conversation.follow_ups import PreviousTurn, Source, mentions_of, resolve

TEXT = (
    "Marco Rubio made a call to S Jaishankar. He also called Shehbaz Sharif. India carried out "
    "missile strikes on Wednesday. Operation Sindoor was launched a fortnight after 26 people "
    "were killed at Pahalgam. India suspended the Indus Water Treaty."
)
CALL = PreviousTurn(
    "Who did Marco Rubio call?", "S Jaishankar", "Marco Rubio made a call to S Jaishankar.",
    "Tension", (TEXT,),
)  # fmt: skip
LAUNCH = PreviousTurn("When was Operation Sindoor launched?", "Wednesday", "", "", (TEXT,))
SUSPENDED = PreviousTurn("What did India suspend?", "the Indus Water Treaty", "", "", (TEXT,))


def test_after_that_is_not_replaced_by_the_subject() -> None:
    def likes_jaishankar(wording: str) -> float:
        return 0.95 if wording.startswith("Whom did S Jaishankar") else 0.05

    understood = resolve("And whom did he call after that?", [CALL], likes_jaishankar)
    assert understood == "Whom did Marco Rubio call after S Jaishankar?"


def by_rules(question: str, *history: PreviousTurn) -> str:
    return resolve(question, history, None)


@pytest.mark.parametrize(
    ("history", "question", "understood"),
    [
        (CALL, "And when did he do it?", "When did Marco Rubio call S Jaishankar?"),
        (CALL, "And whom did he call after that?", "Whom did Marco Rubio call after S Jaishankar?"),
        (CALL, "What is his office?", "What is Marco Rubio's office?"),
        (CALL, "Why?", "Why did Marco Rubio call S Jaishankar?"),
        (CALL, "Who else?", "Who did Marco Rubio call other than S Jaishankar?"),
        (CALL, "What about Trump?", "Who did Trump call?"),
        (LAUNCH, "Where was it planned?", "Where was Operation Sindoor planned?"),
        (LAUNCH, "By whom?", "By whom was Operation Sindoor launched?"),
        (LAUNCH, "What happened then?", "What happened in Wednesday?"),
        (LAUNCH, "When did it happen?", "When did Operation Sindoor happen?"),
        (SUSPENDED, "When did it happen?", "When did India suspend the Indus Water Treaty?"),
        (
            PreviousTurn("Who enables the Senate to vote?", "Ann Lee", "", "", (TEXT,)),
            "What about the House?",
            "Who enables the House to vote?",
        ),
        (LAUNCH, "How long was it?", "How long was Operation Sindoor?"),
        (SUSPENDED, "When?", "When did India suspend the Indus Water Treaty?"),
        (
            PreviousTurn("How many people were killed?", "26", "", "", (TEXT,)),
            "Where?",
            "Where were the people killed?",
        ),
        (
            PreviousTurn("Who called Sharif?", "Marco Rubio", "", "", (TEXT,)),
            "Why?",
            "Why was it that Marco Rubio called Sharif?",
        ),
        (
            PreviousTurn("Did India suspend the treaty?", None, "", "", (TEXT,)),
            "Why?",
            "Why did India suspend the treaty?",
        ),
        (
            PreviousTurn("Who was president in 1990?", "Ann Lee", "", "", (TEXT,)),
            "And in 2000?",
            "Who was president in 2000?",
        ),
        (
            PreviousTurn("Who was president?", "Ann Lee", "", "", (TEXT,)),
            "And before that?",
            "Who was president before Ann Lee?",
        ),
    ],
)
def test_a_follow_up_is_rewritten_by_rules(
    history: PreviousTurn, question: str, understood: str
) -> None:
    assert by_rules(question, history) == understood


@pytest.mark.parametrize("question", ["Who  called Sharif ?", "what is the Indus Water Treaty"])
def test_a_complete_question_is_unchanged(question: str) -> None:
    assert by_rules(question, CALL) == question


def test_without_a_history_a_question_is_unchanged() -> None:
    assert resolve("When was it launched?", [], lambda _: 1.0) == "When was it launched?"


def test_the_reader_chooses_between_antecedents() -> None:
    sure_of = {"When was Marco Rubio born?": 0.2, "When was S Jaishankar born?": 0.9}
    understood = resolve("When was he born?", [CALL], lambda q: sure_of.get(q, 0.1))
    assert understood == "When was S Jaishankar born?"


def test_a_bounded_number_of_rewritings_is_read() -> None:
    read: list[str] = []

    def judge(question: str) -> float:
        read.append(question)
        return 0.1

    quote = ", ".join(f"on A{n} Bell" for n in range(30))
    long = PreviousTurn("What?", None, quote, "", (quote,))
    resolve("Who saw it?", [CALL, long], judge)
    assert 0 < len(read) <= 6


def test_mentions_have_their_source_and_age() -> None:
    found = {m.text: (m.source, m.age) for m in mentions_of([CALL, SUSPENDED])}
    assert found["India"] == (Source.SUBJECT, 0)
    assert found["the Indus Water Treaty"] == (Source.SHORT, 0)
    assert found["Marco Rubio"] == (Source.SUBJECT, 1)


def test_names_are_runs_of_capitalised_words_without_leading_function_words() -> None:
    text = "In the ‘Operation Sindoor’ and Dr. S Jaishankar of New Delhi’s ministry met in J&K."
    assert names_in(text) == ["Operation Sindoor", "Dr. S Jaishankar of New Delhi", "J&K"]
