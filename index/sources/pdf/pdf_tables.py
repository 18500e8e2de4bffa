"""Find the tables of a PDF's page: by their ruling lines, or by how their cells stand."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple, TypeAlias

from index.sources.pdf.pdf_lines import BULLETS, Line
from index.sources.pdf.pdf_page import Rule, Word

Row: TypeAlias = list[Word]
"""The words on one baseline, from left to right."""
Walls: TypeAlias = list[list[bool]]
"""Of the cells of a grid, by row and column."""

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
# Of ruled tables.
_NEAR = 3.0  # points within which rules meet
_MIN_CELLS = 4
_MIN_ROWS_BELOW_TITLE = 2
_MAX_WORDS_OF_A_CELL = 40
_MAX_MEETING_RULES = 3_000
_SAME_LINE = 0.85  # sizes of the letters between two words of a line
_MOST_CUT = 0.25  # lines of a table that go on outside its rules
_MARK = "\0"


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
    return list(_table_rows(grid))


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


def _table_rows(grid: Sequence[Sequence[Row]]) -> Iterator[tuple[PrintedCell, ...]]:
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
            yield _printed(pending)
        pending = [[cell] if cell else [] for cell in cells]
    if pending:
        yield _printed(pending)


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


def _printed(cells: Sequence[Sequence[Row]]) -> tuple[PrintedCell, ...]:
    return tuple(
        PrintedCell(tuple(Line.of(line) for line in lines), at)
        for at, lines in enumerate(cells)
        if lines
    )


def ruled_tables(
    rows: Sequence[Row], rules: Sequence[Rule]
) -> tuple[list[Row], dict[str, TableBlock]]:
    """Return the rows with a single word in place of each ruled table, and the tables by it."""
    tables: dict[str, TableBlock] = {}
    rest = [list(row) for row in rows]
    for grid in sorted(_grids(rules), key=lambda grid: -grid.area):
        held = [grid.held(row) for row in rest]
        inside = [words for words, _ in held]
        cut = sum(lines for _, lines in held)
        if cut > _MOST_CUT * sum(map(bool, inside)):
            continue
        table = _ruled_table(grid, [row for row in inside if row])
        if table is None:
            continue
        mark = f"{_MARK}{len(tables)}"
        tables[mark] = table
        taken = {word.order for row in inside for word in row}
        rest = [[word for word in row if word.order not in taken] for row in rest]
        size = inside[next(at for at, row in enumerate(inside) if row)][0].size
        left, right, baseline = grid.xs[0], grid.xs[-1], grid.ys[0] + size
        rest.append([Word(mark, left, right, baseline, size, 0, -1, is_joined=False)])
    if not tables:
        return [list(row) for row in rows], {}
    return sorted((row for row in rest if row), key=lambda row: row[0].baseline), tables


def is_table_mark(word: Word) -> bool:
    """Return whether a word is in place of a ruled table."""
    return word.text.startswith(_MARK)


@dataclass(frozen=True)
class _Grid:
    """Level and upright rules that meet."""

    xs: list[float]
    ys: list[float]
    level: list[Rule]
    upright: list[Rule]

    @property
    def area(self) -> float:
        return (self.xs[-1] - self.xs[0]) * (self.ys[-1] - self.ys[0])

    def held(self, row: Row) -> tuple[Row, int]:
        """Return the words of a row inside, and the number of lines left out.

        Those are lines that go on outside where no rule is: the table does not begin there.
        """
        inside = [self.holds(word) for word in row]
        edges = [at for at in range(1, len(row)) if inside[at - 1] != inside[at]]
        cut = [at for at in edges if self._goes_on(row[at - 1], row[at])]
        for edge in cut:
            first = last = edge
            while first > 0 and self._goes_on(row[first - 1], row[first]):
                first -= 1
            while last < len(row) - 1 and self._goes_on(row[last], row[last + 1]):
                last += 1
            inside[first : last + 1] = [False] * (last + 1 - first)
        return [word for word, is_inside in zip(row, inside, strict=True) if is_inside], len(cut)

    def _goes_on(self, word: Word, following: Word) -> bool:
        """Return whether a line goes on with a word, without a rule between them."""
        if following.left - word.right >= _SAME_LINE * word.size:
            return False
        y = word.baseline - 0.3 * word.size
        return not any(
            word.right - _NEAR <= rule.left <= following.left + _NEAR
            and rule.top - _NEAR <= y <= rule.bottom + _NEAR
            for rule in self.upright
        )

    def holds(self, word: Word) -> bool:
        if is_table_mark(word):
            return False
        x, y = (word.left + word.right) / 2, word.baseline - 0.3 * word.size
        return self.xs[0] < x < self.xs[-1] and self.ys[0] < y < self.ys[-1]

    def cell(self, word: Word) -> tuple[int, int]:
        x, y = (word.left + word.right) / 2, word.baseline - 0.3 * word.size
        return bisect_right(self.ys, y) - 1, bisect_right(self.xs, x) - 1

    def walls(self) -> tuple[Walls, Walls]:
        """Return whether there is a rule right of each cell, and below it."""
        x = [(one + other) / 2 for one, other in pairwise(self.xs)]
        y = [(one + other) / 2 for one, other in pairwise(self.ys)]
        right = [[False] * len(x) for _ in y]
        below = [[False] * len(x) for _ in y]
        for rule in self.upright:
            at = _nearest(self.xs, rule.left)
            if at > 0:
                for row in range(*_between(y, rule.top, rule.bottom)):
                    right[row][at - 1] = True
        for rule in self.level:
            at = _nearest(self.ys, rule.top)
            if at > 0:
                first, end = _between(x, rule.left, rule.right)
                below[at - 1][first:end] = [True] * (end - first)
        return right, below


def _nearest(positions: Sequence[float], position: float) -> int:
    """Return which of ascending positions is nearest, the first of two."""
    at = bisect_left(positions, position)
    if at == len(positions) or (at and position - positions[at - 1] <= positions[at] - position):
        return at - 1
    return at


def _between(middles: Sequence[float], first: float, last: float) -> tuple[int, int]:
    """Return which cells a rule passes, as the index of the first and that after the last."""
    start = bisect_left(middles, first - _NEAR)
    return start, max(start, bisect_right(middles, last + _NEAR))


def _grids(rules: Sequence[Rule]) -> Iterator[_Grid]:
    """Yield the groups of rules that meet and enclose several cells."""
    level = [rule for rule in rules if rule.right - rule.left > rule.bottom - rule.top]
    upright = [rule for rule in rules if rule.right - rule.left <= rule.bottom - rule.top]
    if not level or not upright or len(level) + len(upright) > _MAX_MEETING_RULES:
        return
    meets = _meeting(level, upright)
    free = {at for at, crossing in enumerate(meets) if crossing}
    met_by: list[list[int]] = [[] for _ in upright]
    for at in free:
        for column in meets[at]:
            met_by[column].append(at)
    while free:
        lines, crossing, new = set[int](), set[int](), {free.pop()}
        while new:
            lines |= new
            columns = {column for at in new for column in meets[at]} - crossing
            crossing |= columns
            new = {at for column in columns for at in met_by[column]} & free
            free -= new
        grid = _Grid(
            _distinct([upright[at].left for at in crossing]),
            _distinct([level[at].top for at in lines]),
            [level[at] for at in lines],
            [upright[at] for at in crossing],
        )
        if (
            len(grid.xs) > 2  # noqa: PLR2004
            and len(grid.ys) > 2  # noqa: PLR2004
            and ((len(grid.xs) - 1) * (len(grid.ys) - 1) >= _MIN_CELLS)
        ):
            yield grid


def _meeting(level: Sequence[Rule], upright: Sequence[Rule]) -> list[list[int]]:
    """Return for each level rule the upright rules that it meets."""
    order = sorted(range(len(upright)), key=lambda at: upright[at].left)
    lefts = [upright[at].left for at in order]
    grown = [
        (at, *upright[at][:2], upright[at].right + _NEAR, upright[at].bottom + _NEAR)
        for at in order
    ]
    widest = max(rule.right - rule.left for rule in upright)
    found: list[list[int]] = []
    for left, top, right, bottom in level:
        first = bisect_left(lefts, left - 2 * _NEAR - widest)
        last = bisect_right(lefts, right + 2 * _NEAR)
        found.append(
            [
                at
                for at, other_left, other_top, other_right, other_bottom in grown[first:last]
                if top <= other_bottom
                and bottom >= other_top - _NEAR
                and left <= other_right
                and right >= other_left - _NEAR
            ]
        )
    return found


def _distinct(positions: Sequence[float]) -> list[float]:
    found: list[float] = []
    for position in sorted(positions):
        if not found or position - found[-1] > _NEAR:
            found.append(position)
    return found


def _ruled_table(grid: _Grid, rows: Sequence[Row]) -> TableBlock | None:
    right, below = grid.walls()
    starts = [_starts(walls) for walls in right]
    lines, filled = _lines_by_row(grid, rows, starts)
    is_small = min(len({row for row, _ in filled}), len({column for _, column in filled})) < 2  # noqa: PLR2004
    if is_small or sum(map(len, rows)) > _MAX_WORDS_OF_A_CELL * len(filled):
        return None
    found: list[tuple[PrintedCell, ...]] = []
    above: dict[int, PrintedCell] = {}
    for number, own in enumerate(lines):
        spans = Counter(starts[number])
        # A cell without a wall above it is repeated in its row.
        above = {
            start: cell
            for start, cell in above.items()
            if not below[number - 1][start] and spans[start] == cell.columns
        }
        for cells in _rows_within(own):
            shown = {cell.column: replace(cell, columns=spans[cell.column]) for cell in cells}
            merged = {**above, **shown}
            found.append(tuple(merged[start] for start in sorted(merged)))
            above = {}
        above = {cell.column: cell for cell in found[-1]} if own else {}
    return TableBlock(tuple(found))


def _starts(walls: Sequence[bool]) -> list[int]:
    """Return for each cell of a row the first of those without a wall between them and it."""
    starts = [0]
    for column, is_divided in enumerate(walls[:-1], start=1):
        starts.append(column if is_divided else starts[-1])
    return starts


def _lines_by_row(
    grid: _Grid, rows: Sequence[Row], starts: Sequence[Sequence[int]]
) -> tuple[list[list[list[Row]]], set[tuple[int, int]]]:
    """Return the text lines of each row of a grid, by column, and which cells have text."""
    by_row: list[list[list[Row]]] = [[] for _ in starts]
    filled: set[tuple[int, int]] = set()
    for row in rows:
        lines: dict[int, list[Row]] = {}
        for word in row:
            number, column = grid.cell(word)
            start = starts[number][column]
            filled.add((number, start))
            lines.setdefault(number, [[] for _ in range(len(starts[0]))])[start].append(word)
        for number, cells in lines.items():
            by_row[number].append(cells)
    return by_row, filled


def _rows_within(lines: Sequence[Sequence[Row]]) -> Iterator[tuple[PrintedCell, ...]]:
    """Yield the rows between two level rules: one, unless the lines of its cells pair off."""
    columns = list(zip(*lines, strict=True))
    shown = [count for count in (sum(map(bool, column)) for column in columns) if count]
    if len(lines) > 1 and sum(count == len(lines) for count in shown) > max(1, len(shown) / 2):
        yield from _table_rows(lines)
    elif lines:
        yield _printed([[cell for cell in column if cell] for column in columns])
