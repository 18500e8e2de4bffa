"""Find the tables of a PDF's page that have no ruling lines, by where their cells are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple, TypeAlias

from index.sources.pdf.pdf_lines import BULLETS, Line
from index.sources.pdf.pdf_page import Word

Row: TypeAlias = list[Word]
"""The words on one baseline, from left to right."""

_MIN_LINES = 3
_FULL = 0.7
_PROSE_WORDS = 3
_RUNS_ON = 0.3
_RUNS_ON_AT_TIMES = 0.15
_HALF_FULL = 0.55
_STOPS = 0.1
_BULLETED = 0.25
_IN_LINE = 0.9
_LETTERS_OF_A_WORD = 7
_STOP = re.compile(r"[.,;!?](?!\w)|[。，、；！？]")
_SHARED = 0.4
_MAX_LINES_OF_A_NOTE = 5
_FAR_APART = 5.0  # sizes of the letters
_FIGURES = 0.5
_MIN_ROWS_BELOW_TITLE = 2


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """A cell of a table."""

    lines: tuple[Line, ...]
    column: int
    columns: int = 1


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Rows of a table: for each cell its words by line, its first column, how many it covers."""

    rows: tuple[tuple[PrintedCell, ...], ...]

    def split_title(self) -> tuple[tuple[Line, ...], TableBlock]:
        """Return the lines of a first row that is one cell over all columns, and the other rows.

        Without such a row, or with too few others, there are no lines.
        """
        columns = max(cell.column + cell.columns for row in self.rows for cell in row)
        first = self.rows[0]
        is_title = len(first) == 1 and first[0].columns == columns > 1
        if not is_title or len(self.rows) <= _MIN_ROWS_BELOW_TITLE:
            return (), self
        return first[0].lines, TableBlock(self.rows[1:])


def cells_of(row: Row, bounds: Sequence[float]) -> list[Row]:
    """Return the words of a row by column."""
    cells: list[Row] = [[] for _ in range(len(bounds) + 1)]
    column = 0
    for word in row:
        while column < len(bounds) and word.left >= bounds[column]:
            column += 1
        cells[column].append(word)
    return cells


def table_of(rows: Sequence[Row], bounds: Sequence[float]) -> list[tuple[PrintedCell, ...]] | None:
    """Return the rows as those of a table, or None if they are columns of prose."""
    grid = [cells_of(row, bounds) for row in rows]
    columns = [[cells[at] for cells in grid] for at in range(len(bounds) + 1)]
    if not is_table(columns):
        return None
    return list(table_rows(grid))


class ColumnShape(NamedTuple):
    """What the lines of one column look like."""

    lines: int
    words: float
    """Median words of a line."""
    fill: float
    """Median share of the column's width that a line fills."""
    continued: float
    """Share of lines that begin with a small letter."""

    stops: float
    """Share of lines with a comma, a full stop or the like."""
    has_case: bool
    """Whether its script has small and capital letters."""

    @property
    def is_prose(self) -> bool:
        """Whether the lines look like those of running text."""
        if self.lines < _MIN_LINES:
            # The second of two full lines goes on in the middle of a sentence.
            is_full = self.words >= 2 * _PROSE_WORDS and self.fill > _IN_LINE
            return self.lines > 1 and is_full and self.continued >= _RUNS_ON
        if self.stops < _STOPS:
            return False
        runs_on = self.continued >= _RUNS_ON and self.fill >= _HALF_FULL and self.words > 1
        at_times = self.continued >= _RUNS_ON_AT_TIMES or not self.has_case
        return runs_on or (at_times and self.words >= _PROSE_WORDS and self.fill >= _FULL)


def shape_of(cells: Sequence[Row]) -> ColumnShape:
    """Return what the lines of a column look like."""
    shown = [cell for cell in cells if cell]
    if not shown:
        return ColumnShape(0, 0, 0, 0, 0, has_case=True)
    left = min(cell[0].left for cell in shown)
    width = max(max(word.right for word in cell) for cell in shown) - left or 1.0
    return ColumnShape(
        len(shown),
        median(_word_count(cell) for cell in shown),
        median((cell[-1].right - cell[0].left) / width for cell in shown),
        sum(cell[0].text[:1].islower() for cell in shown) / len(shown),
        sum(any(_STOP.search(word.text) for word in cell) for cell in shown) / len(shown),
        any(word.text.upper() != word.text.lower() for cell in shown[:9] for word in cell),
    )


def _word_count(cell: Row) -> float:
    """Return the words of a line, also of a script without spaces."""
    return max(len(cell), sum(len(word.text) for word in cell) / _LETTERS_OF_A_WORD)


def is_drawn_by_columns(columns: Sequence[Sequence[Row]]) -> bool:
    """Return whether each column is drawn whole before the next."""
    orders = [[word.order for row in column for word in row] for column in columns]
    return all(one and other and max(one) < min(other) for one, other in pairwise(orders))


def _is_list(column: Sequence[Row]) -> bool:
    """Return whether many lines of a column begin with a bullet."""
    shown = [cell for cell in column if cell]
    bullets = sum(len(cell) > 1 and cell[0].text in BULLETS for cell in shown)
    return bullets >= _BULLETED * len(shown)


def _are_two_notes(columns: Sequence[Sequence[Row]]) -> bool:
    """Return whether two columns are notes far apart, as at the head or the end of a letter.

    They have few lines, of which the last stands alone: an address of three beside a date.
    """
    if len(columns) != 2 or not _MIN_LINES <= len(columns[0]) <= _MAX_LINES_OF_A_NOTE:  # noqa: PLR2004
        return False
    left, right = ([cell for cell in column if cell] for column in columns)
    gap = min(cell[0].left for cell in right) - max(cell[-1].right for cell in left)
    is_ragged = not (columns[0][-1] and columns[1][-1])
    return is_ragged and gap > _FAR_APART * left[0][0].size


def _share_of_figures(column: Sequence[Row]) -> float:
    shown = [cell for cell in column if cell]
    return sum(any(map(str.isdigit, cell[0].text)) for cell in shown) / max(len(shown), 1)


def is_table(columns: Sequence[Sequence[Row]]) -> bool:
    """Return whether columns of lines that share their rows are those of a table."""
    shapes = [shape_of(column) for column in columns]
    rows = list(zip(*columns, strict=True))
    shared = sum(sum(map(bool, row)) > 1 for row in rows) / len(rows)
    prose = [shape for shape in shapes if shape.is_prose]
    others = [shape for shape in shapes if not shape.is_prose]
    if not others or all(_is_list(column) for column in columns) or _are_two_notes(columns):
        return False
    if is_drawn_by_columns(columns) and (
        len(rows) < _MIN_LINES or all(_share_of_figures(one) < _FIGURES for one in columns[1:])
    ):
        return False
    if not prose:
        return shared >= _SHARED
    if len(prose) > 1 or any(shape.continued >= _RUNS_ON for shape in others):
        return False
    # Beside prose that fills every line, the cells of a table stand at the first line of each.
    in_line = [
        sum(bool(row[at]) and sum(map(bool, row)) > 1 for row in rows) / max(shape.lines, 1)
        for at, shape in enumerate(shapes)
        if not shape.is_prose
    ]
    dense = max(shape.lines for shape in prose)
    return min(in_line) > _IN_LINE and max(shape.lines for shape in others) < 0.7 * dense


def table_rows(grid: Sequence[Sequence[Row]]) -> Iterator[tuple[PrintedCell, ...]]:
    """Yield the rows, each with the lines that go on in its cells."""
    widths = [
        max((cells[at][-1].right for cells in grid if cells[at]), default=0.0)
        for at in range(len(grid[0]))
    ]
    pending: list[list[Row]] = []
    for number, cells in enumerate(grid):
        if pending and _goes_on(pending, cells, widths, grid[number - 1]):
            for at, cell in enumerate(cells):
                if cell:
                    pending[at].append(cell)
            continue
        if pending:
            yield printed_cells(pending)
        pending = [[cell] if cell else [] for cell in cells]
    if pending:
        yield printed_cells(pending)


def _goes_on(
    pending: Sequence[Sequence[Row]],
    cells: Sequence[Row],
    widths: Sequence[float],
    before: Sequence[Row],
) -> bool:
    """Return whether a line goes on with cells of the row before: each was full."""
    shown = [at for at, cell in enumerate(cells) if cell]
    if cells[0] or len(shown) == len(cells) or not all(pending[at] for at in shown):
        return False
    return all(
        before[at]
        and before[at][-1].right
        + (cells[at][0].right - cells[at][0].left)
        + 0.2 * cells[at][0].size
        > widths[at]
        and len(before[at]) > 1
        for at in shown
    )


def printed_cells(cells: Sequence[Sequence[Row]]) -> tuple[PrintedCell, ...]:
    """Return the cells of a row that have text, given the lines of each."""
    return tuple(
        PrintedCell(tuple(Line.of(line) for line in lines), at)
        for at, lines in enumerate(cells)
        if lines
    )
