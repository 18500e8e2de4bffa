from __future__ import annotations

import pytest

from index.types import Passage
from qa.lists import asks_for_several, members_of
from qa.pipeline import ArticleQA
from tests.test_quoting import judged, passage

SIGNED = passage("It was signed by France. Prussia signed it later. Spain never signed it.")
TREATY = (
    "The Treaty of Orle ended the war. It was signed by France on 3 May 1881. Prussia signed two "
    "days later. Spain never signed the treaty."
)


def surely(_: Passage) -> float:
    return 0.0


@pytest.mark.parametrize(
    "question",
    [
        "Which countries signed?",
        "What tribes supported the British?",
        "Who took part in the talks?",
        "Who were the judges?",
        "In which cities did they meet?",
    ],
)
def test_a_question_for_several_is_known(question: str) -> None:
    assert asks_for_several(question)


@pytest.mark.parametrize(
    "question",
    [
        "Which country signed?",
        "What party rules in the inner regions?",
        "What helps the process of trade?",
        "Who led the talks?",
        "What is the basis of the law?",
        "When did the countries sign?",
    ],
)
def test_a_question_for_one_is_left_alone(question: str) -> None:
    assert not asks_for_several(question)


def test_members_are_from_other_sentences_and_not_denied() -> None:
    spans = [
        judged("France", 6.0, source=SIGNED),
        judged("Prussia", 5.0, source=SIGNED),
        judged("Spain", 5.0, source=SIGNED),
    ]
    found = members_of("Which countries signed?", spans, surely)
    assert [member.candidate.text for member in found] == ["France", "Prussia"]


def test_the_best_is_left_out_if_its_sentence_denies_it_and_others_do_not() -> None:
    spans = [judged("Spain", 6.0, source=SIGNED), judged("France", 5.0, source=SIGNED)]
    found = members_of("Which countries signed?", spans, surely)
    assert [member.candidate.text for member in found] == ["France"]
    denied = members_of("Which countries never signed?", spans[:1], surely)
    assert [member.candidate.text for member in denied] == ["Spain"]


def test_what_is_unlikely_read_alone_or_far_behind_is_no_member() -> None:
    spans = [judged("France", 6.0, source=SIGNED), judged("Prussia", 5.0, source=SIGNED)]
    assert len(members_of("Which countries signed?", spans, lambda _: -5.0)) == 1
    far = [spans[0], judged("Prussia", 3.0, source=SIGNED)]
    assert len(members_of("Which countries signed?", far, surely)) == 1
    assert len(members_of("Which country signed?", spans, surely)) == 1


def test_nothing_is_added_to_a_list_of_the_article() -> None:
    listed = passage("France and Prussia signed it. Spain signed it later.")
    spans = [judged("France and Prussia", 6.0, source=listed), judged("Spain", 5.9, source=listed)]
    assert len(members_of("Which countries signed?", spans, surely)) == 1


def test_every_member_is_quoted_and_shown_and_none_is_the_short_answer() -> None:
    with ArticleQA.from_text(TREATY) as qa:
        answer = qa.ask("Which countries signed the treaty?")
    assert [answer.text[slice(*place)] for place in answer.shorts_at] == ["France", "Prussia"]
    assert (answer.short, answer.short_at) == (None, None)
