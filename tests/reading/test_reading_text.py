from __future__ import annotations

import itertools
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import Article, Passage, Span
from qa.reading.reading_text import ReadingText, reading_text
from qa.reading.table_rows import with_tables

FERRIES = """\
| Ship | Cars | Cabins |
|------|------|--------|
| Alba | 120 | 48 |
| Brio | 64 |  |
| Cetus | 210 | 90 |"""
PLAIN_ROWS = """\
Ship | Cars | Cabins
Alba | 120 | 48
Brio | 64 | 12
Cetus | 210 | 90"""
# Compatibility letters, pipes, line ends and plain letters, in any order.
TEXTS = st.text(st.sampled_from("ab1 \n|-ﬁﬄ①℃ＡｚＷ．…²½é今ﬀ㎏"), max_size=80)


def passage_of(text: str, start: int = 0) -> Passage:
    """Return the passage of a text without known tables that begins at ``start``."""
    article = Article("a" * 32, "T", text)
    return with_tables(Passage(article.id, "T", text[start:], start, len(text), 1.0, 1), article)


def read_of(text: str) -> ReadingText:
    passage = passage_of(text)
    return reading_text(text, passage.rows)


def place_of(source: str, words: str) -> str:
    """Return what ``words`` of the reading text are in the source."""
    read = read_of(source)
    start = read.text.index(words)
    return source[slice(*read.place(Span(start, start + len(words))))]


@given(st.text(st.characters(max_codepoint=0x24F, exclude_characters="|ŉĿŀĲĳſǄǅǆǇǈǉǊǋǌǱǲǳµ")))
def test_plain_text_is_read_as_it_is(text: str) -> None:
    read = read_of(text)
    assert read.text is text
    assert read.place(Span(0, len(text))) == (0, len(text))


@given(TEXTS)
def test_every_character_read_is_in_its_place(text: str) -> None:
    read = read_of(text)
    for at, letter in enumerate(read.text):
        start, end = read.place(Span(at, at + 1))
        if start < end:
            assert letter in unicodedata.normalize("NFKC", text[start:end]) + text[start:end]


@given(TEXTS)
def test_places_are_in_the_order_of_the_text_and_inside_it(text: str) -> None:
    read = read_of(text)
    places = [read.place(Span(at, at + 1)) for at in range(len(read.text))]
    for (start, end), (next_start, next_end) in itertools.pairwise(places):
        assert start <= next_start
        assert end <= next_end
    assert all(0 <= start <= len(text) and 0 <= end <= len(text) for start, end in places)


@given(TEXTS)
def test_no_letter_or_number_is_lost(text: str) -> None:
    read = read_of(text)
    placed = [read.place(Span(at, at + 1)) for at in range(len(read.text))]
    covered = {at for start, end in placed for at in range(start, end)}
    assert covered >= {at for at, letter in enumerate(text) if letter.isalnum()}


@pytest.mark.parametrize(
    ("source", "meaning"),
    [
        ("a diﬃcult ﬂight", "a difficult flight"),
        ("Ｍａｒｉａ， ａｇｅｄ ４２", "Maria, aged 42"),
        ("① open ② close", "1 open 2 close"),
        ("at 20℃ or Ⅳ №5", "at 20°C or IV No5"),
        ("𝐁𝐨𝐥𝐝 ㎏", "Bold kg"),
    ],
)
def test_compatibility_letters_are_read_as_what_they_mean(source: str, meaning: str) -> None:
    assert read_of(source).text == meaning


@pytest.mark.parametrize("text", ["10² m", "3½ pages", "wait…", "“so”—he said", "今天。"])
def test_what_is_plain_or_would_change_its_meaning_is_kept(text: str) -> None:
    assert read_of(text).text == text


def test_part_of_a_ligature_is_placed_at_the_whole_letter() -> None:
    assert place_of("the ﬁnal", "inal") == "ﬁnal"
    assert place_of("the oﬃce", "of") == "oﬃ"


@pytest.mark.parametrize("table", [FERRIES, PLAIN_ROWS])
def test_rows_are_read_with_their_header(table: str) -> None:
    lines = read_of(table).text.splitlines()
    assert "Alba; Alba, Cars: 120; Alba, Cabins: 48." in lines
    assert "Cetus; Cetus, Cars: 210; Cetus, Cabins: 90." in lines


def test_a_blank_cell_is_not_read() -> None:
    assert "Brio; Brio, Cars: 64." in read_of(FERRIES).text.splitlines()


@pytest.mark.parametrize("words", ["90", "Cabins: 90", "90.", ": 90"])
def test_a_span_with_inserted_words_at_its_ends_is_placed_at_its_cell(words: str) -> None:
    read = read_of(FERRIES)
    start = read.text.rindex(words)
    place = read.place(Span(start, start + len(words)))
    assert (FERRIES[slice(*place)], place.start) == ("90", FERRIES.rindex("90"))


def test_inserted_words_alone_have_no_place() -> None:
    read = read_of(FERRIES)
    start = read.text.rindex("Cabins")
    place = read.place(Span(start, start + len("Cabins")))
    assert place.start >= place.end


def test_text_around_a_table_keeps_its_places() -> None:
    source = f"Before it.\n\n{FERRIES}\n\nAfter it: ﬁve."
    assert place_of(source, "Before it.") == "Before it."
    assert place_of(source, "After it: five") == "After it: ﬁve"


@pytest.mark.parametrize(
    "text",
    [
        "Home | News | Contact",  # one line is no table
        "Weight | 100 g\nPrice | 48 crowns\nOrigin | Peru",  # names and values
        "1 | 2 | 3\n4 | 5 | 6\n7 | 8 | 9",
        "Use a | b to choose.\nThen go on.",
        "x | y | z\n" + "a | b\n" * 4,
    ],
)
def test_what_has_no_header_is_read_as_it_is(text: str) -> None:
    assert read_of(text).text == text


@pytest.mark.parametrize(
    "table",
    [
        "Land | 2021 | 2022\nPeru | 5 t | 6 t\nChad | 7 t | 8 t",
        "2021 | 2022\nPeru | 5 t | 6 t\nChad | 7 t | 8 t",
        "|  | 2021 | 2022 |\n|---|---|---|\n| Peru | 5 t | 6 t |\n| Chad | 7 t | 8 t |",
    ],
)
def test_years_are_headers_and_the_corner_may_be_blank(table: str) -> None:
    assert "Chad; Chad, 2021: 7 t; Chad, 2022: 8 t." in read_of(table).text


def test_two_columns_have_a_header_if_all_values_are_quantities() -> None:
    text = "Zone | Fare\nInner | 2 crowns\nOuter | 4 crowns\nCoast | 9 crowns"
    assert "Coast; Coast, Fare: 9 crowns." in read_of(text).text


@pytest.mark.parametrize("table", [FERRIES, PLAIN_ROWS])
def test_the_header_of_a_later_row_is_found_in_the_article(table: str) -> None:
    article = f"Fleet\n\nAll ships sail daily.\n{table}\n\nThe end."
    passage = passage_of(article, article.rindex("\n", 0, article.index("Cetus")) + 1)
    assert passage.table_header == "Ship | Cars | Cabins"
    read = reading_text(passage.text, passage.rows, passage.start)
    assert read.text.startswith("Cetus; Cetus, Cars: 210; Cetus, Cabins: 90.")
    start = read.text.index("210")
    assert passage.text[slice(*read.place(Span(start, start + 3)))] == "210"


def test_no_header_is_found_for_prose_or_for_the_first_row() -> None:
    article = f"All ships sail daily.\n\n{FERRIES}"
    assert passage_of(article).table_header == ""
    assert passage_of(article, article.index("| Ship")).table_header == ""


@pytest.mark.parametrize("unit", ["a | b | 1\n", "| --- | --- |\n", "|", "\\|", "-", "ﬁ", "- |"])
def test_reading_takes_time_linear_in_length(unit: str) -> None:
    text = "Name | Place | Size\n" + unit * 15_000
    began = time.perf_counter()
    read_of(text)
    passage_of(text, len(text) - 1)
    assert time.perf_counter() - began < 10  # seconds if it were quadratic: hundreds
