from __future__ import annotations

import pytest

from index.sources.pdf.pdf_running_heads import PageLine, running_heads

BODY = 10.0


def lines(page: int, *texts: str, sizes: dict[str, float] | None = None) -> list[PageLine]:
    """Return lines one below the other."""
    return [
        PageLine(page, text, 40 + 20 * row, (sizes or {}).get(text, BODY))
        for row, text in enumerate(texts)
    ]


def kept(pages: list[list[PageLine]]) -> list[str]:
    flat = [line for page in pages for line in page]
    removed = running_heads(flat, len(pages), BODY)
    return [line.text for at, line in enumerate(flat) if at not in removed]


def test_heads_of_left_and_right_pages_are_both_found() -> None:
    heads = ["The Book", "The Chapter"] * 3
    pages = [lines(n, heads[n - 1], f"Words {n * n}.", f"More {n * n}.") for n in range(1, 7)]
    assert not {"The Book", "The Chapter"} & set(kept(pages))


@pytest.mark.parametrize("number", ["{}", "- {} -", "Page {}", "p. {}", "{} / 6", "Page {} of 6"])
def test_a_pages_own_number_goes(number: str) -> None:
    assert kept([lines(4, "Words.", number.format(4))]) == ["Words."]


def test_numbers_that_count_with_the_pages_from_elsewhere_go() -> None:
    pages = [lines(n, f"Words {n * n}.", str(n + 100)) for n in range(1, 5)]
    assert kept(pages) == [f"Words {n * n}." for n in range(1, 5)]


def test_roman_numbers_go() -> None:
    pages = [lines(n, f"Words {n * n}.", roman) for n, roman in enumerate(["iii", "iv", "v"], 1)]
    assert kept(pages) == ["Words 1.", "Words 4.", "Words 9."]


def test_a_number_that_is_not_the_pages_stays() -> None:
    assert kept([lines(4, "Words.", "1932")]) == ["Words.", "1932"]


def test_a_title_in_large_letters_stays_on_the_page_where_it_is_one() -> None:
    first = lines(1, "The Book", "Words.", sizes={"The Book": 20.0})
    pages = [first, *(lines(n, "The Book", f"Words {n * n}.") for n in range(2, 6))]
    assert kept(pages)[:3] == ["The Book", "Words.", "Words 4."]


def test_a_line_below_body_text_is_not_a_running_head() -> None:
    pages = [lines(n, f"Topic {n * n}", "The same.", *"abcd") for n in range(1, 5)]
    assert kept(pages).count("The same.") == 4


def test_a_head_a_little_larger_than_the_text_goes_with_its_number() -> None:
    head = "The Gazette / Monday {}"
    pages = [
        lines(n, head.format(n + 600), f"Words {n * n}.", sizes={head.format(n + 600): 11.2})
        for n in range(1, 5)
    ]
    assert kept(pages) == [f"Words {n * n}." for n in range(1, 5)]
