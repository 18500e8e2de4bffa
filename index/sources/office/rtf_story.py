"""Collect the paragraphs, lists and tables of RTF."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from index.letters import lowered, raised
from index.sources.document import InlineMark, Run, TableCell, TextBuilder, plain
from index.structure import MarkKind

_MAX_COLUMNS = 1_000
_MAX_CELLS = 10_000  # of a row
_MAX_REPEATED_CHARS = 200
_SAME_EDGE = 40  # in twentieths of a point; the rows of a table rarely end at the very same place
# A paragraph that is shorter, and has no space around it, is a line such as one of an address.
_MAX_LINE_CHARS = 100
_MAX_DEPTH = 9


class Piece(NamedTuple):
    """A stretch of text before superscripts are written."""

    text: str
    marks: tuple[InlineMark, ...] = ()
    position: str = ""
    """``"super"``, ``"sub"`` or ""."""


class ParagraphLook(NamedTuple):
    """How a paragraph is set."""

    level: int = 0
    """Of a heading, from 1; else 0."""
    list_depth: int = 1
    """How deep its list is nested, from 1, if it is an item."""
    is_spaced: bool = False
    """Whether space or an indentation sets it off from those around it."""
    is_in_table: bool = False


class CellShape(NamedTuple):
    """Where a cell of a row ends, and what it is merged with."""

    right: int
    starts_below: bool = False
    continues_above: bool = False
    continues_left: bool = False


@dataclass(slots=True)
class RowShape:
    """The cells that a row is going to have."""

    cells: list[CellShape] = field(default_factory=list)
    is_header: bool = False
    _next: CellShape = field(default=CellShape(0))

    def set_cell(self, **values: bool) -> None:
        """Set what the next cell is merged with, by the fields of CellShape."""
        self._next = self._next._replace(**values)

    def end_cell(self, right: int) -> None:
        """Add the next cell, which ends at this distance from the margin, in twips."""
        if len(self.cells) < _MAX_CELLS:
            self.cells.append(self._next._replace(right=right))
        self._next = CellShape(0)


class _Row(NamedTuple):
    cells: list[list[Run]]
    shapes: list[CellShape]
    is_header: bool


def _table_rows(rows: list[_Row]) -> list[list[TableCell]]:
    """Return the rows of a table, with the columns that each cell covers."""
    edges: list[int] = []
    for right in sorted({shape.right for row in rows for shape in row.shapes}):
        if not edges or right - edges[-1] > _SAME_EDGE:
            edges.append(right)
    above: dict[int, TableCell] = {}
    return [_table_row(row, edges if len(edges) <= _MAX_COLUMNS else [], above) for row in rows]


def _table_row(row: _Row, edges: list[int], above: dict[int, TableCell]) -> list[TableCell]:
    found: list[TableCell] = []
    start = 0
    for at, content in enumerate(row.cells):
        shape = row.shapes[at] if at < len(row.shapes) else CellShape(0)
        # The last edge that is about where the cell ends.
        end = bisect_left(edges, shape.right - _SAME_EDGE) + 1 if shape.right else start + 1
        span = max(1, min(end - start, _MAX_COLUMNS))
        if shape.continues_left and found:
            found[-1] = replace(found[-1], columns=found[-1].columns + span)
        elif shape.continues_above and start in above:
            found.append(above[start])
        else:
            cell = TableCell(content, span, row.is_header)
            found.append(cell)
            above.pop(start, None)
            if shape.starts_below and len(plain(content)) <= _MAX_REPEATED_CHARS:
                above[start] = cell
        start += span
    return found


@dataclass(slots=True)
class Story:
    """The main text, the text of a note or that of a box."""

    depth: int = 0
    """How many groups it is in."""
    pieces: list[Piece] = field(default_factory=list)
    """The paragraph that is being read."""
    label: list[str] = field(default_factory=list)
    """The number or bullet that the file shows before it."""
    paragraphs: list[list[Run]] = field(default_factory=list)
    """Those of a note or a box."""
    boxes: list[list[Run]] = field(default_factory=list)
    """The paragraphs of the boxes that are anchored in the paragraph."""
    is_endnote: bool = False
    mark_at: int = -1
    """Which piece of the outer text is the mark of the note; -1 if none is."""
    _cell: list[Run] = field(default_factory=list)
    _row: list[list[Run]] = field(default_factory=list)
    _rows: list[_Row] = field(default_factory=list)
    _is_line: bool = False
    """Whether the paragraph before is a short line without space around it."""

    def end_paragraph(self, look: ParagraphLook, builder: TextBuilder | None) -> None:
        """Add the paragraph to a document, or to the story if there is none."""
        runs, label = self._take()
        if look.is_in_table or self._row:
            self._add_to_cell(runs, label)
        else:
            self.end_table(builder)
            self._end_loose_cell(builder)
            if builder is not None:
                self._add(runs, label, look, builder)
            elif plain(runs).strip():
                self.paragraphs.append([*_labelled(label), *runs])
        boxes, self.boxes = self.boxes, []
        for box in boxes:
            if builder is None:
                self.paragraphs.append(box)
            else:
                builder.end_group()
                builder.add_paragraph(box)

    def end_cell(self, *, is_inner: bool = False) -> None:
        """End a cell, or one of a table that is in a cell."""
        self._add_to_cell(*self._take())
        if not is_inner:
            self._row.append(self._cell)
            self._cell = []

    def end_row(self, shape: RowShape) -> None:
        """End a row of a table."""
        if self._cell or any(piece.text.strip() for piece in self.pieces):
            self.end_cell()
        if self._row:
            shapes = shape.cells[: len(self._row)]
            self._rows.append(_Row(self._row, shapes, shape.is_header))
        self._row = []

    def end_table(self, builder: TextBuilder | None) -> None:
        """Add the rows so far, if any."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        cells = _table_rows(rows)
        if builder is not None:
            builder.add_table(cells)
            return
        for row in cells:
            self.paragraphs.append([Run(" | ".join(plain(cell.content).strip() for cell in row))])

    def end(self, look: ParagraphLook, shape: RowShape, builder: TextBuilder | None) -> None:
        """End what the file did not end."""
        if self._row:
            self.end_row(shape)
        self.end_paragraph(look._replace(is_in_table=False), builder)
        self.end_table(builder)

    def _end_loose_cell(self, builder: TextBuilder | None) -> None:
        """Add the paragraphs of a cell that did not end."""
        runs, self._cell = self._cell, []
        if builder is not None:
            builder.add_paragraph(runs)
        elif runs:
            self.paragraphs.append(runs)

    def _take(self) -> tuple[list[Run], str | None]:
        """Return the paragraph so far and its label; None if it has none."""
        runs = _runs(self.pieces)
        label = " ".join("".join(self.label).split()) if self.label else None
        self.pieces, self.label = [], []
        return runs, label

    def _add_to_cell(self, runs: list[Run], label: str | None) -> None:
        if runs:
            self._cell += [*_labelled(label), *runs, Run(" ")]

    def _add(
        self, runs: list[Run], label: str | None, look: ParagraphLook, builder: TextBuilder
    ) -> None:
        text = plain(runs).strip()
        is_line = False
        if not text:
            builder.end_group()
        elif look.level:
            links = [replace(run, marks=_links(run.marks)) for run in runs]
            number = _labelled(label) if _is_number(label) else []
            builder.add_paragraph([*number, *links], level=look.level)
        elif label is not None:
            bullet = label if _is_number(label) else "-"
            depth = max(1, min(look.list_depth, _MAX_DEPTH))
            builder.add_item(runs, bullet=bullet, depth=depth)
        else:
            is_line = not look.is_spaced and len(text) < _MAX_LINE_CHARS
            if not (is_line and self._is_line):
                builder.end_group()
            builder.add_paragraph(runs, group="line")
        self._is_line = is_line


def _links(marks: tuple[InlineMark, ...]) -> tuple[InlineMark, ...]:
    return tuple(mark for mark in marks if mark.kind is MarkKind.LINK)


def _is_number(label: str | None) -> bool:
    # Word draws one of its bullets with the letter "o".
    return label is not None and label != "o" and any(map(str.isalnum, label))


def _labelled(label: str | None) -> list[Run]:
    return [Run(f"{label} ")] if label else []


def _runs(pieces: list[Piece]) -> list[Run]:
    """Return the runs of pieces, with superscripts and subscripts written in plain text."""
    groups: list[tuple[list[str], Piece]] = []
    for piece in pieces:
        if groups and groups[-1][1][1:] == piece[1:]:
            groups[-1][0].append(piece.text)
        else:
            groups.append(([piece.text], piece))
    runs = []
    for texts, (_, marks, position) in groups:
        text = "".join(texts)
        if position:
            text = raised(text) if position == "super" else lowered(text)
        runs.append(Run(text, marks))
    return runs
