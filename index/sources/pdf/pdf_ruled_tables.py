"""Find the tables of a PDF's page that are drawn with ruling lines."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

from index.sources.pdf.pdf_page import Rule, Word
from index.sources.pdf.pdf_tables import PrintedCell, Row, TableBlock, printed_cells, table_rows

Walls: TypeAlias = list[list[bool]]
"""Of the cells of a grid, by row and column."""

_NEAR = 3.0  # points within which rules meet
_MIN_CELLS = 4
_MAX_WORDS_OF_A_CELL = 40
_MAX_MEETING_RULES = 3_000
_SAME_LINE = 0.85  # sizes of the letters between two words of a line
_MOST_CUT = 0.25  # lines of a table that go on outside its rules
_MARK = "\0"


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
        yield from table_rows(lines)
    elif lines:
        yield printed_cells([[cell for cell in column if cell] for column in columns])
