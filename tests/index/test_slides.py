from __future__ import annotations

import pytest
from pptx import Presentation
from pptx.util import Inches

from index.errors import TooLarge
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.document import ParsedDocument
from index.sources.slides import read_pptx
from tests.documents import assert_exact, headings, page, pptx, saved


def loaded(data: bytes, limits: LoadLimits = DEFAULT_LIMITS) -> ParsedDocument:
    found = read_pptx(data, limits)
    assert_exact(found)
    return found


def test_each_slide_is_a_page_and_its_title_a_heading() -> None:
    found = loaded(
        pptx([("The Storm", "It rained.\nIt blew.", ""), ("The Calm", "Sun.", "")], title="Weather")
    )
    assert found.text == "The Storm\n\nIt rained.\nIt blew.\n\nThe Calm\n\nSun."
    assert headings(found) == [(1, "The Storm"), (1, "The Calm")]
    assert page(found, 2) == "The Calm\n\nSun."
    assert found.title == "Weather"


def test_notes_follow_their_slide() -> None:
    found = loaded(pptx([("One", "Body.", "Say this aloud."), ("Two", "More.", "")]))
    assert page(found, 1) == "One\n\nBody.\n\nNotes: Say this aloud."


def test_a_slide_without_words_is_a_page() -> None:
    found = loaded(pptx([("", "", ""), ("Two", "Words.", "")]))
    assert assert_exact(found).page_of(0) == 2
    assert len(found.pages) == 2


def test_tables_and_the_shapes_of_groups_are_read() -> None:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    inches = Inches(1)
    table = slide.shapes.add_table(2, 2, inches, inches, inches, inches).table
    for number, text in enumerate(["Year", "Rain", "1932", "9 mm"]):
        table.cell(number // 2, number % 2).text = text
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(inches, inches, inches, inches).text_frame.text = "In the group."
    assert loaded(saved(presentation)).text == "Year | Rain\n1932 | 9 mm\n\nIn the group."


def test_more_slides_than_the_limit_are_refused_by_name() -> None:
    with pytest.raises(TooLarge, match=r"limit of 1\b.*max_pages"):
        loaded(pptx([("One", "", ""), ("Two", "", "")]), LoadLimits(max_pages=1))
