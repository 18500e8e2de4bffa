from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.overview.timeline import Date, find_dates, resolved

Key = tuple[int, int, int]


@pytest.mark.parametrize(
    ("text", "words", "key"),
    [
        ("It opened on 19 March 1932 in Sydney.", "19 March 1932", (1932, 3, 19)),
        ("It opened on March 19, 1932.", "March 19, 1932", (1932, 3, 19)),
        ("It opened on the 19th of March 1932.", "19th of March 1932", (1932, 3, 19)),
        ("Logged at 2024-05-06 by the guard.", "2024-05-06", (2024, 5, 6)),
        ("It opened in March 1932.", "March 1932", (1932, 3, 0)),
        ("It opened in 1932.", "1932", (1932, 0, 0)),
        ("The 1972 Simla Agreement ended.", "1972", (1972, 0, 0)),
        ("Smith (1856–1943) built it.", "1856–1943", (1856, 0, 0)),
        ("Built throughout the 1920s.", "1920s", (1920, 0, 0)),
        ("A church of the 19th century.", "19th century", (1800, 0, 0)),
        ("Caesar died in 44 BC.", "44 BC", (-44, 0, 0)),
        ("It opened on Monday, 5 May 2025.", "5 May 2025", (2025, 5, 5)),
        ("Between 1923 and 1932 it grew.", "1923 and 1932", (1923, 0, 0)),
    ],
)
def test_a_date_is_found(text: str, words: str, key: Key) -> None:
    (found,) = find_dates(text)
    assert (found.words, found.key) == (words, key)
    assert text[found.start : found.end] == words


@pytest.mark.parametrize(
    "text",
    [
        "An army of 1500 soldiers came.",
        "The price rose to 1932.50 dollars.",
        "As was shown by Smith et al. (2003) it holds.",
        "Flats cost from 1,932 to 2,000 pounds.",
        "Room 1932 is closed.",
        "It asserts that the 1972 Simla Agreement left no room.",
        "It meets every Monday.",
    ],
)
def test_other_numbers_are_not_dates(text: str) -> None:
    assert not find_dates(text)


def resolved_dates(text: str, *, is_news: bool) -> list[tuple[str, Key]]:
    found = find_dates(text)
    paragraphs = [text[: date.start].count("\n") for date in found]
    return [(d.label, d.key) for d in resolved(found, paragraphs, is_news=is_news)]


def test_a_day_takes_the_year_before_it_in_its_paragraph() -> None:
    text = "In 1753 he left. On May 3 he came.\nOn June 4 he went."
    assert resolved_dates(text, is_news=False) == [
        ("1753", (1753, 0, 0)),
        ("May 3 (1753)", (1753, 5, 3)),
    ]


def test_a_day_in_the_news_takes_the_year_of_the_latest_full_date() -> None:
    text = "On April 22 they met.\nThey had met on June 15, 2020.\nMay 8, 2025"
    assert resolved_dates(text, is_news=True)[0] == ("April 22 (2025)", (2025, 4, 22))


def test_a_weekday_is_the_last_one_before_a_full_date() -> None:
    text = "On Thursday he spoke. On Wednesday he was silent.\nMay 8, 2025"  # a Thursday
    assert resolved_dates(text, is_news=True)[:2] == [
        ("Thursday (8 May 2025)", (2025, 5, 8)),
        ("Wednesday (7 May 2025)", (2025, 5, 7)),
    ]


def test_a_weekday_that_fits_no_full_date_is_left_out() -> None:
    assert resolved_dates("On Monday he spoke.\nMay 8, 2025", is_news=True) == [
        ("May 8, 2025", (2025, 5, 8))
    ]
    assert resolved_dates("On Thursday he spoke.", is_news=True) == []


def test_an_impossible_day_is_accepted() -> None:
    assert resolved_dates("On February 30, 2020 and on Friday.", is_news=True)[0][1] == (
        2020,
        2,
        30,
    )


@given(st.text(alphabet=" .,()-–\n0123456789May JuneintheBCof'Monday", max_size=200))
def test_every_date_is_in_the_text_and_none_overlap(text: str) -> None:
    found: list[Date] = find_dates(text)
    assert all(text[d.start : d.end] == d.words for d in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    list(resolved(found, [0] * len(found), is_news=True))
