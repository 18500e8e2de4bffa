"""Find the columns and tables of a PDF's page, and the order in which its parts are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple, TypeAlias

from index.sources.pdf.pdf_lines import BULLETS, Line, is_right_to_left
from index.sources.pdf.pdf_ruled_tables import is_table_mark
from index.sources.pdf.pdf_tables import (
    PrintedCell,
    Row,
    TableBlock,
    is_drawn_by_columns,
    table_of,
)

# Widths in sizes of the letters.
_GUTTER = 0.85
_NARROW_GUTTER = 0.5
_WIDE_GUTTER = 1.6
_MANY_LINES = 8
_FAR = 1.8  # of the usual distance of baselines
_VERY_FAR = 2.2
_LARGE = 1.15
_VERY_LARGE = 1.35
_MIN_LINES = 3
_MAX_GUTTERS = 60
_MAX_OPEN = 30
_MAX_DEPTH = 12
_MAX_ROWS = 3_000
_FULL = 0.7
_PROSE_WORDS = 3
_MARKER_WIDTH = 3.0
_MARKERS = 0.7
_LEADERS = ".…·_"
_MARKER = re.compile(
    r"(?:[^\w\s]{1,2}|[\uf000-\uf0ff]|[(\[]?(?:\d{1,3} ?[a-z]?|[A-Za-z]|[ivxIVX]{1,5})[.)\]]{0,2}"
    r"|\d{1,3}(?:\.\d{1,3}){1,4}\.?)"
)


class Gutter(NamedTuple):
    """An empty strip between words, over rows ``first`` to ``last``."""

    left: float
    right: float
    first: int
    last: int

    @property
    def middle(self) -> float:
        """Where the strip divides the words."""
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines of one column, downwards."""

    lines: tuple[Line, ...]
    left: float
    right: float


Block: TypeAlias = TextBlock | TableBlock


def reading_order(rows: Sequence[Row]) -> list[Block]:
    """Return the blocks of a page in the order in which they are read."""
    words = [word for row in rows for word in row]
    if not words:
        return []
    if len(rows) > _MAX_ROWS:
        return [_block(rows)]
    order = _Order(is_right_to_left(words))
    return order.blocks(list(rows), 0)


class _Order:
    def __init__(self, is_right_to_left: bool) -> None:  # noqa: FBT001 - its only argument
        self._is_right_to_left = is_right_to_left

    def blocks(self, rows: list[Row], depth: int) -> list[Block]:
        if not rows:
            return []
        gutters = find_gutters(rows) if depth < _MAX_DEPTH else []
        if not gutters:
            return [_block(rows)]
        best = max(gutters, key=lambda one: (one.last - one.first, one.right - one.left))
        first, last = _trimmed(rows, best)
        best = best._replace(first=first, last=last)
        middle = rows[first : last + 1]
        top, bottom = _without_ruled_tables(rows, first, last)
        beside = _beside(gutters, best._replace(first=top, last=bottom))
        beside = _between_words(rows[top : bottom + 1], beside)
        table = table_of(rows[top : bottom + 1], [gutter.middle for gutter in beside])
        if table is not None:
            first, last = top, bottom
            first, header = _header_above(rows, first, beside)
            found: list[Block] = [TableBlock((*header, *table))]
        else:
            left = [[word for word in row if word.left < best.middle] for row in middle]
            right = [[word for word in row if word.left >= best.middle] for row in middle]
            sides = [right, left] if self._is_right_to_left else [left, right]
            found = [
                block
                for side in sides
                for block in self.blocks([row for row in side if row], depth + 1)
            ]
        return [
            *self.blocks(rows[:first], depth + 1),
            *found,
            *self.blocks(rows[last + 1 :], depth + 1),
        ]


def _block(rows: Sequence[Row]) -> TextBlock:
    lines = tuple(Line.of(row) for row in rows)
    return TextBlock(lines, min(line.left for line in lines), max(line.right for line in lines))


def find_gutters(rows: Sequence[Row]) -> list[Gutter]:
    """Return the empty strips that have several lines on either side; of those that overlap, one.

    That is the tallest.
    """
    far_left = min(row[0].left for row in rows)
    far_right = max(word.right for row in rows for word in row)
    inside = [
        gutter
        for gutter in _strips(rows, far_left, far_right)
        if gutter.left >= far_left and gutter.right <= far_right and gutter.last > gutter.first
    ]
    kept: list[Gutter] = []
    for gutter in sorted(inside, key=lambda one: (one.first - one.last, one.left - one.right)):
        if not any(_overlap(gutter, other) for other in kept) and _is_gutter(rows, gutter):
            kept.append(gutter)
        if len(kept) >= _MAX_GUTTERS:
            break
    return kept


def _strips(rows: Sequence[Row], far_left: float, far_right: float) -> list[Gutter]:
    """Return the empty strips of each width, as tall as they are."""
    found: list[Gutter] = []
    open_: list[Gutter] = []
    leading = _leading(rows)
    for number, row in enumerate(rows):
        if number and _is_break(rows, number, leading):
            found += open_
            open_ = []
        gaps = _gaps(row, far_left, far_right)
        still, ended = _continued(open_, gaps, number, _NARROW_GUTTER * row[0].size)
        found += ended
        for gap in gaps:
            still.setdefault(gap, Gutter(*gap, number, number))
        open_ = sorted(still.values(), key=lambda one: (one.first, one.left))[:_MAX_OPEN]
    return found + open_


def _continued(
    strips: Sequence[Gutter], gaps: Sequence[tuple[float, float]], number: int, least: float
) -> tuple[dict[tuple[float, float], Gutter], list[Gutter]]:
    """Return what is left of strips in a row with these gaps, by its edges, and those that end."""
    still: dict[tuple[float, float], Gutter] = {}
    ended: list[Gutter] = []
    for strip in strips:
        is_whole = False
        for left, right in gaps:
            one = max(left, strip.left), min(right, strip.right)
            if one[1] - one[0] < least:
                continue
            is_whole = is_whole or one == (strip.left, strip.right)
            begun = still.get(one)
            if begun is None or begun.first > strip.first:
                still[one] = Gutter(*one, strip.first, number)
        if not is_whole:
            ended.append(strip)
    return still, ended


def _overlap(one: Gutter, other: Gutter) -> bool:
    return (
        one.left < other.right
        and other.left < one.right
        and one.first <= other.last
        and other.first <= one.last
    )


def _gaps(row: Row, far_left: float, far_right: float) -> list[tuple[float, float]]:
    """Return the parts of a row between words that may be gutters, with those at its ends."""
    gaps = []
    end = far_left - 1.0
    size = max(word.size for word in row)
    after_leader = False
    for word in row:
        # The dots of a table of contents or a form lead across the gap.
        is_leader = not word.text.strip(_LEADERS)
        if word.left - end >= _NARROW_GUTTER * size and not (is_leader or after_leader):
            gaps.append((end, word.left))
        end = max(end, word.right)
        after_leader = is_leader
    if far_right + 1.0 - end >= _NARROW_GUTTER * size:
        gaps.append((end, far_right + 1.0))
    return gaps


def _leading(rows: Sequence[Row]) -> float:
    gaps = [other[0].baseline - one[0].baseline for one, other in pairwise(rows)]
    sizes = median(row[0].size for row in rows)
    return max(median(gaps) if gaps else sizes, 1.15 * sizes)


def _is_break(rows: Sequence[Row], number: int, leading: float) -> bool:
    """Return whether a new part of the page begins with a row: a large line with space above."""
    row, before = rows[number], rows[number - 1]
    gap = row[0].baseline - before[0].baseline
    size = max(word.size for word in row)
    is_next_line = max(word.size for word in before) > size / _LARGE and gap < _FAR * size
    if gap <= leading or is_next_line:
        return False
    usual = median(word.size for row in rows[max(0, number - 3) : number + 4] for word in row)
    below = rows[number + 1][0].baseline - row[0].baseline if number + 1 < len(rows) else 0.0
    is_apart = gap > _VERY_FAR * leading or size > _VERY_LARGE * usual
    return is_apart and size > _LARGE * usual and below > 0.9 * leading


def _is_gutter(rows: Sequence[Row], gutter: Gutter) -> bool:
    """Return whether a strip has lines on either side: fewer if it is wide."""
    middle = gutter.middle
    rows = rows[gutter.first : gutter.last + 1]
    lefts = [row for row in rows if row[0].left < middle]
    both = sum(row[-1].left > middle for row in lefts)
    rights = len(rows) - len(lefts) + both
    size = median(row[0].size for row in rows)
    width = (gutter.right - gutter.left) / size
    least = _MIN_LINES
    if width < _GUTTER:
        least = _MANY_LINES
    elif width > _WIDE_GUTTER and (both > 1 or (len(lefts) > 1 and _is_drawn_first(rows, middle))):
        least = 1 if both < 2 else _MIN_LINES - 1  # noqa: PLR2004
    if min(len(lefts), rights) < least:
        return False
    parts = [[word for word in row if word.left < middle] for row in lefts]
    return not _are_markers([part for part in parts if part[-1].right > gutter.left - size], size)


def _is_drawn_first(rows: Sequence[Row], middle: float) -> bool:
    """Return whether all words left of a strip are drawn before those right of it."""
    sides = [
        [[word for word in row if (word.left < middle) == is_left] for row in rows]
        for is_left in (True, False)
    ]
    return is_drawn_by_columns(sides)


def _are_markers(rows: Sequence[Row], size: float) -> bool:
    """Return whether the words left of a strip are bullets or numbers of items or notes."""
    near = [_near_end(row, size) for row in rows]
    matching = sum(
        _is_marker(words, size, is_first=len(words) == len(row))
        for words, row in zip(near, rows, strict=True)
    )
    return matching > 0 and matching >= _MARKERS * len(rows)


def _is_marker(words: Row, size: float, *, is_first: bool) -> bool:
    text = "".join(word.text for word in words)
    if words[-1].right - words[0].left > _MARKER_WIDTH * size or not _MARKER.fullmatch(text):
        return False
    # A bare number further right may be the cell of a table.
    return is_first or text in BULLETS or text[-1] in ".)"


def _near_end(row: Row, size: float) -> Row:
    words = [row[-1]]
    for word in reversed(row[:-1]):
        if words[0].left - word.right > size:
            break
        words.insert(0, word)
    return words


def _trimmed(rows: Sequence[Row], gutter: Gutter) -> tuple[int, int]:
    """Return its first and last row, without rows of one side alone that stand apart."""

    def sides(row: Row) -> tuple[bool, bool]:
        return row[0].left < gutter.middle, row[-1].left >= gutter.middle

    first, last = gutter.first, gutter.last
    leading = _leading(rows[first : last + 1])
    cut = first
    for number in range(first, last):
        if all(sides(rows[number])):
            break
        if rows[number + 1][0].baseline - rows[number][0].baseline > _FAR * leading:
            cut = number + 1
    end = last
    for number in range(last, cut, -1):
        if all(sides(rows[number])):
            break
        if rows[number][0].baseline - rows[number - 1][0].baseline > _FAR * leading:
            end = number - 1
    return cut, end


def _without_ruled_tables(rows: Sequence[Row], first: int, last: int) -> tuple[int, int]:
    """Return the first and last row of the longest part that has no ruled table in it."""
    marks = [at for at in range(first, last + 1) if is_table_mark(rows[at][0])]
    parts = [(one + 1, other - 1) for one, other in pairwise([first - 1, *marks, last + 1])]
    return max(parts, key=lambda part: part[1] - part[0])


def _beside(gutters: Sequence[Gutter], best: Gutter) -> list[Gutter]:
    """Return the gutters over at least half of the rows of ``best``, from left to right."""
    height = best.last - best.first + 1
    beside = [
        one
        for one in gutters
        if min(one.last, best.last) - max(one.first, best.first) + 1 >= height / 2
        and not (one.left < best.right and best.left < one.right)
    ]
    return sorted([*beside, best])


def _between_words(rows: Sequence[Row], gutters: Sequence[Gutter]) -> list[Gutter]:
    """Return the gutters without those that have no words between them and the one before."""
    kept: list[Gutter] = []
    for gutter in gutters:
        left = kept[-1].middle if kept else float("-inf")
        if any(left <= word.left < gutter.middle for row in rows for word in row):
            kept.append(gutter)
    return kept


def _header_above(
    rows: Sequence[Row], first: int, gutters: Sequence[Gutter]
) -> tuple[int, list[tuple[PrintedCell, ...]]]:
    """Return where the table begins with the rows above that head several columns, and these."""
    header: list[tuple[PrintedCell, ...]] = []
    while first > 0 and len(header) < _MIN_LINES:
        row, below = rows[first - 1], rows[first]
        if below[0].baseline - row[0].baseline > 2.2 * row[0].size:
            break
        parts = list(_parts(row))
        cells = [_spanning(part, gutters) for part in parts]
        columns = [range(cell.column, cell.column + cell.columns) for cell in cells]
        if len(cells) < 2 or any(one.stop > other.start for one, other in pairwise(columns)):  # noqa: PLR2004
            break
        header.insert(0, tuple(cells))
        first -= 1
    return first, header


def _parts(row: Row) -> Iterator[Row]:
    part: Row = []
    for word in row:
        if part and word.left - part[-1].right >= _GUTTER * word.size:
            yield part
            part = []
        part.append(word)
    yield part


def _spanning(part: Row, gutters: Sequence[Gutter]) -> PrintedCell:
    left, right = part[0].left, part[-1].right
    column = sum(left >= gutter.middle for gutter in gutters)
    last = sum(right > gutter.middle for gutter in gutters)
    return PrintedCell((Line.of(part),), column, max(1, last - column + 1))
