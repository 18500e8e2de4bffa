"""Find what each row of a table is read with: the words of its headers.

The model reads ``Rona: In winter: 9; In summer: 14.`` for the row ``Rona | 9 | 14``. The row itself
stays as it is, so that quotes are exact.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from index.letters import plain_letters
from index.structure import Cell, Table, rows_of
from index.types import Article, LabelledCell, LabelledRow, Passage, Span
from qa.reading.guessed_tables import guess_tables, heads, is_quantity, rules

_TOP_ROWS = 12
"""How many rows at its top a table's header and width are known from."""
_MAX_HEADER_ROWS = 4
_MAX_ROWS_BACK = 500
"""How far above a passage the heading of a group of rows is searched."""
_NAMED_ROWS = 50
"""How many rows show which columns name them."""
_MAX_NAMES = 3
_MAX_LABEL_CHARS = 60
_MAX_LABELS_CHARS = 400
"""Longer labels are shortened, as each row repeats them."""
_MIN_LABEL_CHARS = 8
_MAX_COLUMNS = 1_000
_KEY_AND_VALUE = 2
_NO_SPAN = Span(0, 0)


def with_tables(passage: Passage, article: Article) -> Passage:
    """Return ``passage`` with what its rows of tables are read with."""
    if article.tables:
        first = bisect_left(article.tables, passage.start, key=lambda table: table.end)
        after = bisect_left(article.tables, passage.end, key=lambda table: table.start)
        tables, rows = list(article.tables[first:after]), []
    else:
        tables = guess_tables(article.text, passage.start, passage.end)
        rows = list(rules(article.text, passage.start, passage.end)) if tables else []
    header = ""
    for table in tables:
        reading = _TableReading.of(article.text, table)
        rows += reading.rows(passage.start, passage.end)
        if reading.header.end and reading.header.end <= passage.start < table.end:
            header = article.text[slice(*reading.header)]
    rows.sort(key=lambda row: row.cells[0].start)
    return replace(passage, table_header=header, rows=tuple(rows)) if rows else passage


@dataclass(slots=True)
class _TableReading:
    """Reads a table from its top, and remembers what the next row is under."""

    text: str
    table: Table
    width: int
    header: Span = _NO_SPAN
    """The header rows at the top; empty if there are none."""
    body: int = 0
    """The number of the first row below them."""
    labels: dict[int, list[str]] = field(default_factory=dict)
    """The words of the header cells above each column."""
    group: str = ""
    """The words of the row that names the rows below it."""
    names: list[int] = field(default_factory=lambda: [0])
    """The columns whose cells name their row."""
    in_header: bool = False
    """Whether the last row was a header."""

    @classmethod
    def of(cls, text: str, table: Table) -> _TableReading:
        top = list(_first_rows(table.cells))
        width = max((cell.column + cell.columns for row in top for cell in row), default=0)
        reading = cls(text, table, min(width, _MAX_COLUMNS))
        reading.read_header(top)
        return reading

    def read_header(self, top: Sequence[Sequence[Cell]]) -> None:
        """Read the rows above the first one with values, if they are a header."""
        rows = [row for row in top if not self.is_group(row)]
        marked = 0
        while marked < len(rows) - 1 and all(cell.is_header for cell in rows[marked]):
            marked += 1
        if marked > _MAX_HEADER_ROWS or (marked == len(rows) - 1 and _all_headers(rows[-1:])):
            marked = 1
        if not marked and not any(cell.is_header for row in rows for cell in row):
            marked = int(self._first_row_heads(rows))
        for row in rows[:marked]:
            self._add_labels(row)
            start = self.header.start if self.header.end else row[0].start
            self.header = Span(start, row[-1].end)
        self.body = rows[marked - 1][0].row + 1 if marked else 0

    def rows(self, start: int, end: int) -> Iterator[LabelledRow]:
        """Yield the rows with values between two offsets."""
        cells = self.table.cells
        first = bisect_left(cells, start, key=lambda cell: cell.end)
        last = bisect_left(cells, end, key=lambda cell: cell.start)
        if first >= last:
            return
        top = bisect_left(cells, cells[first].row - _MAX_ROWS_BACK, key=lambda cell: cell.row)
        until = bisect_left(cells, cells[last - 1].row + 1, key=lambda cell: cell.row)
        below = [row for row in rows_of(cells[top:until]) if row[0].row >= self.body]
        self._find_names([row for row in below if not self.is_group(row)])
        for row in below:
            if self.is_group(row):
                self.group, self.in_header = self._words(row[0]), False
            elif len(row) > 1 and self.labels and self.body and _all_headers([row]):
                self._replace_labels(row)
            else:
                self.in_header = False
                labelled = self._labelled(row, start, end)
                if labelled.cells:  # none if the passage ends between two of its cells
                    yield labelled

    def _find_names(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Find the columns that name rows: the first ones with words, until names differ."""
        some = [self._by_column(row) for row in rows[-_NAMED_ROWS:]]
        columns = list(zip(*some, strict=True))
        with_words = [
            at for at, column in enumerate(columns) if 2 * sum(map(is_quantity, column)) < len(some)
        ]
        self.names = with_words[:1] or [0]
        for column in with_words[1:_MAX_NAMES]:
            named = {tuple(row[at] for at in self.names) for row in some}
            more = {tuple(row[at] for at in [*self.names, column]) for row in some}
            if 2 * len(named) > len(some) or len(more) == len(named):
                break
            self.names.append(column)

    def is_group(self, row: Sequence[Cell]) -> bool:
        """Return whether a row is one cell that names the rows below it."""
        cell = row[0]
        is_alone = len(row) == 1 and cell.column == 0 and self.width > 1
        # Of two columns the second may just be blank.
        return is_alone and (cell.columns > 1 or self.width > _KEY_AND_VALUE)

    def _first_row_heads(self, rows: Sequence[Sequence[Cell]]) -> bool:
        """Return whether the first row seems to be a header, though the document says nothing."""
        if len(rows) < 2 or len(rows[0]) < 2:  # noqa: PLR2004
            return False
        first, *others = [self._by_column(row) for row in rows]
        return max(map(len, first)) <= _MAX_LABEL_CHARS and heads(first, others)

    def _by_column(self, row: Sequence[Cell]) -> list[str]:
        words = [""] * self.width
        for cell in row:
            if cell.column < self.width:
                words[cell.column] = self.text[cell.start : cell.end]
        return words

    def _replace_labels(self, row: Sequence[Cell]) -> None:
        if not self.in_header:
            self.labels.clear()
        self.in_header = True
        self._add_labels(row)

    def _add_labels(self, row: Sequence[Cell]) -> None:
        for cell in row:
            words = self._words(cell)
            for column in range(cell.column, min(cell.column + cell.columns, _MAX_COLUMNS)):
                above = self.labels.setdefault(column, [])
                if words not in above:
                    above.append(words)

    def _words(self, cell: Cell) -> str:
        words = plain_letters(self.text[cell.start : cell.end].strip("*_` :"))
        return _shortened(words, _MAX_LABEL_CHARS)

    def _labelled(self, row: Sequence[Cell], start: int, end: int) -> LabelledRow:
        words = [self.labels.get(cell.column, []) for cell in row]
        labels = [" ".join(of_cell) for of_cell in words]
        if sum(map(len, labels)) > _MAX_LABELS_CHARS:
            most = max(_MIN_LABEL_CHARS, _MAX_LABELS_CHARS // len(row))
            labels = [_joined_within(of_cell, most) for of_cell in words]
        named = [cell for cell in row if cell.column in self.names] or row[:1]
        name = ", ".join(filter(None, [self.group, *map(self._words, named)]))
        cells = tuple(
            LabelledCell(max(cell.start, start), min(cell.end, end), label, cell in named)
            for cell, label in zip(row, labels, strict=True)
            if cell.start < end and cell.end > start
        )
        return LabelledRow(self.table.start, name, cells)


def _first_rows(cells: Sequence[Cell]) -> Iterator[tuple[Cell, ...]]:
    until = bisect_left(cells, cells[0].row + _TOP_ROWS, key=lambda cell: cell.row)
    return rows_of(cells[:until])


def _all_headers(rows: Sequence[Sequence[Cell]]) -> bool:
    return all(cell.is_header for row in rows for cell in row)


def _joined_within(words: Sequence[str], most: int) -> str:
    """Return the words of header cells, from above downwards; the upper ones are cut first."""
    label = ""
    for part in reversed(words):
        left = most - len(label) - 1 if label else most
        if len(part) > left and label and left < _MIN_LABEL_CHARS // 2:
            break
        label = f"{_shortened(part, left)} {label}".rstrip()
    return label


def _shortened(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
