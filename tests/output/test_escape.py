"""Text made to stand for itself, whatever it holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given

from qa.output.escape import (
    backslash_escape,
    backslash_escape_inline,
    escape_markdown,
    shorten,
)
from tests.markdown import HOSTILE, literal, rendered, squeezed, texts


@given(texts)
@example("    four spaces")
@example("a\n\n    code\n\n\tb")
@example("x\n===")
@example("1. a")
@example("123456789. a\n\n1932.")
def test_escaped_text_renders_as_its_literal_characters(text: str) -> None:
    page = rendered(escape_markdown(text))
    assert page.tags <= {"p"}
    if "\n" in text:
        assert squeezed(page.text) == squeezed(literal(text))
    else:
        assert page.text.removesuffix("\n") == literal(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_bare_address_becomes_a_link(text: str) -> None:
    # linkify is a further library; what it and Gradio's marked look for is absent instead.
    markdown = escape_markdown(text)
    assert not re.search(r"://|www\.\w|mailto:\w|\w@\w", markdown)


def test_a_number_at_the_end_of_a_sentence_stays_legible() -> None:
    assert escape_markdown("It was in 1932. Yes.") == "It was in 1932. Yes."


@given(texts)
@example("    four spaces")
@example("a\n\n    code\n\n\tb")
@example("1. a\n\n- b\n\n# c\n\n===\n\n---\n\n~~~")
@example("a\\*b* \\\\ c\\")
@example("a__b_c_ _d ~e~~ ~")
def test_backslash_escaped_text_renders_as_its_own_words(text: str) -> None:
    page = rendered(backslash_escape(text))
    assert page.tags <= {"p"}
    assert squeezed(page.text) == squeezed(literal(text))


@given(texts)
@example("x #")
@example("#")
def test_backslash_escaped_text_is_literal_in_a_heading_and_between_words(text: str) -> None:
    line = " ".join(text.split())
    heading = rendered(f"## 1. {backslash_escape_inline(line)}")
    assert heading.tags == {"h2"}
    assert squeezed(heading.text) == squeezed(literal(f"1. {line}"))
    between = rendered(f"**a** [1] {backslash_escape_inline(line)} **b**")
    assert between.tags == {"p", "strong"}
    assert squeezed(between.text) == squeezed(literal(f"a [1] {line} b"))


@pytest.mark.parametrize(
    "text",
    [
        "J&K has 5 * 3 snake_case_names, 1 < 2 > 0, D.C. (and more): US$5 or $5 | ~7!",
        "Twelve “quoted” 'words' – and/or “https” + C++ = well-known, 50 %; e.g. #1.",
        '1932 was the year. 7.5 km. -5 degrees; @home at 5. {x} ^ "y"',
    ],
)
def test_ordinary_punctuation_is_not_escaped(text: str) -> None:
    assert backslash_escape(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("*bold* and _it_", r"\*bold\* and \_it\_"),
        ("[a](b)", r"\[a](b)"),
        ("<b>x", r"\<b>x"),
        ("- x", r"\- x"),
        ("12. x", r"12\. x"),
        ("# x", r"\# x"),
        ("> x", r"\> x"),
        ("&amp; R&D", r"\&amp; R&D"),
        ("`x`", r"\`x\`"),
        ("see https://a.example", r"see https:\//a.example"),
        ("www.a.example a@b.example", r"www\.a.example a\@b.example"),
        ("the $x^2$ of", r"the $x^2\$ of"),
    ],
)
def test_markup_is_escaped_by_backslashes(text: str, escaped: str) -> None:
    assert backslash_escape(text) == escaped


@pytest.mark.parametrize("text", HOSTILE)
def test_no_bare_address_is_left_whole_by_backslashes(text: str) -> None:
    assert not re.search(r"://|(?<!\\)//\w|www\.\w|\w@\w", backslash_escape(text))


def test_shorten_keeps_what_fits() -> None:
    assert shorten("four", 4) == "four"
    assert shorten("fives", 4) == "fiv…"
