from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import split_sentences
from index.types import Span
from qa.writing import reply
from qa.writing.reply import ReplyReader, WrittenSentence


def read(*pieces: str, sentences: int = 9, complete: bool = True) -> list[WrittenSentence]:
    reader = ReplyReader(sentences)
    found = [sentence for piece in pieces for sentence in reader.feed(piece)]
    return found + reader.end(complete=complete)


def claims(*pieces: str, complete: bool = True) -> list[tuple[str, tuple[int, ...]]]:
    found = read(*pieces, complete=complete)
    return [(clause.text, clause.numbers) for each in found for clause in each.clauses]


@pytest.mark.parametrize(
    "reply",
    [
        "The dam broke at night. [3] Nobody was hurt. [1][4]",
        "The dam broke at night [3]. Nobody was hurt [1][4].",
        "The dam broke at night [3]. Nobody was hurt [1, 4].",
        "The dam broke at night.[3] Nobody was hurt.【1】【4】",
        "The dam broke at night. [^3] Nobody was hurt. [1; 4]",
        "[3] The dam broke at night.\n[1][4] Nobody was hurt.",
        "The dam broke at night. [[3]] Nobody was hurt. [1 and 4]",
        "The dam broke at night [3](https://a.test/3). Nobody was hurt [1 & 4].",
        "The dam broke at night 【3†source】. Nobody was hurt [Sentence 1, sentence 4].",
        "The dam broke at night [3]. Nobody was hurt [1、4].",
        "The dam broke at night [Source: 3]. Nobody was hurt [1], [4].",
        "The dam broke at night. [3] Nobody was hurt. [1]; [4]",
        "The dam broke at night [3]. Nobody was hurt [1] and [4].",
        "```text\nThe dam broke at night. [3]\nNobody was hurt. [1 4]\n```",
        "The dam broke at night. [sentence 3]\n\nNobody was hurt. [1] [4]",
        "**The dam** broke at night. [3]\n\n`Nobody` was *hurt*. [1][4]",
        "# The dam broke at night. [3]\n> Nobody was hurt. [1][4]",
        "<think>Let me see [7].</think>\nThe dam broke at night. [3] Nobody was hurt. [1][4]",
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_each_sentence_has_the_numbers_beside_it(reply: str, size: int) -> None:
    pieces = [reply[i : i + size] for i in range(0, len(reply), size)]
    assert claims(*pieces) == [("The dam broke at night.", (3,)), ("Nobody was hurt.", (1, 4))]


def test_a_range_cites_each_of_its_sentences() -> None:
    assert claims("The dam broke. [2-4]") == [("The dam broke.", (2, 3, 4))]


@pytest.mark.parametrize("mark", ["[0]", "[10]", "[99999999999999]", "[" + "9" * 5000 + "]"])
def test_a_mark_that_leads_nowhere_is_removed_and_counted(mark: str) -> None:
    reader = ReplyReader(9)
    reader.feed(f"The dam broke. {mark}[2] ")
    (sentence,) = reader.end(complete=True)
    assert sentence.clauses[0].numbers == (2,)
    assert (sentence.text, reader.removed_marks) == ("The dam broke.", 1)


def test_a_sentence_is_split_where_it_cites_for_each_statement() -> None:
    reply = "The dam above the town broke at night [3] and the mayor resigned a week later [5]."
    assert claims(reply) == [
        ("The dam above the town broke at night", (3,)),
        ("and the mayor resigned a week later.", (5,)),
    ]


def test_a_sentence_is_split_at_a_semicolon() -> None:
    reply = "The dam above the town broke at night; the mayor resigned a week later. [3][5]"
    assert claims(reply) == [
        ("The dam above the town broke at night;", (3, 5)),
        ("the mayor resigned a week later.", (3, 5)),
    ]


def test_no_word_between_marks_within_a_sentence_is_lost() -> None:
    ((text, _),) = claims("The dam [1] broke in [2] the [3] spring [4].")
    assert text == "The dam broke in the spring."


def test_a_few_words_before_a_mark_are_no_statement_of_their_own() -> None:
    assert claims("At night [3], the dam above the town broke [2].") == [
        ("At night, the dam above the town broke.", (3, 2))
    ]


def test_a_mark_can_take_the_place_of_a_full_stop() -> None:
    assert claims("The dam above the town broke at night [3] It opened in 1932 [2]") == [
        ("The dam above the town broke at night", (3,)),
        ("It opened in 1932", (2,)),
    ]


def test_a_sentence_is_released_as_soon_as_the_next_one_begins() -> None:
    reader = ReplyReader(9)
    assert reader.feed("The dam broke. [") == []
    assert reader.feed("3] ") == []
    assert reader.feed("Nobody") == []
    (sentence,) = reader.feed(" was hurt")
    assert sentence.clauses[0].numbers == (3,)


def test_entries_of_a_list_begin_lines() -> None:
    found = read("- The dam broke. [1]\n- Nobody was hurt. [2]\n3. It rained. [3]")
    assert [each.text for each in found] == ["The dam broke.", "Nobody was hurt.", "It rained."]
    assert [(each.begins_line, each.is_item) for each in found] == [
        (False, True),
        (True, True),
        (True, True),
    ]


def test_the_cells_of_a_table_are_separated_by_commas() -> None:
    table = "| Year | Event |\n|---|:--|\n| 1962 | The dam broke [3] |\n| 1963 | It rained | [4]"
    assert claims(table) == [
        ("Year, Event", ()),
        ("1962, The dam broke", (3,)),
        ("1963, It rained", (4,)),
    ]


def test_a_sentence_that_the_limit_cut_is_left_out() -> None:
    assert claims("The dam broke. [1] Nobody was", complete=False) == [("The dam broke.", (1,))]
    assert len(claims("The dam broke. [1] Nobody was hurt. [2]", complete=False)) == 2


@pytest.mark.parametrize(
    "reply", ["NOT IN THE TEXT", "Not in the text.", "**NOT IN THE TEXT** [2]"]
)
def test_a_refusal_is_recognised(reply: str) -> None:
    (sentence,) = read(reply)
    assert sentence.is_refusal


def test_thoughts_that_do_not_end_are_no_reply() -> None:
    assert read("<think>Hm. The dam broke. [1] So") == []


def test_half_a_character_waits_for_its_other_half() -> None:
    (sentence,) = read("A smile: \ud83d", "\ude00 and more.")
    assert sentence.text == "A smile: 😀 and more."


def test_a_lone_half_of_a_character_is_replaced() -> None:
    (sentence,) = read("Half \ud83d of it.")
    sentence.text.encode("utf-8")


PROSE = (
    "The dam broke at night. [3]",
    "Nobody was hurt [1][44].",
    "The dam above the town broke at night [3] and the mayor resigned a week later [5].",
    "“It was,” Dr. A. Moss said, “a miracle.” [2, 4]",
    "\n- It cost 3.5 million. [7]",
    "水坝在夜里决堤。[6]",
)
MARKUP = (
    "[",
    "]",
    "[1]",
    "[12]",
    "[3-",
    "【",
    "\n",
    "- ",
    "1. ",
    "**",
    "<think>",
    "</think>",
    "```",
)
ODD = (". ", "; ", "\ud83d", "\ude00", "\0", "\u202e", "Ein Satz. ", "。")
PARTS = st.lists(
    st.one_of(st.sampled_from(MARKUP), st.sampled_from(ODD), st.text(max_size=12)), max_size=40
)


@given(PARTS)
def test_anything_is_read_as_plain_lines_with_numbers_that_exist(pieces: list[str]) -> None:
    for sentence in [*read(*pieces, sentences=3), *read(*pieces, sentences=3, complete=False)]:
        assert sentence.text.split() == sentence.text.split(" ")
        sentence.text.encode("utf-8")
        assert all(1 <= n <= 3 for clause in sentence.clauses for n in clause.numbers)


@given(st.lists(st.sampled_from(PROSE), max_size=6), st.integers(1, 9))
def test_the_size_of_the_pieces_does_not_change_the_statements(
    sentences: list[str], size: int
) -> None:
    whole = " ".join(sentences)
    assert claims(*(whole[i : i + size] for i in range(0, len(whole), size))) == claims(whole)


@pytest.mark.parametrize("character", ["“", '"', "[", "*", "a. "])
def test_reading_takes_few_looks_at_a_reply_without_an_end(
    character: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_characters = 0

    def counting(text: str) -> list[Span]:
        nonlocal read_characters
        read_characters += len(text)
        return split_sentences(text)

    monkeypatch.setattr(reply, "split_sentences", counting)
    read(*[character] * 2000)
    assert read_characters < 25 * 2000 * len(character)


def test_the_number_of_a_list_item_behind_its_mark_is_no_statement() -> None:
    reader = ReplyReader(sentences=3)
    found = [
        *reader.feed("[1] 1. Open the lid.\n[2] 2. Take out the sieve.\n"),
        *reader.end(complete=True),
    ]
    assert [sentence.text for sentence in found] == ["Open the lid.", "Take out the sieve."]


@pytest.mark.parametrize(
    ("line", "is_label"),
    [
        ("Advantages:", True),
        ("The old bridge:", True),
        ("These are the men who paid the mayor:", False),
        ("It is old.", False),
    ],
)
def test_a_few_words_before_a_colon_are_a_label(line: str, is_label: bool) -> None:  # noqa: FBT001
    reader = ReplyReader(sentences=3)
    (sentence,) = [*reader.feed(line), *reader.end(complete=True)]
    assert sentence.is_label is is_label
