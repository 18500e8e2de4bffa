"""Divide an article into headings, paragraphs, list items, quotations, code and rows of tables."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from index.structure import Cell, MarkKind, Table, rows_of
from index.types import Article, Span

_LINE_END = re.compile(r"\n")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_BLANK_LINES = re.compile(r"\n\s*\n")
_BETWEEN_CELLS = " \t\n|:=-+"
"""What may be between the cells of a table, and is not shown."""


class BlockKind(StrEnum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    """An item of a list, without the items below it."""
    QUOTATION = "quotation"
    PREFORMATTED = "preformatted"
    ROW = "row"
    """A row of a table."""


_KINDS_OF_MARKS = {
    MarkKind.ITEM: BlockKind.ITEM,
    MarkKind.QUOTATION: BlockKind.QUOTATION,
    MarkKind.PREFORMATTED: BlockKind.PREFORMATTED,
}


class Block(NamedTuple):
    """A part of an article that is shown on lines of its own."""

    span: Span
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    """The level of a heading, or the depth of an item, from 1; else 0."""
    cells: tuple[Cell, ...] = ()
    """The cells of a row."""
    table: int = 0
    """Where the table of a row starts."""

    def clipped(self, span: Span) -> Block:
        """Return the part of the block that is in ``span``, which it must overlap."""
        start, end = max(self.span.start, span.start), min(self.span.end, span.end)
        if (start, end) == self.span:
            return self
        cells = tuple(
            cell._replace(start=max(cell.start, start), end=min(cell.end, end))
            for cell in self.cells
            if cell.start < end and cell.end > start
        )
        return self._replace(span=Span(start, end), cells=cells)


class _Region(NamedTuple):
    """A part of an article that is not a plain paragraph."""

    start: int
    end: int
    kind: BlockKind
    level: int = 0
    table: Table | None = None


def blocks(article: Article) -> Iterator[Block]:
    """Yield the blocks of an article, in order: all of its text but blanks and separators.

    Of parts that overlap, the one that starts first counts, and of those the longest.
    """
    text = article.text
    position = 0
    separator = _paragraph_separator(text)
    for region in sorted(_regions(article), key=lambda region: (region.start, -region.end)):
        if not position <= region.start < region.end <= len(text):
            continue
        found = _blocks_in(text, region)
        if found:
            yield from _paragraphs(text, position, region.start, separator)
            yield from found
            position = region.end
    yield from _paragraphs(text, position, len(text), separator)


def paragraph_ends(article: Article) -> list[int]:
    """Return where each paragraph ends; a list or a table counts as one, a heading as none."""
    groups = groupby(blocks(article), key=group_of)
    last = ([*group][-1] for _, group in groups)
    return [block.span.end for block in last if block.kind is not BlockKind.HEADING]


def group_of(block: Block) -> tuple[BlockKind, int]:
    """Return what is the same for neighbours that are shown together: a list, a table."""
    if block.kind is BlockKind.ROW:
        return block.kind, block.table
    return block.kind, -1 if block.kind is BlockKind.ITEM else block.span.start


def header_rows(article: Article, spans: Iterable[Span]) -> Iterator[Span]:
    """Yield the first row of each table that one of ``spans`` overlaps."""
    for start, end in spans:
        first = bisect_right(article.tables, start, key=lambda table: table.end)
        for table in article.tables[first:]:
            if table.start >= end:
                break
            row = next(rows_of(table.cells), ())
            if row:
                yield Span(row[0].start, row[-1].end)


def _regions(article: Article) -> Iterator[_Region]:
    for table in article.tables:
        yield _Region(table.start, table.end, BlockKind.ROW, table=table)
    for heading in article.headings:
        yield _Region(heading.start, heading.end, BlockKind.HEADING, heading.level)
    for mark in article.marks:
        if mark.kind in _KINDS_OF_MARKS:
            yield _Region(mark.start, mark.end, _KINDS_OF_MARKS[mark.kind], mark.level)


def _blocks_in(text: str, region: _Region) -> list[Block]:
    if region.table:
        return _rows(text, region.table)
    if not text[region.start : region.end].strip():
        return []
    return [Block(Span(region.start, region.end), region.kind, region.level)]


def _rows(text: str, table: Table) -> list[Block]:
    """Return the rows of a table; none if its cells do not have all of its text, in order."""
    position = table.start
    for cell in table.cells:
        between = text[position : cell.start]
        if not position <= cell.start < cell.end <= table.end or between.strip(_BETWEEN_CELLS):
            return []
        position = cell.end
    if text[position : table.end].strip(_BETWEEN_CELLS):
        return []
    return [
        Block(Span(row[0].start, row[-1].end), BlockKind.ROW, cells=row, table=table.start)
        for row in rows_of(table.cells)
    ]


def _paragraph_separator(text: str) -> re.Pattern[str]:
    """Return what separates paragraphs: blank lines, or line ends if there are no blank lines."""
    return _BLANK_LINES if _BLANK_LINE.search(text.strip()) else _LINE_END


def _paragraphs(text: str, start: int, end: int, separator: re.Pattern[str]) -> Iterator[Block]:
    position = start
    for match in separator.finditer(text, start, end):
        if text[position : match.start()].strip():
            yield Block(Span(position, match.start()))
        position = match.end()
    if text[position:end].strip():
        yield Block(Span(position, end))
