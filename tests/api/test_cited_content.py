"""The text of an answer for other APIs, its marks, and its parts with their citations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.answers.answer import Answer
from qa.answers.claim import Status
from qa.api.cited_content import Block, CitedContent, blocks_of, names_of
from tests.api.shown_answers import (
    ALL,
    BUILT,
    CLOSED,
    KEEPER,
    PEOPLE,
    QUOTED,
    REFUSAL,
    TIDE,
    TIMELINE,
    VERDICT,
    WRITTEN,
)


@pytest.mark.parametrize("answer", ALL)
def test_the_offsets_of_a_mark_enclose_it(answer: Answer) -> None:
    content = CitedContent.of(answer)
    assert [content.text[mark.start : mark.end] for mark in content.marks] == [
        f"[{mark.number}]" for mark in content.marks
    ]
    assert len(content.marks) == len(answer.marks)


def test_a_quoted_answer_is_its_text_and_its_note() -> None:
    assert CitedContent.of(QUOTED).text == QUOTED.text
    noted = replace(QUOTED, note="This language is read less well.")
    assert CitedContent.of(noted).text == f"{QUOTED.text}\n\nNote: This language is read less well."


def test_words_behind_a_statement_say_that_it_is_not_supported() -> None:
    assert CitedContent.of(WRITTEN).text == (
        "Ada kept the lamp. [1] It shone blue. (not supported) [2] "
        "It shut in 1990. (partly supported) [1][2]"
    )


def test_a_model_cannot_reverse_the_words_behind_a_statement() -> None:
    text = f"\u202e{WRITTEN.text[1:]}"
    assert "\u202e" not in CitedContent.of(replace(WRITTEN, text=text)).text


def test_a_quote_is_a_part_of_its_own_with_its_citation() -> None:
    assert blocks_of(QUOTED) == [
        Block(BUILT.quote, (BUILT,)),
        Block(f" {CLOSED.quote}", (CLOSED,)),
    ]


def test_the_words_of_the_program_are_parts_without_citations() -> None:
    assert blocks_of(VERDICT) == [Block("Yes. "), Block(BUILT.quote, (BUILT,))]
    assert [block.text for block in blocks_of(TIMELINE) if not block.citations] == [
        "• 1871 — ",
        "\n• 1990 — ",
    ]
    assert blocks_of(REFUSAL) == [Block(REFUSAL.text)]


def test_marks_with_commas_between_them_belong_to_one_part() -> None:
    assert blocks_of(PEOPLE)[-1].citations == (BUILT, KEEPER)


def test_a_statement_is_a_part_with_what_it_cites() -> None:
    assert blocks_of(WRITTEN) == [
        Block("Ada kept the lamp.", (KEEPER,)),
        Block(" It shone blue. (not supported)", (CLOSED,)),
        Block(" It shut in 1990. (partly supported)", (KEEPER, CLOSED)),
    ]


def test_a_statement_without_a_citation_is_not_part_of_the_next_one() -> None:
    first, *rest = WRITTEN.claims
    text = WRITTEN.text.replace("[1]", "   ", 1)
    uncited = replace(first, citations=(), status=Status.NOT_SUPPORTED)
    answer = replace(WRITTEN, text=text, marks=WRITTEN.marks[1:], claims=(uncited, *rest))
    assert blocks_of(answer)[:2] == [
        Block("Ada kept the lamp. (not supported)     "),
        Block("It shone blue. (not supported)", (CLOSED,)),
    ]


def test_the_names_of_sources_differ_even_in_one_paragraph() -> None:
    names = names_of([BUILT, KEEPER, TIDE], {BUILT: 1, KEEPER: 1})
    assert names == (
        "Lamp house, paragraph 1, characters 0–35",
        "Lamp house, paragraph 1, characters 36–61",
        "Tides, p. 2",
    )
