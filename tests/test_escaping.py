"""Text made to stand for itself, whatever it holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given

from qa.output.escape import escape_markdown, in_quotes, shorten
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


def test_a_number_that_ends_a_sentence_stays_legible() -> None:
    assert escape_markdown("It was in 1932. Yes.") == "It was in 1932. Yes."


def test_shorten_keeps_what_fits() -> None:
    assert shorten("four", 4) == "four"
    assert shorten("fives", 4) == "fiv…"


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("A title", "“A title”"),
        ("“A title” of hers", "“‘A title’ of hers”"),
        ('She said "no"', '“She said "no"”'),
    ],
)
def test_quotation_marks_are_not_doubled(text: str, quoted: str) -> None:
    assert in_quotes(text) == quoted
