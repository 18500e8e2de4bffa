"""CSV, XLSX and ODS: rows and cells as their readers see them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from index.errors import TooLarge, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.document import ParsedDocument
from index.sources.loaders import load_bytes
from index.sources.spreadsheets.delimited_text import find_separator, read_csv
from index.sources.spreadsheets.number_formats import format_number
from index.sources.spreadsheets.ods import read_ods
from index.sources.spreadsheets.xlsx import read_xlsx
from tests.documents import assert_exact, headings, rezipped, zipped

pytestmark = pytest.mark.usefixtures("read_here")

_URN = "urn:oasis:names:tc:opendocument:xmlns"
SPACES = " ".join(
    f'xmlns:{name}="{_URN}:{name}:1.0"' for name in ("office", "text", "table", "style")
)


def csv(text: str) -> ParsedDocument:
    found = read_csv(text.encode(), DEFAULT_LIMITS)
    assert_exact(found)
    return found


def workbook(fill: Callable[[Any], None]) -> bytes:
    """Return what xlsxwriter writes."""
    from xlsxwriter import Workbook

    buffer = BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    fill(book)
    book.close()
    return buffer.getvalue()


def sheet(fill: Callable[[Any, Any], None]) -> ParsedDocument:
    """Return what is read of a workbook with one sheet."""
    found = read_xlsx(workbook(lambda book: fill(book, book.add_worksheet("Data"))), DEFAULT_LIMITS)
    assert_exact(found)
    return found


def opendocument(tables: str, styles: str = "") -> ParsedDocument:
    content = (
        f"<office:document-content {SPACES}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet>"
        "</office:body></office:document-content>"
    )
    found = read_ods(zipped({"content.xml": content}), DEFAULT_LIMITS)
    assert_exact(found)
    return found


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def header(found: ParsedDocument) -> list[str]:
    return [
        found.text[cell.start : cell.end]
        for table in found.tables
        for cell in table.cells
        if cell.is_header
    ]


# Text


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("Ort;Höhe\nUlm;1,5\nBonn;2,5\n", ";"),
        ("1,5;2,5\n3,5;4,5\n", ";"),
        ("a\tb, c\n1\t2, 3\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ('name,note\nx,"a; b"\ny,"c; d; e"\n', ","),
        ("Rates; see below,,\na,b,c\n1,2,3\n4,5,6\n", ","),
        ("One line of prose.\nAnother, longer one.\nAnd a third.\n", ""),
        ("", ""),
    ],
)
def test_the_separator_is_the_one_that_splits_lines_most_regularly(
    text: str, separator: str
) -> None:
    assert find_separator(text) == separator


def test_a_csv_file_is_a_table_with_its_header() -> None:
    found = csv('town, "height, m"\r\nUlm,478\r\n"Bad\nEms",\r\nBonn,60\r\n,80\r\n')
    assert found.text == "town | height, m\nUlm | 478\nBad Ems\nBonn | 60\n80"
    assert [(c.row, c.column, c.is_header) for c in found.tables[0].cells] == [
        (0, 0, True), (0, 1, True), (1, 0, False), (1, 1, False), (2, 0, False), (3, 0, False),
        (3, 1, False), (4, 1, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b\n1,2\n", ["a", "b"]),
        ("town,2019,2020\nUlm,5,6\n", ["town", "2019", "2020"]),
        ("1,2\n3,4\n", []),
        ("Ulm,5\nBonn,6\n", []),
        ("name,colour\nquay,grey\nboat,red\n", ["name", "colour"]),
        ("grey,red\nred,grey\ngrey,blue\n", []),
        ("ada,ada\nben,cat\n", []),
    ],
)
def test_the_first_row_is_a_header_if_it_looks_like_one(text: str, names: list[str]) -> None:
    assert header(csv(text)) == names


def test_lines_around_a_table_are_paragraphs() -> None:
    found = csv("Heights of towns\n\ntown,height\nUlm,478\nBonn,60\nSource: survey\n")
    assert found.text == "Heights of towns\n\ntown | height\nUlm | 478\nBonn | 60\n\nSource: survey"
    assert len(found.tables) == 1


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_rows() -> None:
    rows = "".join(f"{n},{n}\n" for n in range(50))
    assert csv(f'size,count\n"5 inch,3\n{rows}').text.count("\n") == 51


def test_a_declared_separator_is_used_and_long_cells_are_read() -> None:
    assert csv("sep=|\na,b|c\n").text == "a,b | c"
    assert len(csv(f"a,b\n{'x' * 200_000},1\n").text) > 200_000


def test_tables_in_text_are_known_by_suffix_or_type() -> None:
    data = "ville;hôtels\nNîmes;5\n".encode("cp1252")
    assert load_bytes(data, "a.csv").text == "ville | hôtels\nNîmes | 5"
    tabbed = load_bytes(b"a\tb\n1\t2", "data", content_type="text/tab-separated-values")
    assert tabbed.tables[0].cells[0].is_header
    assert load_bytes(b"a,b\n1,2", "a.txt").tables == ()


# Workbooks


def test_each_visible_sheet_is_a_heading_and_a_table() -> None:
    def fill(book: Any) -> None:  # noqa: ANN401
        book.set_properties({"title": "Towns"})
        for name in ("Heights", "Secret", "People"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, ["town", name])
            page.write_row(1, 0, ["Ulm", 478])
        book.get_worksheet_by_name("Secret").hide()
        book.add_worksheet("Empty")

    found = read_xlsx(workbook(fill), DEFAULT_LIMITS)
    assert (
        found.text == "Heights\n\ntown | Heights\nUlm | 478\n\nPeople\n\ntown | People\nUlm | 478"
    )
    assert headings(found) == [(1, "Heights"), (1, "People")]
    assert (found.title, header(found)) == ("Towns", ["town", "Heights", "town", "People"])


def test_values_are_written_as_their_cells_show_them() -> None:
    def fill(book: Any, page: Any) -> None:  # noqa: ANN401
        page.write_number(0, 0, 45356, book.add_format({"num_format": "dd/mm/yyyy"}))
        page.write_number(0, 1, 0.125, book.add_format({"num_format": 10}))
        page.write(0, 2, True)  # noqa: FBT003
        page.write_formula(0, 3, "=1/3", value=0.3333333333333333)
        page.write_formula(0, 4, '="a"', value="a")
        page.write_formula(0, 5, "=1/0", value="#DIV/0!")
        page.write_rich_string(0, 6, "H", book.add_format({"bold": True}), "2", "O")
        page.write_string(0, 7, " two\nlines ")

    expected = "2024-03-05 | 12.50% | TRUE | 0.33333333333 | a | #DIV/0! | H2O | two lines"
    assert sheet(fill).text == f"Data\n\n{expected}"


def test_hidden_rows_and_columns_are_left_out_and_gaps_separate_tables() -> None:
    def fill(_: Any, page: Any) -> None:  # noqa: ANN401
        for row in (0, 1, 2, 5, 6):
            page.write_row(row, 1, [f"a{row}", f"b{row}", f"c{row}"])
        page.set_row(1, None, None, {"hidden": True})
        page.set_column(2, 2, None, None, {"hidden": True})

    found = sheet(fill)
    assert found.text == "Data\n\na0 | c0\na2 | c2\n\na5 | c5\na6 | c6"
    assert len(found.tables) == 2


def test_merged_cells_are_repeated_down_and_wide_across() -> None:
    def fill(_: Any, page: Any) -> None:  # noqa: ANN401
        page.merge_range("A1:A2", "town")
        page.merge_range("B1:C1", "height")
        page.write_row("B2", ["low", "high"])
        page.write_row("A3", ["Ulm", 470, 650])

    found = sheet(fill)
    assert found.text == "Data\n\ntown | height\ntown | low | high\nUlm | 470 | 650"
    wide = next(c for c in found.tables[0].cells if c.columns == 2)
    assert (found.text[wide.start : wide.end], wide.column) == ("height", 1)
    assert header(found) == ["town", "height", "town", "low", "high"]


def test_columns_that_are_blank_throughout_are_left_out() -> None:
    def fill(_: Any, page: Any) -> None:  # noqa: ANN401
        for row, values in enumerate([("a", "b"), (1, 2)]):
            page.write(row, 3, values[0])
            page.write(row, 900, values[1])

    assert sheet(fill).text == "Data\n\na | b\n1 | 2"


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        ("45356", "yyyy-mm-dd", "2024-03-05"),
        ("45356.75", "m/d/yy h:mm", "2024-03-05 18:00"),
        ("45356", "d. mmmm yyyy", "5. March 2024"),
        ("45356", "mmm-yy", "Mar-24"),
        ("45356.396", "[$-409]dddd, mmmm dd h:mm AM/PM;@", "Tuesday, March 05 9:30 AM"),
        ("1.5", "[h]:mm:ss", "36:00:00"),
        ("61", "d mmm yyyy", "1 Mar 1900"),
        ("-1234.5", "#,##0.00;[Red](#,##0.00)", "(1,234.50)"),
        ("-1234.5", "#,##0.00\\ [$€-407]", "-1,234.50 €"),
        ("0", '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-', "-"),
        ("0.1234", "0.0%", "12.3%"),
        ("1.005", "0.00", "1.01"),
        ("0.30000000000000004", "General", "0.3"),
        ("3.25", "# ?/?", "3 1/4"),
        ("1234567", '#,##0.0,,"M"', "1.2M"),
        ("0.00012", "0.00E+00", "1.20E-04"),
        ("5551234", "000-0000", "555-1234"),
        ("7", "000", "007"),
        ("5", '0 "kg"', "5 kg"),
        ("1", ";;;", ""),
        ("-0.001", "0.00", "0.00"),
        ("1e400", "0", "1e400"),
        ("words", "0", "words"),
    ],
)
def test_numbers_are_written_by_their_format(value: str, code: str, shown: str) -> None:
    assert format_number(value, code) == shown


def test_days_may_be_counted_from_1904() -> None:
    assert format_number("0", "yyyy-mm-dd", from_1904=True) == "1904-01-01"


def test_a_workbook_that_lacks_its_last_results_or_strings_is_read() -> None:
    data = workbook(lambda book: book.add_worksheet("Data").write_row(0, 0, ["town", 5]))
    cells = (
        '<worksheet xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"><sheetData><row><c><f>A1'
        '</f></c><c t="s"><v>99</v></c><c t="inlineStr"><is><t>in</t><rPh><t>x</t></rPh></is></c>'
        '<c t="d"><v>2024-03-05T00:00:00</v></c><c s="77"><v>5</v></c></row></sheetData>'
        "</worksheet>"
    )
    found = read_xlsx(rezipped(data, {"xl/worksheets/sheet1.xml": cells}), DEFAULT_LIMITS)
    assert found.text == "Data\n\nin | 2024-03-05 | 5"


def test_text_boxes_come_after_the_cells() -> None:
    def fill(_: Any, page: Any) -> None:  # noqa: ANN401
        page.insert_textbox("C3", "Draft of\nMarch")
        page.write(0, 0, "x")

    assert sheet(fill).text == "Data\n\nx\n\nDraft of\n\nMarch"


def test_binary_workbooks_are_refused_with_advice() -> None:
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="a" Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>'
    )
    with pytest.raises(UnreadableFile, match=r"xlsb.*Save it as \.xlsx"):
        read_xlsx(zipped({"_rels/.rels": rels, "xl/workbook.bin": b"x"}), DEFAULT_LIMITS)


def test_the_cells_of_a_workbook_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    data = workbook(lambda book: book.add_worksheet().write_row(0, 0, range(20)))
    monkeypatch.setattr("index.sources.spreadsheets.sheet._MAX_CELLS", 10)
    with pytest.raises(TooLarge, match=r"limit of 10\."):
        read_xlsx(data, DEFAULT_LIMITS)
    with pytest.raises(TooLarge, match="max_article_chars"):
        read_csv(b"a,b\n" * 100, LoadLimits(max_chars=100))


def test_huge_areas_and_repetitions_take_no_time() -> None:
    data = workbook(lambda book: book.add_worksheet("Data").write(0, 0, "x"))
    cells = (
        '<worksheet xmlns="x"><sheetData><row r="1"><c r="A1" t="str"><v>all</v></c></row>'
        '<row r="1048576"><c r="A1048576" t="str"><v>end</v></c></row></sheetData><mergeCells>'
        '<mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>'
    )
    found = read_xlsx(rezipped(data, {"xl/worksheets/sheet1.xml": cells}), DEFAULT_LIMITS)
    assert found.text == "Data\n\nall\n\nall"
    rows = '<table:table-row table:number-rows-repeated="1048576">'
    blank = '<table:table-cell table:number-columns-repeated="16384"/>'
    last = f"<table:table-row>{blank}{cell('end')}</table:table-row>"
    table = f"<table:table>{rows}{blank}</table:table-row>{last}{last.replace('16384', '9')}"
    assert opendocument(f"{table}</table:table>").text == "end"


# OpenDocument


def test_an_opendocument_sheet_is_a_table_of_what_its_cells_show() -> None:
    found = opendocument(
        '<table:table table:name="Heights"><table:table-column/><table:table-column '
        'table:visibility="collapse"/><table:table-header-rows><table:table-row>'
        f"{cell('town')}{cell('no')}{cell('height')}</table:table-row></table:table-header-rows>"
        f'<table:table-row table:number-rows-repeated="2">{cell("Ulm")}{cell("no")}'
        '<table:table-cell office:value-type="float" office:value="478"><office:annotation><text:p>'
        "no</text:p></office:annotation><text:p>4<text:s/>78<text:span> m</text:span></text:p>"
        '</table:table-cell></table:table-row><table:table-row table:visibility="filter">'
        f"{cell('no')}</table:table-row></table:table>"
        f'<table:table table:name="Gone" table:style-name="h"><table:table-row>{cell("no")}'
        "</table:table-row></table:table>",
        '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>',
    )
    assert found.text == "Heights\n\ntown | height\nUlm | 4 78 m\nUlm | 4 78 m"
    assert header(found) == ["town", "height"]


def test_merged_cells_of_an_opendocument_sheet_are_repeated_down_and_wide_across() -> None:
    covered = "<table:covered-table-cell/>"
    spanned = 'table:number-columns-spanned="2"'
    tall = 'table:number-rows-spanned="2"'
    found = opendocument(
        f"<table:table><table:table-row>{cell('town', tall)}"
        f"{cell('height', spanned)}{covered}</table:table-row><table:table-row>{covered}"
        f"{cell('low')}{cell('high')}</table:table-row></table:table>"
    )
    assert found.text == "town | height\ntown | low | high"
    assert [c.columns for c in found.tables[0].cells] == [1, 2, 1, 1, 1]


def test_the_cells_of_an_opendocument_sheet_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.sources.spreadsheets.sheet._MAX_CELLS", 10)
    many = cell("x", 'table:number-columns-repeated="16384"')
    row = f"<table:table-row>{many}</table:table-row>"
    hidden = (
        '<table:table-column table:number-columns-repeated="16384" table:visibility="collapse"/>'
    )
    for columns in ("", hidden):
        with pytest.raises(TooLarge, match=r"limit of 10\."):
            opendocument(f"<table:table>{columns}{row}</table:table>")


def test_an_opendocument_sheet_is_recognised_by_its_bytes() -> None:
    content = (
        f"<office:document-content {SPACES}><office:body><office:spreadsheet><table:table>"
        f"<table:table-row>{cell('Ulm')}</table:table-row></table:table></office:spreadsheet>"
        "</office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    assert load_bytes(zipped({"mimetype": kind, "content.xml": content}), "a").text == "Ulm"
