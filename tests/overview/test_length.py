from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.overview.length import MAX_COUNT, USUAL, Length, Unit, requested_length, without_length

SENTENCES, POINTS, WORDS = Unit.SENTENCES, Unit.POINTS, Unit.WORDS


@pytest.mark.parametrize(
    ("question", "unit", "count"),
    [
        ("Summarise it in two sentences.", SENTENCES, 2),
        ("sum this up in 4 sentences pls", SENTENCES, 4),
        ("A one-sentence summary, please", SENTENCES, 1),
        ("Can you put it in a single sentence?", SENTENCES, 1),
        ("Tell me what it says in two or three short sentences", SENTENCES, 3),
        ("summary, 2-3 sentences", SENTENCES, 3),
        ("What is it about, in one line?", SENTENCES, 1),
        ("a couple of sentences on the whole thing", SENTENCES, 2),
        ("Three bullets on this", POINTS, 3),
        ("Give me five key points", POINTS, 5),
        ("the 7 most important points", POINTS, 7),
        ("Summarise the text in 3 bullet points", POINTS, 3),
        ("6 takeaways", POINTS, 6),
        ("A 4-bullet summary", POINTS, 4),
        ("Key points, three of them", POINTS, 3),
        ("bullet points: 5", POINTS, 5),
        ("what are the two main ideas?", POINTS, 2),
        ("tl;dr in 50 words", WORDS, 50),
        ("Give me a 120-word summary", WORDS, 120),
        ("describe it in no more than thirty words", WORDS, 30),
        ("about two hundred words on this", WORDS, 200),
        ("the gist in a hundred words", WORDS, 100),
        ("Summarise it in ten words", WORDS, 10),
        ("Summarise in one paragraph", SENTENCES, 4),
        ("two paragraphs about all of it", SENTENCES, 8),
        ("Summarise it in 500 sentences", SENTENCES, MAX_COUNT),
        ("Summarise it in 0 sentences", SENTENCES, 1),
        ("Summarise it in 3 words", WORDS, 10),
    ],
)
def test_a_number_of_sentences_points_or_words_is_read(
    question: str, unit: Unit, count: int
) -> None:
    assert requested_length(question) == Length(unit, count)


@pytest.mark.parametrize(
    "question",
    [
        "A brief summary",
        "Summarise it briefly",
        "a short overview please",
        "tl;dr",
        "In a nutshell?",
    ],
)
def test_a_brief_overview_has_about_half_the_sentences(question: str) -> None:
    assert requested_length(question).sentences(4) == 2


@pytest.mark.parametrize(
    "question", ["A detailed summary", "Summarise it in detail", "I need a longer summary"]
)
def test_a_detailed_overview_has_twice_the_sentences(question: str) -> None:
    assert requested_length(question).sentences(4) == 8


@pytest.mark.parametrize(
    ("question", "unit"),
    [("Summarise it in bullet points", POINTS), ("the key points, in sentences", SENTENCES)],
)
def test_a_form_can_be_asked_for_without_a_number(question: str, unit: Unit) -> None:
    assert requested_length(question) == Length(unit)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "What is this about?",
        "Summarise the short story",
        "What is this long article about?",
        "What are the key points?",
        "What is the point of this article?",
        "Summarise “Two Points of View”",
        "Summarise chapter 2",
        "Who are the people?",
    ],
)
def test_other_questions_ask_for_the_usual_length(question: str) -> None:
    assert requested_length(question) == USUAL


@given(st.text())
def test_every_length_is_within_bounds(question: str) -> None:
    assert 1 <= requested_length(question).sentences(4) <= MAX_COUNT


@given(st.integers(0, 9999), st.sampled_from(["sentences", "points", "words", "paragraphs"]))
def test_every_number_gives_a_length_within_bounds(number: int, unit: str) -> None:
    length = requested_length(f"Summarise it in {number} {unit}")
    assert 1 <= length.sentences(4) <= MAX_COUNT


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("Summarise it in two sentences.", "Summarise it."),
        ("Give me a 100-word summary", "Give me summary"),
        ("Give me five key points", "Give me points"),
        ("tl;dr in about 50 words", "tl;dr"),
        ("I need a longer summary", "I need a summary"),
        ("Sum it up in no more than two hundred words, please", "Sum it up, please"),
        ("Three bullets on this", "bullets on this"),
        ("Who built the bridge?", "Who built the bridge?"),
        ("In two sentences", "In two sentences"),
    ],
)
def test_the_length_can_be_removed_from_a_question(question: str, rest: str) -> None:
    assert without_length(question) == rest
