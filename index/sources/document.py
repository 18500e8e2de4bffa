"""Assemble the parsed text, headings, pages and structure of a file."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple, Self, TypeAlias

from index.limits import LoadLimits
from index.source_file import PageLayout
from index.structure import Cell, Mark, MarkKind, Table, mark_of, table_of
from index.types import Heading, normalise_newlines

_LOWEST_LEVEL = 6
# No text needs these, and a terminal or a database may choke on them.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LINE_END = re.compile(r"[\v\f\x85\u2028\u2029]")
_SEPARATOR = " | "


class InlineMark(NamedTuple):
    """What a part of a line is."""

    kind: MarkKind
    target: str = ""
    """The address of a link."""


class WordPlace(NamedTuple):
    """Where a word is on a page as it is shown, in points from its upper left corner."""

    page: int
    """From 1."""
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text with the same inline marks, the outermost first."""

    text: str
    marks: tuple[InlineMark, ...] = ()
    place: WordPlace | None = None
    """Where its text, without outer white space, is printed."""


Content: TypeAlias = str | Sequence[Run]
"""The text of a paragraph, an item or a cell."""


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table that is added to a document."""

    content: Content = ""
    columns: int = 1
    """How many columns it covers."""
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    r"""The content of a file: text with ``\n`` newlines, and what has offsets in it."""

    text: str
    title: str = ""
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()
    """By their start, an outer one before those in it."""
    tables: tuple[Table, ...] = ()
    layouts: tuple[PageLayout, ...] = ()
    """Where the words of each page are; empty if the pages cannot be shown as printed."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return {
            "text": self.text,
            "title": self.title,
            "headings": [[mark.start, mark.end, mark.level] for mark in self.headings],
            "pages": self.pages,
            "marks": self.marks,
            "tables": self.tables,
            "layouts": [
                [
                    layout.width,
                    layout.height,
                    layout.confidence,
                    base64.b64encode(layout.to_bytes()).decode("ascii"),
                ]
                for layout in self.layouts
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the document that :meth:`to_dict` was made from.

        Raises:
            ValueError, TypeError, KeyError: The values are others.
        """
        return cls(
            text=data["text"],
            title=data["title"],
            headings=tuple(Heading(*values) for values in data["headings"]),
            pages=tuple(data["pages"]),
            marks=tuple(map(mark_of, data["marks"])),
            tables=tuple(map(table_of, data["tables"])),
            layouts=tuple(
                PageLayout.from_bytes(width, height, confidence, base64.b64decode(words))
                for width, height, confidence, words in data["layouts"]
            ),
        )


def clean(text: str) -> str:
    r"""Return ``text`` with ``\n`` newlines, whole surrogate pairs and no control characters."""
    if text.isprintable():  # most pieces of a text are; cells of tables come by the million
        return text
    text = _CONTROL.sub("", _LINE_END.sub("\n", normalise_newlines(text)))
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def collapsed(content: Content) -> Content:
    """Return ``content`` on one line: each run of white space is one space, none at the ends."""
    if isinstance(content, str):
        return " ".join(content.split())
    runs: list[Run] = []
    space: tuple[InlineMark, ...] | None = None  # its marks, if one is to come before the next word
    for run in content:
        words = run.text.split()
        if not words:
            space = run.marks if run.text and runs and space is None else space
            continue
        if runs and space is None and run.text[0].isspace():
            space = run.marks
        before = ""
        if space is not None:
            shared = tuple(m for m in space if m in runs[-1].marks and m in run.marks)
            before = " " if shared == run.marks else ""
            runs += [] if before else [Run(" ", shared)]
        runs.append(Run(before + " ".join(words), run.marks, run.place))
        space = run.marks if run.text[-1].isspace() else None
    return runs


def plain(content: Content) -> str:
    """Return the text of ``content``."""
    return content if isinstance(content, str) else "".join(run.text for run in content)


class TextBuilder:
    """Joins paragraphs with blank lines, and records where headings, pages and marks are.

    Its methods raise TooLarge once the text or the pages exceed ``limits``.
    """

    def __init__(self, limits: LoadLimits) -> None:
        self._limits = limits
        self._parts: list[str] = []
        self._headings: list[Heading] = []
        self._pages: list[int] = []
        self._marks: list[Mark] = []
        self._tables: list[Table] = []
        self._places: list[tuple[int, int, WordPlace]] = []
        self._empty_pages = 0  # started, with no text so far
        self._length = 0
        self._group = ""

    def start_page(self) -> None:
        """Start a page with the next paragraph."""
        self._empty_pages += 1
        self._limits.check_pages(len(self._pages) + self._empty_pages)

    def add_paragraph(
        self, content: Content, *, level: int = 0, group: str = "", quoted: bool = False
    ) -> None:
        """Add a paragraph unless it is blank.

        Args:
            content: May contain newlines, unless it is a heading.
            level: Its level if it is a heading, else 0.
            group: Consecutive paragraphs of the same group, such as ``"line"``, are joined
                without a blank line.
            quoted: Whether the document sets it off as a quotation.
        """
        content = collapsed(content) if level else content
        start = self._add(content, group, level=level)
        if quoted and start is not None:
            self._mark(start, MarkKind.QUOTATION)

    def add_item(self, content: Content, *, bullet: str = "-", depth: int = 1) -> None:
        """Add an item of a list on one line unless it is blank.

        Args:
            content: Its text, without the items below it.
            bullet: Its sign or number, such as ``"3."``.
            depth: How deep its list is nested, from 1.
        """
        content = collapsed(content)
        runs = [Run(content)] if isinstance(content, str) else content
        if plain(content):
            start = self._add([Run(f"{bullet} " if bullet else ""), *runs], "item")
            if start is not None:
                self._mark(start, MarkKind.ITEM, level=depth)

    def add_table(self, rows: Iterable[Sequence[TableCell | str]]) -> None:
        """Add a table: each row on a line, its cells separated by ``" | "``.

        Blank rows, and blank cells at the ends of a row, are left out. A cell that is merged over
        several rows must be repeated in each.
        """
        self.end_group()
        cells: list[Cell] = []
        start: int | None = None
        row_number = 0
        for row in rows:
            found = self._add_row(row, row_number)
            if found:
                start = found[0].start if start is None else start
                cells += found
                row_number += 1
        if start is not None:
            self._tables.append(Table(start, self._length, tuple(cells)))
        self.end_group()

    def add_verbatim(self, content: Content, group: str = "") -> None:
        """Add a text with its indentation unless it is blank."""
        start = self._add(content, group, verbatim=True)
        if start is not None:
            self._mark(start, MarkKind.PREFORMATTED)

    def end_group(self) -> None:
        """Put a blank line before the next paragraph, whatever its group."""
        self._group = ""

    @property
    def places(self) -> Sequence[tuple[int, int, WordPlace]]:
        """The start and end in the text of each run with a place, and the place; in order."""
        return self._places

    def build(self, title: str = "") -> ParsedDocument:
        """Return the document."""
        self._place_pages()
        marks = sorted(self._marks, key=lambda mark: (mark.start, -mark.end))
        return ParsedDocument(
            "".join(self._parts),
            title.strip(),
            tuple(self._headings),
            tuple(self._pages),
            tuple(marks),
            tuple(self._tables),
        )

    def _add(
        self, content: Content, group: str, *, level: int = 0, verbatim: bool = False
    ) -> int | None:
        """Add a text and its inline marks; return where it starts, or None if it is blank."""
        runs = [Run(content)] if isinstance(content, str) else content
        pieces = [clean(run.text) for run in runs]
        text = "".join(pieces)
        stripped = text.strip("\n") if verbatim else text.strip()
        if not stripped.strip():
            return None
        if self._parts:
            self._append("\n" if group and group == self._group else "\n\n")
        self._place_pages()
        start = self._length
        lead = text.index(stripped)
        for mark in _inline_marks([run.marks for run in runs], pieces):
            left = max(0, mark.start - lead)
            right = min(len(stripped), mark.end - lead)
            if left < right:
                self._marks.append(mark._replace(start=start + left, end=start + right))
        self._place_words(runs, pieces, start - lead)
        if level:
            end = start + len(stripped)
            self._headings.append(Heading(start, end, min(level, _LOWEST_LEVEL)))
        self._append(stripped)
        self._group = group
        return start

    def _place_words(self, runs: Sequence[Run], pieces: Sequence[str], start: int) -> None:
        """Record the places of runs whose texts begin at ``start``."""
        for run, piece in zip(runs, pieces, strict=True):
            word = piece.strip()
            if run.place is not None and word:
                begin = start + len(piece) - len(piece.lstrip())
                self._places.append((begin, begin + len(word), run.place))
            start += len(piece)

    def _add_row(self, row: Sequence[TableCell | str], number: int) -> list[Cell]:
        """Add a row and return its cells that have text."""
        cells = [TableCell(cell) if isinstance(cell, str) else cell for cell in row]
        contents = [collapsed(cell.content) for cell in cells]
        shown = [at for at, content in enumerate(contents) if plain(content)]
        if not shown:
            return []
        runs: list[Run] = []
        places: list[tuple[int, int]] = []
        length = 0
        for at in range(shown[0], shown[-1] + 1):
            content = contents[at]
            pieces = [Run(content)] if isinstance(content, str) else content
            pieces = [Run(clean(run.text), run.marks, run.place) for run in pieces]
            pieces = [Run(_SEPARATOR)] * bool(runs) + [*pieces]
            end = length + len(plain(pieces))
            places.append((length + len(_SEPARATOR) * bool(runs), end))
            runs += pieces
            length = end
        start = self._add(runs, "row")
        if start is None:
            return []
        columns = list(accumulate((cell.columns for cell in cells), initial=0))
        return [
            Cell(
                start + left, start + right, number, columns[at], cells[at].columns,
                cells[at].is_header,
            )
            for at, (left, right) in enumerate(places, start=shown[0])
            if left < right
        ]  # fmt: skip

    def _mark(self, start: int, kind: MarkKind, *, level: int = 0) -> None:
        self._marks.append(Mark(start, self._length, kind, level=level))

    def _place_pages(self) -> None:
        self._pages += [self._length] * self._empty_pages
        self._empty_pages = 0

    def _append(self, text: str) -> None:
        self._length += len(text)
        self._limits.check_chars(self._length)
        self._parts.append(text)


def _inline_marks(marks: Sequence[tuple[InlineMark, ...]], pieces: Sequence[str]) -> Iterator[Mark]:
    """Yield the marks of runs, joining those that neighbouring runs share."""
    begun: dict[InlineMark, int] = {}
    position = 0
    for inline, piece in zip([*marks, ()], [*pieces, ""], strict=True):
        for mark in [mark for mark in begun if mark not in inline]:
            yield Mark(begun.pop(mark), position, mark.kind, mark.target)
        for mark in inline:
            begun.setdefault(mark, position)
        position += len(piece)
