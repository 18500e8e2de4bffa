from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from index.types import Span
from tests.reader_toys import toy_articles, toy_data, write_claims, write_dialogue
from training.reader.claims import read_claims
from training.reader.conversations import Turn, read_dialogues, with_pronouns
from training.reader.epoch import (
    EpochData,
    Mixture,
    claim_example,
    dialogue_example,
    epoch_examples,
)
from training.reader.examples import Example, at
from training.reader.forms import FORMS
from training.reader.kinds import KINDS
from training.reader.made_questions import MadeQuestion, list_members, made_questions
from training.reader.passages import PreparedArticle, prepare
from training.reader.seeding import is_held_out, seeded
from training.reader.sources import Question
from training.reader.yes_no import another_number, is_exclusive, yes_no_question

QUESTION = "When was the mill of Arlen built?"


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> list[PreparedArticle]:
    return toy_articles(tmp_path_factory.mktemp("train"))


def made(name: str, articles: list[PreparedArticle]) -> Iterator[tuple[Question, Example]]:
    """Yield what a kind's maker makes of each answerable question, several times."""
    for prepared in articles:
        for question in prepared.article.questions:
            if not question.answers:
                continue
            for number in range(8):
                example = at(prepared, question, question.paragraph, question.answers[0])
                rng = seeded(name, question.id, number)
                found = KINDS[name](prepared, question, example, rng)
                if found:
                    yield question, found


def words(example: Example) -> list[str]:
    return [example.passage[slice(*place)] for place in example.places]


@pytest.mark.parametrize("name", list(FORMS))
def test_a_form_keeps_the_names_and_numbers_of_a_question(name: str) -> None:
    for number in range(30):
        typed = FORMS[name]("In what year did Ruth Calder build 3 mills?", seeded(number))
        assert all(word in typed.lower() for word in ("ruth", "calder", "3", "mills"))


def test_key_words_have_no_auxiliary_verb() -> None:
    typed = {FORMS["key_words"](QUESTION, seeded(number)).lower() for number in range(20)}
    assert typed == {"mill arlen built", "when mill arlen built"}


def test_a_long_preamble_ends_with_the_question() -> None:
    found = FORMS["long_winded"](QUESTION, seeded(0))
    assert found.endswith(QUESTION)
    assert len(found) > 2 * len(QUESTION)


@pytest.mark.parametrize(
    ("question", "answer", "before", "asked"),
    [
        (QUESTION, "1912", "in", "Was the mill of Arlen built in 1912?"),
        ("Who is the mayor of Arlen?", "Ruth Calder", "by", "Is Ruth Calder the mayor of Arlen?"),
        ("Where did she live?", "Arlen", "at", "Did she live at Arlen?"),
        ("How long does the fair last?", "three days", "lasts", "Does the fair last three days?"),
        ("How many wheels did it have?", "two", "", "Did it have two wheels?"),
        ("What did Ines Moro found?", "a school", "", "Did Ines Moro found a school?"),
    ],
)
def test_question_and_answer_make_a_yes_no_question(
    question: str, answer: str, before: str, asked: str
) -> None:
    assert yes_no_question(question, answer, before, seeded(0)) == asked


def test_a_subject_question_is_turned_into_a_claim() -> None:
    asked = yes_no_question("Who built the mill?", "Ruth Calder", "", seeded(0))
    assert asked
    assert asked.endswith(" Ruth Calder built the mill?")


def test_a_question_for_a_reason_makes_none() -> None:
    assert yes_no_question("Why did the dam break?", "a flood", "", seeded(0)) is None


def test_another_number_is_another_one_of_the_same_shape() -> None:
    for number in range(20):
        found = another_number("about 1,912 people", seeded(number))
        assert found
        assert found != "about 1,912 people"
        assert (found[:6], found[11:]) == ("about ", " people")
    assert another_number("from 3 to 5", seeded(0)) is None
    assert another_number("many", seeded(0)) is None


def test_only_one_thing_can_answer_when_and_who_but_not_what() -> None:
    assert is_exclusive(QUESTION)
    assert is_exclusive("Who built it?")
    assert not is_exclusive("What did she build?")


def test_yes_has_the_answer_in_the_question_and_no_has_not(articles: list[PreparedArticle]) -> None:
    found = list(made("yes_no", articles))
    verdicts = {example.verdict for _, example in found}
    assert {"yes", "no"} <= verdicts
    for _, example in found:
        if example.verdict == "span":
            assert not example.is_answered
            continue
        (answer,) = words(example)
        assert (answer in example.question) == (example.verdict == "yes")


def test_a_follow_up_says_a_pronoun_for_a_name_of_the_turns_before(
    articles: list[PreparedArticle],
) -> None:
    found = list(made("follow_up", articles))
    assert found
    assert all(0 < len(example.history) <= 2 for _, example in found)
    changed = [(q, e) for q, e in found if e.question != q.text]
    assert changed
    for question, example in changed:
        known = " ".join(f"{t.question} {t.answer}" for t in example.history)
        lost = set(question.text.split()) - set(example.question.split())
        assert all(word.strip("?") in known for word in lost if word[0].isupper())


def test_a_pronoun_fits_the_passage() -> None:
    asked = "When did Ruth Calder's mill burn?"
    found = with_pronouns(
        asked, "Who is Ruth Calder?", "She built it. It burned, she said.", seeded(0)
    )
    assert found == "When did her mill burn?"
    assert with_pronouns(asked, "Who is Ann Lee?", "", seeded(0)) is None


def test_a_passage_answers_one_of_two_questions_in_one(articles: list[PreparedArticle]) -> None:
    found = list(made("two_in_one", articles))
    assert found
    for question, example in found:
        assert question.text.rstrip("?").lower() in example.question.lower()
        assert len(example.question) > len(question.text) + 10
        assert words(example)[0] in example.answers


def test_both_questions_are_answered_at_two_places(articles: list[PreparedArticle]) -> None:
    found = list(made("both", articles))
    assert found
    for question, example in found:
        golds = {e.passage[slice(*p)] for _, e in found for p in e.members if e.source}
        assert len(words(example)) == 2
        assert set(words(example)) <= golds
        assert question.answers


def test_an_interview_has_the_question_and_the_answer_is_not_in_it(
    articles: list[PreparedArticle],
) -> None:
    found = list(made("interview", articles))
    assert found
    for question, example in found:
        assert question.text in example.passage
        assert example.answer
        assert words(example)[0] in example.answers
        asked_at = example.passage.index(question.text)
        assert example.answer.start > asked_at + len(question.text)


def test_an_interview_without_a_reply_is_not_answered(articles: list[PreparedArticle]) -> None:
    prepared = articles[0]
    question = next(q for q in prepared.article.questions if q.text.startswith("How long"))
    example = at(prepared, question, question.paragraph, question.answers[0])
    unanswered = replace(example, answer=None, answers=(), kind="other")
    found = KINDS["interview"](prepared, question, unanswered, seeded(1))
    assert found
    assert question.text in found.passage
    assert not found.is_answered


def test_only_the_title_names_the_subject_or_another_title_does(
    articles: list[PreparedArticle],
) -> None:
    found = list(made("title_only", articles))
    assert {example.is_answered for _, example in found} == {True, False}
    for question, example in found:
        town = next(p.article.title for p in articles if question in p.article.questions)
        assert town not in example.passage
        assert town in example.question
        assert (example.title == town) == example.is_answered
        if example.is_answered:
            assert words(example)[0] in example.answers


@pytest.mark.parametrize(
    ("text", "kind", "spans"),
    [
        (
            "Arlenite is a pale stone found near the pass. It is heavy.",
            "definition",
            ["a pale stone found near the pass"],
        ),
        (
            '"We will rebuild the mill before winter," said Ines Moro on Friday.',
            "quotation",
            ["We will rebuild the mill before winter"],
        ),
        (
            "According to Tomas Weil, the dam had been leaking for weeks.",
            "source",
            ["Tomas Weil"],
        ),
        (
            "Bakers sell seeded breads such as rye loaves, poppy rolls and honey cakes.",
            "list",
            ["rye loaves", "poppy rolls", "honey cakes"],
        ),
        ("It burned in 1899 and again in 1931.", "mentions", ["1899", "1931"]),
        (
            "The dam was old. On Friday the mayor Ines Moro closed it. Ines Moro then left.",
            "topic",
            ["On Friday the mayor Ines Moro closed it."],
        ),
    ],
)
def test_a_text_makes_questions(text: str, kind: str, spans: list[str]) -> None:
    found: dict[str, MadeQuestion] = {q.kind: q for q in made_questions(text, seeded(0))}
    assert [text[slice(*span)] for span in found[kind].spans] == spans


def test_a_topic_is_typed_in_several_ways_and_names_what_a_passage_must_contain() -> None:
    text = "At last the mayor Ines Moro closed it."
    made = [next(made_questions(text, seeded(number))) for number in range(40)]
    assert {q.topic for q in made} == {"Ines Moro"}
    assert {"Ines Moro", "ines moro closed", "about ines moro"} < {q.text for q in made}


def test_a_text_of_another_shape_makes_no_question() -> None:
    text = "It is said that they were there, and that this was a mistake: nobody came."
    assert not list(made_questions(text, seeded(0)))


def test_lists_are_split_at_commas_and_conjunctions() -> None:
    text = "salt, rye, and oil"
    found = list_members(text, Span(0, len(text)))
    assert [text[slice(*span)] for span in found] == ["salt", "rye", "oil"]
    assert list_members(text, Span(0, 4)) == (Span(0, 4),)


def test_claims_come_with_yes_no_or_neither(tmp_path: Path) -> None:
    write_claims(tmp_path)
    claims = read_claims(tmp_path)
    assert [(c.source, c.verdict) for c in claims] == [
        ("condaqa", "yes"),
        ("condaqa", None),
        ("fever", "yes"),
        ("fever", "no"),
    ]
    decided, undecided = (claim_example(claim, seeded(1)) for claim in claims[:2])
    assert (decided.question, decided.verdict, decided.is_answered) == (
        "Is there a fair?",
        "yes",
        True,
    )
    assert not decided.decides_where
    assert not undecided.is_answered
    assert undecided.decides_where


def test_a_dialogue_is_read_with_its_turns_and_what_answered_it(tmp_path: Path) -> None:
    write_dialogue(tmp_path)
    first, second, third = read_dialogues(tmp_path)
    assert first.passage[slice(*(first.answer or ()))] == "Ruth Calder built it in 1912."
    example = dialogue_example(second, complete=False)
    assert example.history == (Turn("Who built the mill?", "Ruth Calder built it in 1912."),)
    assert words(example) == ["She lived in a house by the river Ost."]
    assert dialogue_example(second, complete=True).question == "Where did Ruth Calder live?"
    assert third.answer is None
    assert "don't know" not in third.passage


def test_about_the_right_share_of_names_is_held_out() -> None:
    assert 30 < sum(is_held_out(f"name {number}") for number in range(1000)) < 100


def test_an_epoch_has_questions_of_every_kind(tmp_path: Path) -> None:
    write_claims(tmp_path)
    write_dialogue(tmp_path)
    data = toy_data(tmp_path)
    count = lambda texts: [len(text.split()) for text in texts]  # noqa: E731 - a stand-in
    prepared = [prepare(article, count) for article in data.train]
    given = EpochData(prepared, data.claims, data.dialogues)
    kinds = {
        example.kind
        for epoch in range(25)
        for example in epoch_examples(given, Mixture(made=1.0), 0, epoch)
    }
    assert {*KINDS, "dialogue", "condaqa", "fever"} <= kinds
