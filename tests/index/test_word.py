from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from docx import Document
from docx.oxml import parse_xml

from index.errors import UnreadableFile
from index.limits import DEFAULT_LIMITS
from index.sources.document import ParsedDocument
from index.sources.word import read_docx
from tests.documents import assert_exact, docx, headings, rezipped, saved

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def loaded(data: bytes) -> ParsedDocument:
    found = read_docx(data, DEFAULT_LIMITS)
    assert_exact(found)
    return found


def with_body(xml: str) -> bytes:
    """Return a document whose body is this XML, with ``w:`` for its names."""
    document = Document()
    body = document.element.body
    for element in reversed(parse_xml(f"<w:body {W}>{xml}</w:body>")):
        body.insert(0, element)
    return saved(document)


def run(text: str) -> str:
    return f"<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>"


def test_headings_are_recognised_by_their_style() -> None:
    found = loaded(
        docx(
            [
                ("Title", "Long Shadows"),
                ("Heading 1", "The Storm"),
                ("Normal", "It rained."),
                ("Heading 3", "At Night"),
                ("Normal", "It rained on."),
            ],
            title="Shadows",
        )
    )
    assert found.text == "Long Shadows\n\nThe Storm\n\nIt rained.\n\nAt Night\n\nIt rained on."
    assert headings(found) == [(1, "Long Shadows"), (1, "The Storm"), (3, "At Night")]
    assert (found.title, found.pages) == ("Shadows", ())


def test_each_list_item_has_its_own_line() -> None:
    data = docx([("Normal", "Buy:"), ("List Bullet", "milk"), ("List Bullet", "eggs")])
    assert loaded(data).text == "Buy:\n\n- milk\n- eggs"


def test_a_table_is_read_row_by_row() -> None:
    document = Document()
    table = document.add_table(2, 2)
    for number, text in enumerate(["Year", "Rain", "1932", "9 mm"]):
        table.cell(number // 2, number % 2).text = text
    document.add_paragraph("So it was.")
    assert loaded(saved(document)).text == "Year | Rain\n1932 | 9 mm\n\nSo it was."


def test_a_nested_table_is_read_once() -> None:
    document = Document()
    cell = document.add_table(1, 1).cell(0, 0)
    cell.text = "outer"
    cell.add_table(1, 1).cell(0, 0).text = "inner"
    assert loaded(saved(document)).text == "outer inner"


def test_insertions_are_read_and_deletions_are_not() -> None:
    data = with_body(
        f"<w:p>{run('It is ')}<w:ins w:id='1' w:author='a'>{run('very ')}</w:ins>"
        f"<w:del w:id='2' w:author='a'><w:r><w:delText>not </w:delText></w:r></w:del>"
        f"{run('wet.')}</w:p>"
    )
    assert loaded(data).text == "It is very wet."


def test_content_controls_hold_text_like_any_other() -> None:
    data = with_body(
        f"<w:sdt><w:sdtContent><w:p>{run('Inside.')}</w:p></w:sdtContent></w:sdt>"
        f"<w:p>{run('See ')}<w:hyperlink>{run('there')}</w:hyperlink>{run('.')}</w:p>"
    )
    assert loaded(data).text == "Inside.\n\nSee there."


def test_a_text_box_is_read_once_after_its_paragraph() -> None:
    box = f"<w:txbxContent><w:p>{run('In the box.')}</w:p></w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    data = with_body(
        f"<w:p>{run('Before ')}<w:r><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>{run('after.')}</w:p>"
    )
    assert loaded(data).text == "Before after.\n\nIn the box."


def test_footnotes_come_at_the_end() -> None:
    document = Document()
    document.add_paragraph("It rained.")
    note = (
        f"<w:footnotes {W}><w:footnote w:id='0' w:type='separator'><w:p>{run('-')}</w:p>"
        f"</w:footnote><w:footnote w:id='1'><w:p>{run('So they say.')}</w:p></w:footnote>"
        "</w:footnotes>"
    )
    data = saved(document)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        types = archive.read("[Content_Types].xml").decode()
        relations = archive.read("word/_rels/document.xml.rels").decode()
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    data = rezipped(
        data,
        {
            "word/footnotes.xml": note,
            "[Content_Types].xml": types.replace(
                "</Types>",
                f'<Override PartName="/word/footnotes.xml" ContentType="{office}"/></Types>',
            ),
            "word/_rels/document.xml.rels": relations.replace(
                "</Relationships>",
                f'<Relationship Id="rIdN" Type="{kind}" Target="footnotes.xml"/></Relationships>',
            ),
        },
    )
    assert loaded(data).text == "It rained.\n\nSo they say."


def test_styles_that_are_based_on_each_other_in_a_circle_end() -> None:
    document = Document()
    one = document.styles.add_style("One", 1)
    two = document.styles.add_style("Two", 1)
    one.base_style, two.base_style = two, one
    document.add_paragraph("Words.", one)
    assert headings(loaded(saved(document))) == []


def test_a_style_derived_from_a_heading_style_is_a_heading() -> None:
    document = Document()
    style = document.styles.add_style("Chapter", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("The Storm", style)
    assert headings(loaded(saved(document))) == [(2, "The Storm")]


def test_a_zip_with_the_folders_of_a_document_alone_is_refused() -> None:
    data = docx([("Normal", "Words.")])
    with pytest.raises(UnreadableFile, match="not a valid Word document"):
        loaded(rezipped(data, {"_rels/.rels": "<Relationships/>"}))
