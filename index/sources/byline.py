"""Put the author and the date that a file names, but does not show, below its title."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from index.sources.document import ParsedDocument
from index.structure import Cell, Table
from index.types import Heading

_MAX_LINES = 8
_MAX_LINE_CHARS = 100
_LINE = re.compile(r"[^\n]*\S")


def byline(author: str, date: str, shown: str) -> str:
    """Return ``"Jane Holt, 2024-03-05"``, without what ``shown`` says already.

    Args:
        author: One name or several, separated by commas; may be "".
        date: As 2024-03-05, or a part of it from the left; may be "".
        shown: The text that a reader sees.
    """
    if author.rpartition(",")[2].strip() in shown:
        author = ""
    if not date or _says(shown, date):
        date = ""
    return ", ".join(filter(None, (author, date)))


def with_byline(found: ParsedDocument, author: str, date: str) -> ParsedDocument:
    """Return a document with a byline after its title, unless its first short lines have it."""
    line = byline(author, date, _first_lines(found.text))
    if not line:
        return found
    first = found.headings[0] if found.headings else None
    at = first.end if first is not None and first.start == 0 else 0
    added = f"\n\n{line}" if at else f"{line}\n\n"
    return _inserted(found, at, added)


def _first_lines(text: str) -> str:
    """Return the lines before the first paragraph of prose."""
    lines: list[str] = []
    for match in _LINE.finditer(text):
        if len(match[0]) > _MAX_LINE_CHARS or len(lines) == _MAX_LINES:
            break
        lines.append(match[0])
    return "\n".join(lines)


def _inserted(found: ParsedDocument, at: int, added: str) -> ParsedDocument:
    """Return a document without pages as printed, with a text added between two paragraphs."""

    def moved(place: int) -> int:
        return place + len(added) if place > at or not at else place

    return replace(
        found,
        text=found.text[:at] + added + found.text[at:],
        headings=tuple(Heading(moved(h.start), moved(h.end), h.level) for h in found.headings),
        pages=tuple(map(moved, found.pages)),
        marks=tuple(
            mark._replace(start=moved(mark.start), end=moved(mark.end)) for mark in found.marks
        ),
        tables=tuple(
            Table(
                moved(table.start),
                moved(table.end),
                tuple(_moved_cell(c, moved) for c in table.cells),
            )
            for table in found.tables
        ),
    )


def _moved_cell(cell: Cell, moved: Callable[[int], int]) -> Cell:
    return cell._replace(start=moved(cell.start), end=moved(cell.end))


def _says(text: str, date: str) -> bool:
    """Return whether a text has a date, in any order of day and year; of a year, the year."""
    year, _, rest = date.partition("-")
    day = rest.partition("-")[2]
    if not day:
        return year in text
    day = rf"(?<!\d)0?{int(day)}(?!\d)"
    return bool(re.search(rf"{day}.{{1,20}}{year}|{year}.{{1,20}}{day}", text))
