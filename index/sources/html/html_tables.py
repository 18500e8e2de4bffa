"""Read the tables of an HTML page as rows of cells, and tell them from tables made for layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from index.sources.document import TableCell, collapsed, plain
from index.sources.html.html_inline import flat_runs
from index.sources.html.html_tags import is_shown, tag_of

_SECTIONS = ("thead", "tbody", "tfoot")
_STRUCTURE = ("table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "article", "section", "form")
"""What a cell of a table of data does not hold."""
_MAX_CELL_CHARS = 1_000
_MAX_COLUMNS = 1_000  # HTML's own limit for colspan
_COPIED_CHARS = 10_000
"""Cells merged over rows may add this much text, and four times that of the table."""


def is_data_table(table: Any) -> bool:  # noqa: ANN401 - lxml has no types
    """Return whether a table has rows and columns of data, not a layout of the page's parts."""
    if table.get("role") in ("presentation", "none"):
        return False
    cells = [list(_cells(row)) for row, _ in _rows(table)]
    if any(cell.tag == "th" for row in cells for cell in row) or table.find("caption") is not None:
        return not any(_holds(cell, "table", "form") for row in cells for cell in row)
    if max(map(len, cells), default=0) < 2:  # noqa: PLR2004 - columns
        return False
    return not any(
        _holds(cell, *_STRUCTURE) or _longer_than(cell, _MAX_CELL_CHARS)
        for row in cells
        for cell in row
    )


def table_rows(table: Any, base: str = "") -> list[list[TableCell]]:  # noqa: ANN401
    """Return the rows of a table; a cell that is merged over several is repeated in each."""
    rows = list(_rows(table))
    merged = _MergedCells()
    result: list[list[TableCell]] = []
    for number, (row, in_head) in enumerate(rows):
        cells: list[TableCell] = []
        column = 0
        for element in _cells(row):
            column = merged.fill(cells, column)
            cell = TableCell(
                collapsed(flat_runs(element, base)),
                _span(element, "colspan", _MAX_COLUMNS),
                in_head or element.tag == "th",
            )
            cells.append(cell)
            merged.add(cell, column, _span(element, "rowspan", len(rows) - number))
            column += cell.columns
        merged.fill(cells, column, to_end=True)
        merged.end_row()
        result.append(cells)
    return result


def covered_cells(page: Any) -> int:  # noqa: ANN401
    """Return how many cells the tables of a page would have if each covered one row and column."""
    rows: Counter[Any] = Counter()
    widest: dict[Any, int] = {}
    merged = 0
    for row in page.iter("tr"):
        table = next(row.iterancestors("table"), page)
        widths = [_span(cell, "colspan", _MAX_COLUMNS) for cell in _cells(row)]
        heights = [_span(cell, "rowspan", _MAX_COLUMNS) for cell in _cells(row)]
        rows[table] += 1
        widest[table] = max(sum(widths), widest.get(table, 0))
        merged += sum(
            width * (height - 1)
            for width, height in zip(widths, heights, strict=True)
            if height > 1
        )
    return merged + sum(count * widest[table] for table, count in rows.items())


@dataclass(slots=True)
class _Merged:
    cell: TableCell
    column: int
    rows: int
    """How many rows it is still to be repeated in."""


class _MergedCells:
    """The cells that reach from earlier rows into the current one."""

    def __init__(self) -> None:
        self._open: list[_Merged] = []  # by column
        self._new: list[_Merged] = []
        self._next = 0
        self._chars = _COPIED_CHARS  # that may still be copied

    def add(self, cell: TableCell, column: int, rows: int) -> None:
        self._chars += 4 * len(plain(cell.content))
        if rows > 1:
            self._new.append(_Merged(cell, column, rows - 1))

    def fill(self, cells: list[TableCell], column: int, *, to_end: bool = False) -> int:
        """Add the merged cells at this column; return the column after them."""
        while self._next < len(self._open):
            merged = self._open[self._next]
            if merged.column > column and not to_end:
                break
            if merged.column > column:
                cells.append(TableCell(columns=merged.column - column))
            cells.append(merged.cell)
            self._chars -= len(plain(merged.cell.content)) + 10
            column = merged.column + merged.cell.columns
            self._next += 1
        return column

    def end_row(self) -> None:
        for merged in self._open:
            merged.rows -= 1
        open_cells = [merged for merged in self._open if merged.rows > 0] + self._new
        self._open = sorted(open_cells, key=lambda merged: merged.column) if open_cells else []
        if self._chars < 0:
            self._open = []
        self._new, self._next = [], 0


def _rows(table: Any) -> Iterator[tuple[Any, bool]]:  # noqa: ANN401
    """Yield the rows of a table that show, and whether each is in its head."""
    for part in table:
        tag = tag_of(part)
        if tag == "tr" and is_shown(part, tag):
            yield part, False
        elif tag in _SECTIONS and is_shown(part, tag):
            for row in part:
                if row.tag == "tr" and is_shown(row, "tr"):
                    yield row, tag == "thead"


def _cells(row: Any) -> Iterator[Any]:  # noqa: ANN401
    return (cell for cell in row if cell.tag in ("td", "th") and is_shown(cell, cell.tag))


def _span(cell: Any, name: str, most: int) -> int:  # noqa: ANN401
    """Return over how many columns or rows a cell is merged; 0 rows means all below."""
    value = (cell.get(name) or "").strip()
    if not (value.isascii() and value.isdigit()) or len(value) > 5:  # noqa: PLR2004 - digits
        return 1
    return min(max(int(value), 1), most) if int(value) or name == "colspan" else most


def _holds(element: Any, *tags: str) -> bool:  # noqa: ANN401
    return any(found is not element for found in element.iter(*tags))


def _longer_than(element: Any, limit: int) -> bool:  # noqa: ANN401
    length = 0
    for text in element.itertext():
        length += len(text)
        if length > limit:
            return True
    return False
