"""Add the sheets of a spreadsheet to a document: headings, tables with their headers, notes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from index.errors import TooLarge
from index.sources.document import TableCell, TextBuilder

MAX_COLUMNS = 16_384  # of Excel and LibreOffice
_MAX_CELLS = 3_000_000
_MAX_HEADER_ROWS = 3
_YEARS = range(1800, 2200)
_MIN_LIST_ROWS = 3


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell with text, as the sheet shows it."""

    text: str
    columns: int = 1
    """How many columns it covers, the hidden ones included."""
    is_header: bool = False
    """Whether the file itself says that it is a header."""


SheetRow: TypeAlias = Mapping[int, SheetCell]
"""The visible cells of a row that are not blank, by their columns, from 0."""


def add_sheet(builder: TextBuilder, rows: Iterable[SheetRow], name: str = "") -> None:
    """Add the visible rows of a sheet below its name, if it has one.

    Blank rows separate tables. Lines with a single cell above or below a table, such as its title
    or its source, are paragraphs.
    """
    blocks = _blocks(rows)
    first = next(blocks, None)
    if first is None:
        return
    builder.add_paragraph(name, level=1)
    for block in itertools.chain([first], blocks):
        _add_block(builder, block)


def check_cells(count: int) -> None:
    """Raise TooLarge if a spreadsheet has more cells than are read."""
    if count > _MAX_CELLS:
        msg = (
            f"It has more cells than the limit of {_MAX_CELLS:,}. Split it, or save what you need "
            "as .csv."
        )
        raise TooLarge(msg)


def looks_like_number(text: str) -> bool:
    """Return whether a text is a number, an amount, a date or a time, rather than words."""
    return any(map(str.isdigit, text)) and not any(map(str.isalpha, text))


def _blocks(rows: Iterable[SheetRow]) -> Iterator[list[SheetRow]]:
    for is_blank, block in itertools.groupby(rows, key=lambda row: not row):
        if not is_blank:
            yield list(block)


def _add_block(builder: TextBuilder, rows: list[SheetRow]) -> None:
    width = max(map(len, rows))
    before: list[SheetRow] = []
    table: list[SheetRow] = []
    after: list[SheetRow] = []
    if width == 1 and len(rows) < _MIN_LIST_ROWS:
        before = rows
    elif width == 1:
        table = rows
    else:
        wide = [number for number, row in enumerate(rows) if len(row) > 1]
        first, end = wide[0], wide[-1] + 1
        left = min(min(row) for row in rows[first:end])
        # A row below a table may be its total, or a group without values.
        while end < len(rows) and min(rows[end]) > left:
            end += 1
        before, table, after = rows[:first], rows[first:end], rows[end:]
    for row in before:
        _add_line(builder, row)
    if table:
        _add_table(builder, table)
    for row in after:
        _add_line(builder, row)


def _add_line(builder: TextBuilder, row: SheetRow) -> None:
    builder.add_paragraph(" ".join(word for cell in row.values() for word in cell.text.split()))


def _add_table(builder: TextBuilder, rows: list[SheetRow]) -> None:
    columns = sorted(set().union(*rows))
    places = {column: place for place, column in enumerate(columns)}
    headers = _header_rows(rows)
    builder.add_table(
        _table_row(row, columns, places, is_header=number < headers)
        for number, row in enumerate(rows)
    )


def _table_row(
    row: SheetRow, columns: Sequence[int], places: Mapping[int, int], *, is_header: bool
) -> list[TableCell]:
    """Return the cells of a row without the columns that are blank in the whole table."""
    cells: list[TableCell] = []
    at = 0
    for column in sorted(row):
        place = places[column]
        if place < at:
            continue  # covered by the cell before it
        if place > at and not cells:
            cells.append(TableCell(columns=place))
        else:
            cells += [TableCell()] * (place - at)
        cell = row[column]
        last = column + cell.columns
        width = 1
        while place + width < len(columns) and columns[place + width] < last:
            width += 1
        cells.append(TableCell(cell.text, width, is_header or cell.is_header))
        at = place + width
    return cells


def _header_rows(rows: list[SheetRow]) -> int:
    """Return how many rows at the top name the columns.

    They have words where those below have numbers; or, if all are words, names that do not recur
    below.
    """
    if len(rows) < 2 or any(cell.is_header for cell in rows[0].values()):  # noqa: PLR2004
        return 0
    if _are_years(rows[0]) and any(map(_has_number, rows[1:])):
        return 1
    if _has_number(rows[0]):
        return 0
    if max(map(len, rows)) == 1:
        return int(all(map(_has_number, rows[1:])))
    words = list(itertools.takewhile(lambda row: not _has_number(row), rows))
    if len(words) == len(rows):
        return int(_names_columns(rows))
    is_grouped = len(rows[0]) < len(rows[1]) or any(cell.columns > 1 for cell in rows[0].values())
    return len(words) if is_grouped and len(words) <= _MAX_HEADER_ROWS else 1


def _has_number(row: SheetRow) -> bool:
    return any(looks_like_number(cell.text) for cell in row.values())


def _are_years(row: SheetRow) -> bool:
    """Return whether the numbers of a row are years in a sequence, below no other years."""
    numbers = [cell.text for cell in row.values() if looks_like_number(cell.text)]
    if not all(text.isdecimal() and int(text[:9]) in _YEARS for text in numbers):
        return False
    years = [int(text) for text in numbers]
    return len(years) > 1 and years in (sorted(set(years)), sorted(set(years), reverse=True))


def _names_columns(rows: list[SheetRow]) -> bool:
    names = {column: cell.text.strip().casefold() for column, cell in rows[0].items()}
    used = set().union(*rows)
    first = min(used)
    if len(set(names.values())) < len(names) or not used - {first} <= names.keys():
        return False
    return not any(
        column in names and cell.text.strip().casefold() == names[column]
        for row in rows[1:]
        for column, cell in row.items()
    )


def merged(
    rows: Mapping[int, dict[int, SheetCell]], areas: Iterable[tuple[int, int, int, int]], room: int
) -> None:
    """Repeat the cells that are merged over several rows, and widen those over several columns.

    Args:
        rows: The cells by row and column; changed.
        areas: The first and last row, and the first and last column, of each merged area.
        room: How many cells may be added in all; areas beyond that are not merged.
    """
    numbers = sorted(rows)
    positions = {number: position for position, number in enumerate(numbers)}
    for top, bottom, left, right in areas:
        cell = rows.get(top, {}).get(left)
        if cell is None:
            continue
        cell = replace(cell, columns=right - left + 1)
        for number in numbers[positions[top] :]:
            if number > bottom or room <= 0:
                break
            rows[number][left] = cell
            room -= 1
