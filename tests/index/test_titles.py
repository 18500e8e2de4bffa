"""The title of a document is the one that its reader would give."""

from __future__ import annotations

import pytest

from index.sources.document import ParsedDocument
from index.sources.titles import document_title
from index.types import Heading

TEXT = "Harbour Office\n\nTides of the North Quay\n\nThe water rises at noon."
HEADINGS = (Heading(0, 14, 2), Heading(16, 39, 1))
FOUND = ParsedDocument(TEXT, headings=HEADINGS)


@pytest.mark.parametrize(
    "declared",
    [
        "",
        "Untitled",
        "Slides",
        "10811.exe",
        "Microsoft Word - TIDES FINAL 0406.doc",
        "tides_v3_final",
        "The North Quay.docx",
        "Template for annual reports",
        "Water",
    ],
)
def test_the_largest_heading_is_the_title_if_the_text_does_not_say_the_declared_one(
    declared: str,
) -> None:
    assert document_title(FOUND, declared) == "Tides of the North Quay"


@pytest.mark.parametrize(
    "declared", ["Water of the north quay", "HARBOUR OFFICE", "The Tides, noon"]
)
def test_a_declared_title_whose_words_are_in_the_text_is_trusted(declared: str) -> None:
    assert document_title(FOUND, declared) == declared


@pytest.mark.parametrize(
    ("declared", "title"),
    [
        ("Microsoft Word - TIDES FINAL 0406.doc", "TIDES FINAL 0406"),
        ("A book with a painted cover", "A book with a painted cover"),
        ("Untitled-1", ""),
        ("10811.exe", ""),
    ],
)
def test_a_declared_title_without_what_programs_add_is_next(declared: str, title: str) -> None:
    numbered = ParsedDocument("1. Noon\n\nThe water rises.", headings=(Heading(0, 7, 1),))
    assert document_title(numbered, declared) == title


def test_a_heading_after_a_painted_cover_does_not_replace_a_likely_title() -> None:
    found = ParsedDocument(TEXT, headings=HEADINGS, pages=(0, 0))
    assert document_title(found, "A painted cover") == "A painted cover"
    assert document_title(found, "cover.indd") == "Tides of the North Quay"
