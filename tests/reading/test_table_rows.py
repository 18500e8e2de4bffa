"""Rows of tables are read with the words of their headers, and for a question those it names."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from index.limits import LoadLimits
from index.sources.document import TableCell, TextBuilder
from index.types import Article, Passage, Span
from qa.reading.reading_text import ReadingText, reading_text
from qa.reading.spans import SpanCandidate
from qa.reading.table_focus import in_fitting_columns, rows_to_read, whole_cell
from qa.reading.table_rows import with_tables

Row: TypeAlias = Sequence[TableCell | str]


def head(*cells: str, columns: int = 1) -> list[TableCell | str]:
    return [TableCell(cell, columns if cell else 1, is_header=True) for cell in cells]


SHIPS: list[Row] = [
    head("Ship", "Cars", "Cabins", "Crew"),
    ["Alba", "120", "48", "31"],
    ["Brio", "64", "", "12"],
    ["Cetus", "210", "90", "44"],
]
YEARS: list[Row] = [
    [*head(""), *head("2022", "2023", columns=2)],
    head("Item", "Planned", "Spent", "Planned", "Spent"),
    ["Roads", "10", "11", "12", "13"],
]
FARES: list[Row] = [
    head("Ticket", "Single", "Return"),
    [TableCell("In summer", columns=3)],
    ["Adult", "14", "25"],
    [TableCell("In winter", columns=3)],
    ["Adult", "9", "16"],
    ["Child", "4", "7"],
]


def article_of(
    rows: Sequence[Row], before: str = "Before it.", after: str = "After it."
) -> Article:
    builder = TextBuilder(LoadLimits())
    builder.add_paragraph(before)
    builder.add_table(rows)
    builder.add_paragraph(after)
    document = builder.build()
    return Article.from_text(document.text, title="T", tables=document.tables)


def passage_of(article: Article, start: int = 0, end: int | None = None) -> Passage:
    end = len(article.text) if end is None else end
    passage = Passage(article.id, "T", article.text[start:end], start, end, 1.0, 1)
    return with_tables(passage, article)


def read(passage: Passage, question: str = "") -> ReadingText:
    (rows,) = rows_to_read(question, [passage]) if question else [passage.rows]
    return reading_text(passage.text, rows, passage.start)


def lines_of(rows: Sequence[Row]) -> list[str]:
    return read(passage_of(article_of(rows))).text.splitlines()


def test_a_row_is_read_with_its_headers_and_a_blank_cell_moves_none() -> None:
    assert lines_of(SHIPS)[3:5] == [
        "Alba; Alba, Cars: 120; Alba, Cabins: 48; Alba, Crew: 31.",
        "Brio; Brio, Cars: 64; Brio, Crew: 12.",
    ]


def test_headers_of_two_rows_and_merged_cells_are_joined() -> None:
    assert lines_of(YEARS)[-3] == (
        "Roads; Roads, 2022 Planned: 10; Roads, 2022 Spent: 11; Roads, 2023 Planned: 12; "
        "Roads, 2023 Spent: 13."
    )


def test_rows_are_read_with_the_heading_of_their_group() -> None:
    assert "Adult; In winter, Adult, Single: 9; In winter, Adult, Return: 16." in lines_of(FARES)


def test_a_row_is_named_by_words_and_by_several_cells_if_one_is_not_enough() -> None:
    places: list[Row] = [head("No.", "Rider", "Points"), ["1", "Ilsa", "25"], ["2", "Noor", "20"]]
    assert "1; No.: 1" not in lines_of(places)
    assert any("Noor, Points: 20." in line for line in lines_of(places))
    zones: list[Row] = [head("Zone", "Days", "Hour")]
    zones += [[zone, day, "2"] for zone in ("Quay", "Hill") for day in ("Week", "Sunday")]
    assert any("Hill, Sunday, Hour: 2." in line for line in lines_of(zones))


def test_a_header_further_down_replaces_the_first() -> None:
    rows: list[Row] = [*SHIPS, head("Bus", "Seats", "Doors"), ["Nine", "40", "3"]]
    assert "Nine; Nine, Seats: 40; Nine, Doors: 3." in lines_of(rows)


def test_a_first_row_that_looks_like_a_header_is_one_if_none_is_marked() -> None:
    plain = [["Ship", "Cars", "Cabins", "Crew"], *SHIPS[1:]]
    assert lines_of(plain) == lines_of(SHIPS)


def test_names_and_values_without_a_header_are_read_as_they_are() -> None:
    article = article_of([[*head("Weight"), "2 kg"], [*head("Price"), "9 crowns"]])
    assert read(passage_of(article)).text == article.text


def test_a_passage_that_starts_in_a_table_has_its_header_and_group() -> None:
    article = article_of(FARES)
    passage = passage_of(article, article.text.index("Child"))
    assert passage.table_header == "Ticket | Single | Return"
    assert read(passage).text.startswith("Child; In winter, Child, Single: 4;")
    assert passage_of(article, article.text.index("After")).table_header == ""


def test_a_row_that_is_cut_is_read_with_its_name() -> None:
    article = article_of(SHIPS)
    passage = passage_of(article, article.text.index("90 | 44"), article.text.index("44"))
    assert read(passage).text.startswith("Cetus, Cabins: 90")


def test_what_is_read_is_not_part_of_the_json() -> None:
    passage = passage_of(article_of(SHIPS))
    assert "rows" not in passage.to_dict()
    assert Passage.from_dict(passage.to_dict()) == passage


def test_only_the_rows_that_a_question_names_are_read() -> None:
    passage = passage_of(article_of(SHIPS))
    text = read(passage, "How many cars does the Brio carry?").text
    assert "Brio, Cars: 64" in text
    assert "Alba" not in text
    assert "Before it." in text
    assert "After it." in text


def test_a_row_with_other_words_of_the_question_is_read_too() -> None:
    text = read(passage_of(article_of(SHIPS)), "Is the Brio larger than the Cetus?").text
    assert "Brio" in text
    assert "Cetus" in text
    assert "Alba" not in text


def test_the_lines_of_a_form_are_read_if_they_have_any_word_of_the_question() -> None:
    form = [["7 Wages", "7"], ["8a Interest", "8a"], ["b Other. Not on line 8a", "8b"]]
    text = read(passage_of(article_of(form)), "What is line 8a?").text
    assert "8a Interest | 8a" in text
    assert "b Other. Not on line 8a | 8b" in text
    assert "Wages" not in text


def test_of_long_headers_of_a_wide_table_the_lower_words_stay() -> None:
    above = TableCell("Returned from the harbour of Tolland", 12, is_header=True)
    rows: list[Row] = [
        [TableCell("", 1), above],
        head("Ship", *(f"Kind {at}" for at in range(12))),
        ["Alba", *map(str, range(12))],
        ["Brio", *map(str, range(12))],
    ]
    labels = [cell.label for cell in passage_of(article_of(rows)).rows[0].cells[1:]]
    assert all(label.endswith(f"… Kind {at}") for at, label in enumerate(labels)), labels


def test_a_first_row_with_a_sentence_is_no_header() -> None:
    long = "For the year from January to December, or another year that ends in June"
    rows: list[Row] = [["Harbour office", long, "Form"], *SHIPS[1:]]
    assert lines_of(rows)[1:-1] == article_of(rows).text.splitlines()[1:-1]


def test_a_question_that_names_no_row_is_read_with_all() -> None:
    passage = passage_of(article_of(SHIPS))
    assert read(passage, "Which ship has most cabins?").text == read(passage).text


def test_rows_of_another_passage_of_the_table_are_left_out_too() -> None:
    article = article_of(SHIPS)
    at = article.text.index("Brio")
    first, second = passage_of(article, 0, at), passage_of(article, at)
    before, after = rows_to_read("What is the crew of the Cetus?", [first, second])
    assert not any(row.is_read for row in before)
    assert [row.is_read for row in after] == [False, True]


def test_a_cell_below_another_header_than_the_one_asked_for_is_no_answer() -> None:
    passage = passage_of(article_of(SHIPS))
    (rows,) = rows_to_read("How many cabins has the Alba?", [passage])
    cars, cabins = (
        SpanCandidate(passage, Span(at, at + len(words)), 1.0, 1.0)
        for words in ("120", "48")
        if (at := passage.text.index(words)) >= 0
    )
    assert in_fitting_columns([cars, cabins], rows) == [cabins]
    assert in_fitting_columns([cars], rows) == [cars]  # rather than none
    (rows,) = rows_to_read("How big is the Alba?", [passage])
    assert in_fitting_columns([cars, cabins], rows) == [cars, cabins]


def test_a_row_of_prose_is_always_read() -> None:
    prose = "Whoever comes by sea needs no ticket, but must sign the book of guests. " * 2
    article = article_of([["Arriving", prose], ["Ticket for guests", "9 crowns"], ["Dogs", "4"]])
    text = read(passage_of(article), "Do guests need a ticket?").text
    assert "Whoever" in text
    assert "Dogs" not in text


def test_earlier_turns_name_the_row_if_the_question_does_not() -> None:
    passage = passage_of(article_of(SHIPS))
    (rows,) = rows_to_read("And its crew?", [passage], "How many cars does the Cetus carry?")
    assert [row.is_read for row in rows] == [False, False, True]


def test_an_answer_within_a_short_cell_is_the_cell() -> None:
    article = article_of([head("Tent", "Time"), ["Fell", "6 minutes"], ["Ridge", "9 minutes"]])
    passage = passage_of(article)
    at = article.text.index("6")
    found = whole_cell(SpanCandidate(passage, Span(at, at + 1), 1.0, 1.0))
    assert article.text[slice(*found)] == "6 minutes"
    bare = replace(passage, rows=())
    assert whole_cell(SpanCandidate(bare, Span(at, at + 1), 1.0, 1.0)) == (at, at + 1)


CELLS = st.builds(
    TableCell, st.sampled_from(["", "a", "b c", "12", "ﬁ"]), st.integers(1, 3), st.booleans()
)


@settings(max_examples=60)
@given(st.lists(st.lists(CELLS, max_size=4), min_size=1, max_size=8), st.data())
def test_no_letter_of_any_table_is_lost_or_out_of_place(
    rows: list[list[TableCell]], data: st.DataObject
) -> None:
    article = article_of(rows)
    start = data.draw(st.integers(0, len(article.text) - 1))
    end = data.draw(st.integers(start + 1, len(article.text)))
    passage = passage_of(article, start, end)
    text = read(passage)
    places = [text.place(Span(at, at + 1)) for at in range(len(text.text))]
    covered = {at for place in places for at in range(*place)}
    assert covered >= {at for at, letter in enumerate(passage.text) if letter.isalnum()}
    assert places == sorted(places)
    assert all(0 <= left <= len(passage.text) >= right for left, right in places)


def test_reading_a_long_table_takes_time_for_the_passage_only() -> None:
    rows: list[Row] = [
        head("Town", "Size", "Age"),
        *([f"Town {n}", f"{n} ha", "9"] for n in range(8_000)),
    ]
    article = article_of(rows)
    began = time.perf_counter()
    for start in range(0, len(article.text), len(article.text) // 30):
        passage_of(article, start, min(start + 1_500, len(article.text)))
    assert time.perf_counter() - began < 5  # seconds
