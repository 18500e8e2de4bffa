"""Read ODS: the visible sheets, rows and columns, with the texts that their cells show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from index.errors import TooLarge
from index.limits import LoadLimits
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.office.opendocument_parts import OFFICE, STYLE, TABLE, TEXT, open_unprotected
from index.sources.spreadsheets.sheet import SheetCell, add_sheet

_Element = Any  # of lxml, which has no types
_MAX_COLUMNS = 16_384
_MAX_CELLS = 3_000_000
_MAX_REPEATED_ROWS = 1_000  # that are not blank
_HIDDEN = frozenset({"collapse", "filter"})
_SPACES = {f"{TEXT}tab": " ", f"{TEXT}line-break": " ", f"{TEXT}s": " "}


def read_ods(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the visible sheets of an OpenDocument spreadsheet, each below its name.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged or protected.
    """
    archive = open_unprotected(data, limits)
    root = archive.xml("content.xml")
    hidden = {
        style.get(f"{STYLE}name")
        for style in root.iter(f"{STYLE}style")
        for properties in style.iterchildren(f"{STYLE}table-properties")
        if properties.get(f"{TABLE}display") == "false"
    }
    builder = TextBuilder(limits)
    for table in root.iterfind(f"{OFFICE}body/{OFFICE}spreadsheet/{TABLE}table"):
        if table.get(f"{TABLE}style-name") not in hidden:
            add_sheet(builder, _SheetReader(table).rows(), table.get(f"{TABLE}name", ""))
    meta = archive.find("meta.xml")
    title = archive.xml(meta).findtext(".//{http://purl.org/dc/elements/1.1/}title") if meta else ""
    return builder.build(title or "")


class _SheetReader:
    """Reads the rows of one sheet."""

    def __init__(self, table: _Element) -> None:
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

    def _row(self, row: _Element, *, is_header: bool) -> Iterator[tuple[int, SheetCell]]:
        column = 0
        for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            count = _count(cell, "number-columns-repeated", _MAX_COLUMNS)
            is_covered = cell.tag == f"{TABLE}covered-table-cell"
            text = "" if is_covered else _cell_text(cell)
            found = SheetCell(text, _count(cell, "number-columns-spanned", _MAX_COLUMNS), is_header)
            rows = _count(cell, "number-rows-spanned", _MAX_REPEATED_ROWS)
            for at in (
                range(column, min(column + count, _MAX_COLUMNS)) if text or is_covered else ()
            ):
                shown = self._continued(at) if is_covered else found
                if rows > 1:
                    self._below[at] = (rows - 1, found)
                if shown is not None and at not in self._hidden:
                    self._check_cells()
                    yield at, shown
            column += count

    def _continued(self, column: int) -> SheetCell | None:
        """Return the cell above that covers this one, if its first column is this one."""
        rows, cell = self._below.get(column, (0, None))
        if rows > 1 and cell is not None:
            self._below[column] = (rows - 1, cell)
        else:
            self._below.pop(column, None)
        return cell

    def _check_cells(self) -> None:
        self._cells += 1
        if self._cells > _MAX_CELLS:
            msg = (
                f"A sheet has more cells than the limit of {_MAX_CELLS:,}. Split it, or save what "
                "you need as .csv."
            )
            raise TooLarge(msg)


def _hidden_columns(table: _Element) -> frozenset[int]:
    hidden: set[int] = set()
    column = 0
    for element in table.iter(f"{TABLE}table-column"):
        count = _count(element, "number-columns-repeated", _MAX_COLUMNS)
        if element.get(f"{TABLE}visibility") in _HIDDEN:
            hidden.update(range(column, min(column + count, _MAX_COLUMNS)))
        column += count
    return frozenset(hidden)


def _cell_text(cell: _Element) -> str:
    paragraphs = ["".join(_pieces(p)) for p in cell.iterchildren(f"{TEXT}p", f"{TEXT}h")]
    if not paragraphs and cell.get(f"{OFFICE}value-type"):
        # Some programs write no text.
        values = ("date-value", "time-value", "boolean-value", "string-value", "value")
        paragraphs = [cell.get(f"{OFFICE}{name}", "") for name in values]
    return " ".join(" ".join(paragraphs).split())


def _pieces(paragraph: _Element) -> Iterator[str]:
    from lxml import etree

    walk = etree.iterwalk(paragraph, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            yield element.tail or "" if element is not paragraph else ""
        elif element.tag == f"{OFFICE}annotation":
            walk.skip_subtree()
        elif isinstance(element.tag, str):
            yield _SPACES.get(element.tag, "") + (element.text or "")


def _count(element: _Element, name: str, limit: int) -> int:
    """Return how often an element is repeated, or how many rows or columns it covers."""
    text = element.get(f"{TABLE}{name}", "1")
    return max(1, min(int(text[:9]), limit)) if text.isdecimal() else 1
