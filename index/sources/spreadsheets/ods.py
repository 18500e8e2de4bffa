"""Read ODS: the visible sheets, rows and columns, with the texts that their cells show."""

from __future__ import annotations

from collections.abc import Iterator

from index.limits import LoadLimits
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.office.open_xml import Element
from index.sources.office.opendocument_parts import (
    OFFICE,
    STYLE,
    TABLE,
    TEXT,
    Document,
    covered_columns,
)
from index.sources.spreadsheets.sheet import MAX_COLUMNS, SheetCell, add_sheet, check_cells

_MAX_REPEATED_ROWS = 1_000  # that are not blank
_HIDDEN = frozenset({"collapse", "filter"})
_SPACES = {f"{TEXT}tab": " ", f"{TEXT}line-break": " ", f"{TEXT}s": " "}


def read_ods(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the visible sheets of an OpenDocument spreadsheet, each below its name.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged or protected.
    """
    document = Document(data, limits)
    hidden = {
        style.get(f"{STYLE}name")
        for style in document.styles(f"{STYLE}style")
        for properties in style.iterchildren(f"{STYLE}table-properties")
        if properties.get(f"{TABLE}display") == "false"
    }
    builder = TextBuilder(limits)
    body = document.body()
    for table in () if body is None else body.iterfind(f"{OFFICE}spreadsheet/{TABLE}table"):
        if table.get(f"{TABLE}style-name") not in hidden:
            add_sheet(builder, _SheetReader(table).rows(), table.get(f"{TABLE}name", ""))
    return builder.build(document.title())


class _SheetReader:
    """Reads the rows of one sheet."""

    def __init__(self, table: Element) -> None:
        self._table = table
        self._hidden = _hidden_columns(table)
        self._cells = 0
        self._below: dict[int, tuple[int, SheetCell]] = {}  # rows that a merged cell still covers

    def rows(self) -> Iterator[dict[int, SheetCell]]:
        """Yield the visible rows; many blank ones in succession are one."""
        for row in self._table.iter(f"{TABLE}table-row"):
            if next(row.iterancestors(f"{TABLE}table")) is not self._table:
                continue  # of a table in a cell
            is_header = row.getparent().tag == f"{TABLE}table-header-rows"
            count = _count(row, "number-rows-repeated", _MAX_REPEATED_ROWS)
            is_hidden = row.get(f"{TABLE}visibility") in _HIDDEN
            for _ in range(count):
                cells = dict(self._row(row, is_header=is_header))
                if not is_hidden:
                    yield cells
                if not cells:
                    break

    def _row(self, row: Element, *, is_header: bool) -> Iterator[tuple[int, SheetCell]]:
        column = 0
        for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            count = _count(cell, "number-columns-repeated", MAX_COLUMNS)
            columns = range(column, min(column + count, MAX_COLUMNS))
            is_covered = cell.tag == f"{TABLE}covered-table-cell"
            shown = self._covered(columns) if is_covered else self._own(cell, columns, is_header)
            for at, found in shown:
                self._cells += 1
                check_cells(self._cells)
                if at not in self._hidden:
                    yield at, found
            column += count

    def _own(
        self,
        cell: Element,
        columns: range,
        is_header: bool,  # noqa: FBT001 - one call
    ) -> Iterator[tuple[int, SheetCell]]:
        """Yield a cell for each column in which it is repeated, unless it is blank."""
        text = _cell_text(cell)
        found = SheetCell(text, _count(cell, "number-columns-spanned", MAX_COLUMNS), is_header)
        rows = _count(cell, "number-rows-spanned", _MAX_REPEATED_ROWS)
        for at in columns if text else ():
            if rows > 1:
                self._below[at] = (rows - 1, found)
            yield at, found

    def _covered(self, columns: range) -> Iterator[tuple[int, SheetCell]]:
        """Yield the cells above that cover these columns, if they begin in one of them."""
        for at in covered_columns(self._below, columns):
            rows, cell = self._below.pop(at)
            if rows > 1:
                self._below[at] = (rows - 1, cell)
            yield at, cell


def _hidden_columns(table: Element) -> frozenset[int]:
    hidden: set[int] = set()
    column = 0
    for element in table.iter(f"{TABLE}table-column"):
        count = _count(element, "number-columns-repeated", MAX_COLUMNS)
        if element.get(f"{TABLE}visibility") in _HIDDEN:
            hidden.update(range(column, min(column + count, MAX_COLUMNS)))
        column += count
    return frozenset(hidden)


def _cell_text(cell: Element) -> str:
    paragraphs = ["".join(_pieces(p)) for p in cell.iterchildren(f"{TEXT}p", f"{TEXT}h")]
    if not paragraphs and cell.get(f"{OFFICE}value-type"):
        # Some programs write no text.
        values = ("date-value", "time-value", "boolean-value", "string-value", "value")
        paragraphs = [cell.get(f"{OFFICE}{name}", "") for name in values]
    return " ".join(" ".join(paragraphs).split())


def _pieces(paragraph: Element) -> Iterator[str]:
    from lxml import etree

    walk = etree.iterwalk(paragraph, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            yield element.tail or "" if element is not paragraph else ""
        elif element.tag == f"{OFFICE}annotation":
            walk.skip_subtree()
        elif isinstance(element.tag, str):
            yield _SPACES.get(element.tag, "") + (element.text or "")


def _count(element: Element, name: str, limit: int) -> int:
    """Return how often an element is repeated, or how many rows or columns it covers."""
    text = element.get(f"{TABLE}{name}", "1")
    return max(1, min(int(text[:9]), limit)) if text.isdecimal() else 1
