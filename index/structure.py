"""What parts of an article's text are: emphasis, links, list items, code, tables.

All offsets count code points of the article's text, like every offset of the project. The text is
complete without them: they say how the document shows it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple


class MarkKind(StrEnum):
    """What a marked part of a text is."""

    STRONG = "strong"
    EMPHASIS = "emphasis"
    CODE = "code"
    """Code within a line."""
    LINK = "link"
    SUPERSCRIPT = "superscript"
    SUBSCRIPT = "subscript"
    ITEM = "item"
    """An item of a list, with its bullet or number, without the items below it."""
    QUOTATION = "quotation"
    """A paragraph that the document sets off as quoted."""
    PREFORMATTED = "preformatted"
    """Lines whose spaces and ends matter: code, verse."""


INLINE_KINDS = frozenset(
    {
        MarkKind.STRONG,
        MarkKind.EMPHASIS,
        MarkKind.CODE,
        MarkKind.LINK,
        MarkKind.SUPERSCRIPT,
        MarkKind.SUBSCRIPT,
    }
)
"""The kinds of parts of a line; the others are whole lines."""


class Mark(NamedTuple):
    """A part of a text, ``text[start:end]``, and what it is."""

    start: int
    end: int
    kind: MarkKind
    target: str = ""
    """The address of a link, as the document gives it: untrusted."""
    level: int = 0
    """How deep an item is nested, from 1."""


class Cell(NamedTuple):
    """A cell of a table that has text, ``text[start:end]``."""

    start: int
    end: int
    row: int
    """From 0."""
    column: int
    """From 0; the first one of a cell that covers several."""
    columns: int = 1
    """How many columns it covers."""
    is_header: bool = False


class Table(NamedTuple):
    """A table, ``text[start:end]``: a line for each row, its cells separated by ``" | "``.

    A cell that the document merges over several rows is repeated in each.
    """

    start: int
    end: int
    cells: tuple[Cell, ...]
    """In reading order; empty ones are left out."""


def rows_of(cells: Iterable[Cell]) -> Iterator[tuple[Cell, ...]]:
    """Yield the cells of each row that has any."""
    return (tuple(row) for _, row in itertools.groupby(cells, key=lambda cell: cell.row))


def structure_json(marks: Iterable[Mark], tables: Iterable[Table]) -> str:
    """Return marks and tables as compact JSON; "" if there are none."""
    found = {"marks": [*marks], "tables": [*tables]}
    return json.dumps(found, separators=(",", ":")) if any(found.values()) else ""


def parse_structure(text: str) -> tuple[tuple[Mark, ...], tuple[Table, ...]]:
    """Return the marks and tables that :func:`structure_json` was given.

    Raises:
        ValueError, TypeError, KeyError: The text is something else.
    """
    if not text:
        return (), ()
    found = json.loads(text)
    return tuple(map(mark_of, found["marks"])), tuple(map(table_of, found["tables"]))


def mark_of(values: Iterable[Any]) -> Mark:
    """Return the mark with these values, as JSON has them."""
    start, end, kind, target, level = values
    return Mark(int(start), int(end), MarkKind(kind), str(target), int(level))


def table_of(values: Iterable[Any]) -> Table:
    """Return the table with these values, as JSON has them."""
    start, end, cells = values
    return Table(int(start), int(end), tuple(Cell(*cell) for cell in cells))
