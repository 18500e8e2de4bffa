"""Show the rows of tables that an answer quotes as pairs of header and cell.

``Rona | 9 | 14`` says little where the header is out of sight. The quote itself stays as it is:
only what is displayed differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from index.types import LabelledRow
from qa.answers.answer import Answer, Part, parts
from qa.answers.citation import Citation

_MIN_CELLS = 4
"""A shorter row is easily read as it is."""


@dataclass(frozen=True, slots=True)
class QuotedCell:
    """A cell of a quoted row."""

    text: str
    label: str
    """The words of its header; empty if it has none, or if it names the row."""
    is_short: bool
    """Whether the short answer is in it."""


@dataclass(frozen=True, slots=True)
class QuotedRow:
    """A row of a table that is quoted whole, without its blank cells."""

    cells: tuple[QuotedCell, ...]


def displayed_parts(answer: Answer) -> Iterator[Part | QuotedRow]:
    """Yield the parts of the text of an answer, with wide rows of tables as such."""
    quoted: list[Part] = []
    for part in parts(answer):
        if not part.number:
            quoted.append(part)
            continue
        row = _quoted_row(answer, answer.citations[part.number - 1], quoted)
        if row:
            yield from (Part(" "), row, Part(" "))
        else:
            yield from quoted
        yield part
        quoted = []
    yield from quoted


def row_html(row: QuotedRow, escape: Callable[[str], str]) -> str:
    """Return a row as HTML; ``escape`` makes text safe to show."""
    return f'<span class="cells">{" ".join(_cell_html(cell, escape) for cell in row.cells)}</span>'


def _quoted_row(answer: Answer, citation: Citation, quoted: Sequence[Part]) -> QuotedRow | None:
    """Return the row that the parts before a mark are, if they are one with a header."""
    text = "".join(part.text for part in quoted)
    row = _row_at(answer, citation)
    if row is None or text.strip() != citation.quote.strip():
        return None
    offset = citation.start - text.index(citation.quote.strip())
    position, shorts = offset, []
    for part in quoted:
        if part.is_short:
            shorts.append((position, position + len(part.text)))
        position += len(part.text)
    return QuotedRow(
        tuple(
            QuotedCell(
                citation.quote[cell.start - citation.start : cell.end - citation.start],
                "" if cell.is_name else cell.label,
                any(cell.start < end and start < cell.end for start, end in shorts),
            )
            for cell in row.cells
        )
    )


def _row_at(answer: Answer, citation: Citation) -> LabelledRow | None:
    """Return the wide row with a header at a citation, if that is all that it quotes."""
    for passage in answer.passages:
        if passage.article_id != citation.article_id:
            continue
        for row in passage.rows:
            first, last = row.cells[0], row.cells[-1]
            is_wide = len(row.cells) >= _MIN_CELLS and any(cell.label for cell in row.cells)
            is_inside = first.start == citation.start and last.end <= citation.end
            after = citation.quote[last.end - citation.start :]
            if is_wide and is_inside and not after.strip(" |"):
                return row
    return None


def _cell_html(cell: QuotedCell, escape: Callable[[str], str]) -> str:
    label = f'<span class="cell-label">{escape(cell.label)}</span> ' if cell.label else ""
    text = escape(cell.text)
    return (
        f'<span class="cell">{label}{f"<strong>{text}</strong>" if cell.is_short else text}</span>'
    )
