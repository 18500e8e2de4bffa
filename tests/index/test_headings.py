"""Headings: five of the article that comes with us, and none where there is none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import index.articles
from index.sources.plain_text import plain_text_headings, plain_text_title
from index.types import Heading, normalise_newlines

PROSE = (
    "The committee met on Tuesday to discuss what had been decided in the spring, and it "
    "went home late without having agreed on anything at all."
)


def words(text: str, headings: tuple[Heading, ...]) -> list[str]:
    return [text[heading.start : heading.end] for heading in headings]


def plain(text: str) -> list[str]:
    return words(text, plain_text_headings(text))


def test_the_bundled_article_has_five_headings() -> None:
    path = Path(index.articles.__file__).with_name("us-urges-india-pakistan-dialogue.txt")
    assert plain(path.read_text(encoding="utf-8")) == [
        "Washington Leans Toward Islamabad’s Civilian Casualty Claims",
        "US Secretary of State Speaks to Both Indian and Pakistani Leadership",
        "India Rejects US Mediation, Recalls Previous Stance",
        "Trump Calls for Restraint After India’s Missile Strikes",
        "India Upholds Bilateral Resolution Policy, Islamabad Suspends Treaties",
    ]


def test_blank_lines_and_indentation_around_a_heading_are_not_part_of_it() -> None:
    assert plain(f"{PROSE}\n\n   Long Shadows  \n\n{PROSE}") == ["Long Shadows"]


def test_a_title_over_a_heading_are_two_headings() -> None:
    assert plain(f"A Long Story\n\nThe First Day\n\n{PROSE}") == ["A Long Story", "The First Day"]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("Chapter 3", 1),
        ("CHAPTER IV: the return", 1),
        ("Глава 2", 1),
        ("第三章 回家", 1),
        ("2 Methods", 1),
        ("2.1 Related Work", 2),
        ("2.1.4. Earlier Attempts", 3),
    ],
)
def test_a_numbered_heading_has_the_level_of_its_number(line: str, level: int) -> None:
    assert plain_text_headings(f"{line}\n{PROSE}") == (Heading(0, len(line), level),)


@pytest.mark.parametrize(
    "line",
    [
        "He went home without another word",
        "The Meeting Was Over.",
        "Who Was There?",
        "“The Meeting Was Over”, He Said,",
        "“Long Shadows”",
        "— Dr. S. Jaishankar (@DrSJaishankar) May 8, 2025",
        "- First Item",
        "* First Item",
        "• First Item",
        "@SecRubio Speaks",
        "# Not Markdown",
        "?? ??",
        "12,345",
        "2025",
        "Name\tAge\tCity",
        "Name    Age    City",
        "Name | Age | City",
        "By Anna Smith",
        "See https://example.org Today",
        "会议结束了。",
        "Long Shadows " * 12,
    ],
)
def test_other_lines_are_not_headings(line: str) -> None:
    assert plain(f"{PROSE}\n\n{line}\n\n{PROSE}") == []


def test_an_address_is_no_heading() -> None:
    assert plain(f"Acme Corporation\n12 Main Street\nSpringfield\n\n{PROSE}") == []


def test_a_list_is_no_heading() -> None:
    assert plain(f"Milk\n\nEggs\n\nBrown Bread\n\n{PROSE}") == []


def test_a_verse_is_no_heading() -> None:
    verse = "Tyger Tyger, burning bright,\nIn the forests of the night;\nWhat immortal hand or eye"
    assert plain(f"{verse}\nCould frame thy fearful symmetry?") == []


def test_the_last_line_is_no_heading() -> None:
    assert plain(f"{PROSE}\nJohn Smith") == []


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"Rain delays the ferry\n\n{PROSE}", "Rain delays the ferry"),
        (f"\n  THE LONG SHADOW  \n===========\n\n{PROSE}", "THE LONG SHADOW"),
        (f"Title: Lind: Who pays for rain?\n\n{PROSE}", "Lind: Who pays for rain?"),
        (f"雨の日の船\n\n{'船は来なかった。' * 12}", "雨の日の船"),
        (
            "The Project Gutenberg EBook of The Long Shadow, by Nora Lind\n\nIt is free.\n\n"
            "Title: The Long Shadow\n       Or, Rain\n\nAuthor: Nora Lind\n",
            "The Long Shadow Or, Rain",
        ),
        (
            "Project Gutenberg's Etext of The Long Shadow, by Nora Lind\n#8 in a series\n",
            "The Long Shadow",
        ),
        (f"Dear Nora\n\n{PROSE}", ""),
        (f"Ladies and gentlemen,\n\n{PROSE}", ""),
        (f"It rained all day.\n\n{PROSE}", ""),
        (f"May 8, 2025\n\n{PROSE}", ""),
        (f"Chapter 1\n\n{PROSE}", ""),
        (f"name,age,city,street\n\n{PROSE}", ""),
        (f"- tea\n\n{PROSE}", ""),
        (f"{PROSE}\n\n{PROSE}", ""),
        ("Milk\n\nEggs\n\nBread", ""),
        ("Only A Title", ""),
        ("", ""),
    ],
)
def test_the_title_of_a_text_is_its_first_line_if_that_looks_like_one(
    text: str, title: str
) -> None:
    assert plain_text_title(text) == title


@given(st.text(st.sampled_from("Aa1.# \n-=>`é第章\t\x0b\u2028"), max_size=200) | st.text())
def test_headings_are_filled_lines_in_order(text: str) -> None:
    text = normalise_newlines(text)
    headings = plain_text_headings(text)
    last = 0
    for heading in headings:
        assert last <= heading.start < heading.end
        last = heading.end
    assert all(line.strip() and "\n" not in line for line in words(text, headings))


@pytest.mark.parametrize("text", ["word" * 250_000, "\n" * 1_000_000, "Aa\n" * 50_000, "1." * 99])
def test_hostile_text_takes_linear_time(text: str) -> None:
    begun = time.process_time()
    plain_text_headings(text)
    assert time.process_time() - begun < 5
