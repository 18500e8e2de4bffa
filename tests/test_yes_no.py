from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.yes_no import HALVES, article_named, questions
from qa.evidence import text_stems
from qa.opposites import bearing_on, bears_on
from qa.pipeline import ArticleQA
from qa.yes_no import confidence_that_it_decides, decisive, is_yes_no
from tests.test_quoting import judged, passage

KINDS = Path(__file__).parent.parent / "bench" / "questions" / "kinds.jsonl"


def test_all_hand_written_questions_are_known_by_their_form() -> None:
    assert [q.question for q in questions() if not is_yes_no(q.question)] == []


@pytest.mark.parametrize(
    "question",
    [
        "So did the minister know of the plan?",
        "Is it true that the mayor resigned?",
        "Does the article say whether the king abdicated?",
        "Tell me whether the accused was acquitted.",
        "The river was dammed in 1960, right?",
        "Isn't the tower taller than the cathedral?",
    ],
)
def test_a_question_of_whether_is_known(question: str) -> None:
    assert is_yes_no(question)


@pytest.mark.parametrize(
    "question",
    [
        "When did India accept the offer?",
        "Did he choose Kant or Hegel?",
        "Can you tell me who built it?",
        "Do you know when it opened?",
        "Could you explain the treaty?",
        "Will Smith",
        "",
    ],
)
def test_a_question_for_words_is_not_taken_for_one_of_whether(question: str) -> None:
    assert not is_yes_no(question)


def test_no_factual_question_of_the_kinds_is_taken_for_one_of_whether() -> None:
    rows = [json.loads(line) for line in KINDS.read_text(encoding="utf-8").splitlines()]
    factual = [row["question"] for row in rows if row["kind"] == "factual"]
    assert [question for question in factual if is_yes_no(question)] == []


def test_what_says_the_contrary_of_the_verb_comes_first() -> None:
    said = passage("He spoke of the offer at length. He declined the offer.")
    spans = [
        judged("the offer at length", 5.0, source=said),
        judged("declined", 4.0, source=said),
    ]
    ordered = decisive("Did he accept the offer?", spans)
    assert [span.candidate.text for span in ordered] == ["declined", "the offer at length"]


def test_words_of_two_parts_bear_on_their_contrary() -> None:
    bearing = bearing_on(frozenset(text_stems("Did she accept it?")))
    assert bears_on(frozenset(text_stems("She turned it down.")), bearing)
    assert not bears_on(frozenset(text_stems("She turned the page.")), bearing)


def test_confidence_keeps_its_order_and_what_is_refused() -> None:
    levels = [0.0, 0.1, 0.295, 0.5, 0.8, 1.0]
    found = [confidence_that_it_decides(level) for level in levels]
    assert found == sorted(found)
    assert found[2] == pytest.approx(0.295)
    assert found[3] > levels[3]


def test_the_sentence_that_decides_is_quoted_and_nothing_is_bold(bundled: ArticleQA) -> None:
    answer = bundled.ask("Did India accept Trump's offer?")
    quoted = " ".join(citation.quote for citation in answer.citations)
    assert "respectfully declined his offer" in quoted
    assert "had rejected his offer" in quoted
    assert (answer.short, answer.short_at, answer.shorts_at) == (None, None, ())


def test_nothing_is_said_where_nothing_bears_on_the_question(bundled: ArticleQA) -> None:
    assert not bundled.ask("Did Russia offer to mediate?").answered


def test_the_questions_name_sentences_of_their_texts_in_both_halves() -> None:
    assert len(questions()) >= 40
    for question in questions():
        text = article_named(question.text).text
        assert [part for part in question.sentences if part not in text] == []
    for half in HALVES:
        decided = [bool(q.sentences) for q in questions() if q.half == half]
        assert any(decided)
        assert not all(decided)
