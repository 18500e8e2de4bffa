from __future__ import annotations

import pytest

from index.errors import UnreadableFile
from index.limits import DEFAULT_LIMITS
from index.sources.document import ParsedDocument
from index.sources.opendocument import read_odt
from tests.documents import assert_exact, headings, odt


def loaded(data: bytes) -> ParsedDocument:
    found = read_odt(data, DEFAULT_LIMITS)
    assert_exact(found)
    return found


def test_paragraphs_headings_and_the_title_are_read() -> None:
    found = loaded(
        odt(
            '<text:h text:outline-level="1">The Storm</text:h><text:p>It rained.</text:p>'
            '<text:section><text:h text:outline-level="2">At <text:span>Night</text:span></text:h>'
            "<text:p>It rained on.</text:p></text:section>",
            title="Weather",
        )
    )
    assert found.text == "The Storm\n\nIt rained.\n\nAt Night\n\nIt rained on."
    assert headings(found) == [(1, "The Storm"), (2, "At Night")]
    assert found.title == "Weather"


def test_white_space_elements_are_read() -> None:
    spaced = 'a\n  b<text:s text:c="3"/>c<text:line-break/>d<text:tab/>e'
    found = loaded(odt(f"<text:p>{spaced}</text:p>"))
    assert found.text == "a b   c\nd\te"


def test_lists_and_tables_are_read_line_by_line() -> None:
    item = "<text:list-item><text:p>{}</text:p></text:list-item>"
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    found = loaded(
        odt(
            f"<text:list>{item.format('milk')}{item.format('eggs')}</text:list>"
            f"<table:table><table:table-row>{cell.format('1932')}{cell.format('9 mm')}"
            "</table:table-row></table:table>"
        )
    )
    assert found.text == "- milk\n- eggs\n\n1932 | 9 mm"


def test_a_footnote_follows_its_paragraph_and_deletions_are_left_out() -> None:
    found = loaded(
        odt(
            "<text:tracked-changes><text:p>Gone.</text:p></text:tracked-changes>"
            "<text:p>It rained<text:note><text:note-citation>1</text:note-citation><text:note-body>"
            "<text:p>So they say.</text:p></text:note-body></text:note>, as it does.</text:p>"
        )
    )
    assert found.text == "It rained, as it does.\n\nSo they say."


def test_a_document_that_needs_a_password_is_refused() -> None:
    entry = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    with pytest.raises(UnreadableFile, match="password"):
        loaded(odt("<text:p>Words.</text:p>", manifest=entry))


def test_a_run_of_spaces_is_bounded() -> None:
    found = loaded(odt('<text:p>a<text:s text:c="999999999999"/>b</text:p>'))
    assert len(found.text) < 10_000
