"""Build the text that a model reads for a passage, with the place of each character.

Compatibility letters, such as ligatures and full-width letters, are read as what they mean, and
rows of tables with the words of their header. What is found in the reading text has a place in
the passage itself, so quotes stay exact.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from index.letters import compatibility_letters, plain_letters
from index.types import LabelledCell, LabelledRow, Span
from qa.reading.model import WindowLogits

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
_MAX_TABLE_CHARS = 200_000
"""How far back the header of a table is searched."""


@dataclass(frozen=True, slots=True)
class ReadingText:
    """A text as a model reads it, and where its characters are in the source."""

    text: str
    starts: Sequence[int] | None = None
    """Where each character starts in the source; for an inserted one, where the next one from
    the source does. None if the text is the source."""
    ends: Sequence[int] | None = None
    """Where each character ends; for an inserted one, where the last one from the source does."""

    def place(self, span: Span) -> Span:
        """Return where ``span`` is in the source: whole characters, without inserted words.

        The place of nothing but inserted words ends before it starts.
        """
        if self.starts is None or self.ends is None or span.start >= span.end:
            return span if self.starts is None else Span(0, 0)
        return Span(self.starts[span.start], self.ends[span.end - 1])

    def place_tokens(self, windows: Sequence[WindowLogits]) -> list[WindowLogits]:
        """Return ``windows``, read from this text, with the tokens' offsets in the source."""
        if self.starts is None:
            return list(windows)
        return [
            replace(
                logits,
                window=replace(
                    logits.window, offsets=tuple(map(self.place, logits.window.offsets))
                ),
            )
            for logits in windows
        ]


def reading_text(
    text: str, header: str = "", rows: Sequence[LabelledRow] = (), offset: int = 0
) -> ReadingText:
    """Return what a model reads for ``text``, in time linear in its length.

    Args:
        text: A passage.
        header: The header row of the table that the text starts in the middle of, if it does:
            see :func:`table_header_before`.
        rows: Its rows of tables; without any, they are recognised by their lines.
        offset: Where the text starts in the article that ``rows`` have offsets in.
    """
    if rows:
        pieces = _labelled_pieces(text, rows, offset)
    else:
        pieces = _table_pieces(text, header) if "|" in text else [Span(0, len(text))]
    letters = compatibility_letters(text)
    if len(pieces) == 1 and not letters:
        return ReadingText(text)
    builder = _Builder(text, letters)
    for piece in pieces:
        builder.add(piece)
    return builder.build()


def table_header_before(text: str, offset: int) -> str:
    """Return the header row of the table that ``text[offset:]`` starts in the middle of.

    Empty if no row is at ``offset``, or if it is the first of its table, or there is no header.
    """
    first = text.rfind("\n", 0, offset) + 1
    if not _is_row(text, next(_lines(text, first))):
        return ""
    top = first
    while top > max(0, first - _MAX_TABLE_CHARS):
        above = Span(text.rfind("\n", 0, top - 1) + 1, top - 1)
        if not _is_row(text, above):
            break
        top = above.start
    if top == first:
        return ""
    rows = itertools.takewhile(functools.partial(_is_row, text), _lines(text, top))
    header, _ = _split_header(text, list(itertools.islice(rows, 2 + _MAX_BODY_ROWS)))
    return text[slice(*header)] if header else ""


@dataclass(slots=True)
class _Builder:
    """Joins parts of a source and inserted words."""

    source: str
    letters: dict[str, str]
    parts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    copied: int = 0
    """The end of the last part of the source."""
    inserted: int = 0
    """The number of characters inserted since, whose start is that of the next part."""

    def add(self, piece: Span | str) -> None:
        if isinstance(piece, str):
            self.parts.append(piece)
            self.ends += [self.copied] * len(piece)
            self.inserted += len(piece)
            return
        self._start_inserted(piece.start)
        for at, letter in enumerate(self.source[slice(*piece)], piece.start):
            meaning = self.letters.get(letter, letter)
            self.parts.append(meaning)
            self.starts += [at] * len(meaning)
            self.ends += [at + 1] * len(meaning)
        self.copied = piece.end

    def _start_inserted(self, start: int) -> None:
        self.starts += [start] * self.inserted
        self.inserted = 0

    def build(self) -> ReadingText:
        self._start_inserted(len(self.source))
        return ReadingText("".join(self.parts), self.starts, self.ends)


def _labelled_pieces(text: str, rows: Sequence[LabelledRow], offset: int) -> list[Span | str]:
    """Return the parts of ``text``, and between them the words to insert in rows of tables."""
    pieces: list[Span | str] = []
    copied = 0
    for row in rows:
        if not row.is_read:
            pieces.append(Span(copied, row.cells[0].start - offset))
            copied = row.cells[-1].end - offset
            continue
        if not any(cell.label for cell in row.cells if not cell.is_name):
            continue
        cells = [(Span(c.start - offset, c.end - offset), c) for c in row.cells]
        pieces.append(Span(copied, cells[0][0].start))
        for at, (place, cell) in enumerate(cells):
            pieces += [*_before_cell(row, cell, is_first=at == 0), place]
        pieces.append(".")
        copied = cells[-1][0].end
    return [*pieces, Span(copied, len(text))]


def _before_cell(row: LabelledRow, cell: LabelledCell, *, is_first: bool) -> list[str]:
    """Return what is read before a cell.

    Each is read with the name of its row: of sixteen forms this was the best for the reading model.
    """
    separator = [] if is_first else ["; "]
    if cell.is_name:
        return [*separator, f"{cell.label}: "] if cell.label and not is_first else separator
    return [*separator, f"{row.name}, {cell.label}: " if cell.label else f"{row.name}: "]


def _table_pieces(text: str, header: str) -> list[Span | str]:
    """Return the parts of ``text``, and between them the words to insert in rows of tables."""
    pieces: list[Span | str] = []
    copied = 0
    for table in _tables(text):
        is_continued = bool(header) and not text[: table[0].start].strip()
        own, rows = (None, table) if is_continued else _split_header(text, table)
        labels = _labels(header) if is_continued else _labels(text[slice(*own or (0, 0))])
        for line in rows if labels else ():
            row = _row_pieces(text, line, labels)
            if row or _is_rule(text, line):
                pieces += [Span(copied, line.start), *row]
                copied = line.end
    return [*pieces, Span(copied, len(text))]


def _row_pieces(text: str, line: Span, labels: Sequence[str]) -> list[Span | str]:
    """Return the pieces of ``name: label: cell; label: cell.`` for a row.

    Of nine such forms this was among the best two for the reading model, and the shorter one.
    Nothing is returned for a row that has other columns.
    """
    cells = _cells(text, line)
    if len(cells) == len(labels) + 1:  # the corner of the table is blank
        labels = ["", *labels]
    if len(cells) != len(labels) or _is_rule(text, line):
        return []
    pieces: list[Span | str] = []
    for column, (label, cell) in enumerate(zip(labels, cells, strict=True)):
        if cell.start < cell.end:
            separator = "; " if len(pieces) > 1 else ": " if pieces else ""
            pieces += [f"{separator}{label}: "] if column else []
            pieces.append(cell)
    return [*pieces, "."] if pieces else []


def _labels(header: str) -> list[str]:
    cells = _cells(header, Span(0, len(header))) if header else []
    return [plain_letters(header[slice(*cell)].strip("*_` ")) for cell in cells]


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


def _tables(text: str) -> Iterator[list[Span]]:
    """Yield the lines of each run of rows."""
    lines = itertools.groupby(_lines(text, 0), functools.partial(_is_row, text))
    return (list(rows) for is_row, rows in lines if is_row)


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
