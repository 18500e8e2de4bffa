from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.limits import DEFAULT_LIMITS
from index.sources.document import ParsedDocument
from index.sources.markdown_text import read_markdown


def read(text: str) -> ParsedDocument:
    return read_markdown(text.encode(), DEFAULT_LIMITS)


def headings(text: str) -> list[tuple[int, str]]:
    document = read(text)
    return [(h.level, document.text[h.start : h.end]) for h in document.headings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The *Olwen* is **very** `fast`.", "The Olwen is very fast."),
        ("See [the plan](https://example.org/a_b).", "See the plan."),
        ("See [the plan][1].\n\n[1]: https://example.org", "See the plan."),
        ("![A boat](boat.png) sails.", "A boat sails."),
        ("Fish &amp; chips cost 5 \\* 2.", "Fish & chips cost 5 * 2."),
        ("H<sub>2</sub>O<br>is water.", "H2O\nis water."),
        ("2 * 3 and snake_case_name stay.", "2 * 3 and snake_case_name stay."),
        ("> Nobody asked us.", "Nobody asked us."),
        ("One line\nand another.", "One line\nand another."),
    ],
)
def test_marks_are_left_out(text: str, expected: str) -> None:
    assert read(text).text == expected


def test_items_of_lists_are_lines_with_a_dash_or_their_number() -> None:
    text = "Bring:\n\n* tea\n* *rice*\n  and salt\n\n3. Wait.\n4. Go."
    assert read(text).text == "Bring:\n\n- tea\n- rice and salt\n\n3. Wait.\n4. Go."


def test_an_item_in_an_item_is_a_line_of_its_own() -> None:
    assert read("- tea\n  - green\n- rice\n\nEnd.").text == "- tea\n- green\n- rice\n\nEnd."


def test_rows_of_tables_are_lines_without_the_rule() -> None:
    text = "| Ticket | *Single* |\n|---|--:|\n| Adult | 6.50 |\n\nMore."
    assert read(text).text == "Ticket | Single\nAdult | 6.50\n\nMore."


def test_code_is_unchanged() -> None:
    assert read("```python\nx = a*b*c\n    # no\n```").text == "x = a*b*c\n    # no"


def test_tags_are_left_out_with_what_is_not_visible() -> None:
    assert read("<div>\nSeen\n</div>\n\n<!-- unseen -->").text == "Seen"


def test_headings_are_without_their_marks() -> None:
    text = "# One ##\n\nwords\n\n###   Two *too*\n\nThree\n-----\n\nFour\n==\n"
    assert headings(text) == [(1, "One"), (3, "Two too"), (2, "Three"), (1, "Four")]
    assert read(text).title == "One"


@pytest.mark.parametrize(
    "text", ["```\n# no\n```", "    # no", "<!--\n# no\n-->", "- # no", "> # no"]
)
def test_headings_are_not_sought_in_code_lists_and_quotations(text: str) -> None:
    assert headings(f"{text}\n\n# Yes\n") == [(1, "Yes")]


def test_the_front_matter_is_the_first_paragraph() -> None:
    document = read("---\nauthor: Nora Lind\ndate: 2020\n---\n# Yes\n\nWords.")
    assert document.text == "author: Nora Lind\ndate: 2020\n\nYes\n\nWords."
    assert document.title == "Yes"


@given(st.text(st.sampled_from("Aa1.# \n-=>`*_[]()|<&\\é第\t"), max_size=200) | st.text())
def test_any_text_is_read_and_its_headings_are_lines_in_order(text: str) -> None:
    document = read(text.replace("\r", "\n"))
    last = 0
    for heading in document.headings:
        assert last <= heading.start < heading.end
        assert "\n" not in document.text[heading.start : heading.end]
        last = heading.end


@pytest.mark.parametrize(
    "text", ["[" * 300_000, "> " * 100_000, "# " + "#" * 300_000, "**a" * 100_000, "|a" * 100_000]
)
def test_hostile_markdown_takes_linear_time(text: str) -> None:
    begun = time.process_time()
    read(text)
    assert time.process_time() - begun < 5
