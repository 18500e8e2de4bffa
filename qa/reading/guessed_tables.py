"""Guess which lines of a text are tables, and which row of each is its header.

For texts whose format has no tables, such as pasted ones: lines with ``|`` between cells.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from index.structure import Cell, Table
from index.types import LabelledCell, LabelledRow, Span

_PIPE = re.compile(r"(?<!\\)\|")
_RULE_CHARS = " \t|:=-+"
_YEAR = re.compile(r"\d{4}")
_ALPHANUMERIC = re.compile(r"[^\W_]")
_FEW_COLUMNS = 2
_BODY_ROWS, _BODY_ROWS_OF_FEW = 2, 3
"""How many rows below its first a table needs so that this can be its header."""
_MAX_BODY_ROWS = 6
"""How many are compared with it."""
_MAX_HEADER_CHARS = 200
"""A longer header would crowd out the text, as each row repeats it."""
_CHARS_BACK = 5_000
"""How far back its rows show which of their cells are names."""
_MAX_TABLE_CHARS = 200_000
"""How far back the header of a table is searched."""


def guess_tables(text: str, start: int, end: int) -> list[Table]:
    """Return the tables with a header that have rows in ``text[start:end]``.

    Of the last one there may be only the rows before ``end``. A row with other columns than the
    header is left out.
    """
    if text.find("|", start, end) < 0:
        return []
    lines = _lines_near(text, _top(text, start), start)
    tables = [_table(text, run) for run in _runs(text, lines, end)]
    return [table for table in tables if table]


def rules(text: str, start: int, end: int) -> Iterator[LabelledRow]:
    """Yield the lines of dashes in ``text[start:end]``, as rows that are not read."""
    if text.find("|", start, end) < 0:
        return
    for line in _lines(text, text.rfind("\n", 0, start) + 1):
        if line.start >= end:
            return
        if _is_row(text, line) and _is_rule(text, line):
            place = Span(max(line.start, start), min(line.end, end))
            yield LabelledRow(-1, "", (LabelledCell(*place, ""),), is_read=False)


def _top(text: str, start: int) -> int:
    """Return where the table that ``start`` is in begins; if it is in none, its line."""
    top = first = text.rfind("\n", 0, start) + 1
    if not _is_row(text, next(_lines(text, first))):
        return first
    while top > max(0, first - _MAX_TABLE_CHARS):
        above = Span(text.rfind("\n", 0, top - 1) + 1, top - 1)
        if not _is_row(text, above):
            break
        top = above.start
    return top


def _lines_near(text: str, top: int, start: int) -> Iterator[Span]:
    """Yield the first lines from ``top``, and those from a little before ``start``."""
    position = top
    for line in itertools.islice(_lines(text, top), 2 + _MAX_BODY_ROWS):
        yield line
        position = line.end + 1
    near = text.rfind("\n", 0, max(position, start - _CHARS_BACK)) + 1
    yield from _lines(text, max(position, near))


def _runs(text: str, lines: Iterator[Span], end: int) -> Iterator[list[Span]]:
    """Yield the lines of each run of rows that starts before ``end``.

    Its rows go on to ``end``, or as far as is needed to know its header.
    """
    run: list[Span] = []
    for line in lines:
        is_row = _is_row(text, line)
        if run and (not is_row or (line.start >= end and len(run) > _MAX_BODY_ROWS + 1)):
            yield run
            run = []
        if line.start >= end and not run:
            return
        if is_row:
            run.append(line)
    if run:
        yield run


def _table(text: str, lines: list[Span]) -> Table | None:
    header, body = _split_header(text, lines)
    if header is None:
        return None
    labels = _cells(text, header)
    rows = [_cells(text, line) for line in body if not _is_rule(text, line)]
    has_corner = bool(rows) and all(len(row) == len(labels) + 1 for row in rows)
    width = len(labels) + has_corner
    cells = list(_filled(labels, 0, has_corner, is_header=True))
    for number, row in enumerate(rows, start=1):
        if len(row) == width:
            cells += _filled(row, number, 0, is_header=False)
    return Table(lines[0].start, lines[-1].end, tuple(cells)) if cells else None


def _filled(cells: Sequence[Span], row: int, first: int, *, is_header: bool) -> Iterator[Cell]:
    for column, (start, end) in enumerate(cells, start=first):
        if start < end:
            yield Cell(start, end, row, column, is_header=is_header)


def _split_header(text: str, table: list[Span]) -> tuple[Span | None, list[Span]]:
    """Return the line of a table's header, and the other lines; None if it seems to have none.

    Markdown marks a header by a line of dashes. Else the first row is one if its cells are not
    the values of their columns.
    """
    first, *body = table
    if first.end - first.start > _MAX_HEADER_CHARS:
        return None, table
    if body and _is_rule(text, body[0]):
        return first, body
    header = [text[slice(*cell)] for cell in _cells(text, first)]
    rows = [[text[slice(*cell)] for cell in _cells(text, line)] for line in body[:_MAX_BODY_ROWS]]
    if rows and all(len(row) == len(header) + 1 for row in rows):  # its corner is blank
        header = ["", *header]
    alike = [row for row in rows if len(row) == len(header)]
    return (first, body) if heads(header, alike) else (None, table)


def heads(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether ``header`` names the columns of ``rows``, which have as many cells."""
    if len(header) > _FEW_COLUMNS:
        columns = list(zip(*rows, strict=True))
        are_values = (
            is_quantity(cell) and sum(map(is_quantity, column)) * 2 > len(column)
            for cell, column in zip(header, columns, strict=False)
        )
        return len(rows) >= _BODY_ROWS and not any(are_values)
    # Two columns are more often keys and values.
    values = [row[-1] for row in rows]
    return (
        len(header) == _FEW_COLUMNS
        and len(rows) >= _BODY_ROWS_OF_FEW
        and not any(map(is_quantity, header))
        and all(map(is_quantity, values))
    )


def is_quantity(cell: str) -> bool:
    """Return whether a cell is a number with or without a unit, but not a year alone."""
    first = _ALPHANUMERIC.search(cell)
    return first is not None and first[0].isdecimal() and not _YEAR.fullmatch(cell)


def _lines(text: str, start: int) -> Iterator[Span]:
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield Span(start, end)
        start = end + 1


def _is_row(text: str, line: Span) -> bool:
    words = text[slice(*line)]
    return " | " in words or words.lstrip().startswith("|")


def _is_rule(text: str, line: Span) -> bool:
    """Return whether a line is the dashes below the header of a Markdown table."""
    words = text[slice(*line)]
    return "-" in words and not words.strip(_RULE_CHARS)


def _cells(text: str, line: Span) -> list[Span]:
    """Return the cells of a row, without the white space around them."""
    pipes = [pipe.start() for pipe in _PIPE.finditer(text, *line)]
    edges = itertools.pairwise([line.start - 1, *pipes, line.end])
    cells = [_trimmed(text, left + 1, right) for left, right in edges]
    if pipes and text[slice(*line)].lstrip().startswith("|"):
        cells = cells[1:]
        if cells and cells[-1].start == cells[-1].end:
            cells = cells[:-1]
    return cells


def _trimmed(text: str, start: int, end: int) -> Span:
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    return Span(start, start + len(words.strip()))
