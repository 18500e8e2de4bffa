"""Choose the rows and columns of tables that can answer a question: those with most of its words.

A reading model confuses the cells of a table. Where a question has words of some rows, the others
are not read. Where it has words of some columns, an answer in another column is left out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from index.search.text_index import query_terms
from index.types import LabelledCell, LabelledRow, Passage, Span
from qa.reading.spans import SpanCandidate
from qa.retrieval.fusion import text_stems

_MAX_CELL_CHARS = 30
"""A longer cell is not an answer as a whole."""
_PROSE_CHARS = 120
"""A cell that is longer may answer in other words than the question's."""
_Words: TypeAlias = frozenset[str]


def rows_to_read(
    question: str, passages: Sequence[Passage], history: str = ""
) -> list[tuple[LabelledRow, ...]]:
    """Return the rows of tables of each passage; those not to be read have ``is_read`` False.

    A row is read unless another of its table has all words of the question that it has, and more;
    if the table has no header, two more, or any where it has none.
    If no row has any, the words of ``history``, the earlier turns, count. Of the cells of a row,
    those with most words in their headers have ``may_answer``, and the name of the row.
    """
    terms = frozenset(query_terms(question))
    return [
        tuple(_with_columns(row, terms) for row in rows)
        for rows in _rows_with_most(question, passages, history)
    ]


def _rows_with_most(
    question: str, passages: Sequence[Passage], history: str
) -> list[tuple[LabelledRow, ...]]:
    for asked in filter(None, (question, history)):
        terms = frozenset(query_terms(asked))
        words = [[_words_in(row, passage, terms) for row in passage.rows] for passage in passages]
        if any(map(any, words)):
            return _with_most(passages, words)
    return [passage.rows for passage in passages]


def in_fitting_columns(
    candidates: Sequence[SpanCandidate], rows: Sequence[LabelledRow]
) -> list[SpanCandidate]:
    """Return the spans of a passage without those in cells that may not answer.

    If there are no others, all are returned.
    """
    wrong = [cell for row in rows for cell in row.cells if not cell.may_answer]
    if not wrong:
        return list(candidates)
    starts = [cell.start for cell in wrong]
    fitting = []
    for candidate in candidates:
        at = bisect_right(starts, candidate.span.start) - 1
        if at < 0 or candidate.span.start >= wrong[at].end:
            fitting.append(candidate)
    return fitting or list(candidates)


def whole_cell(candidate: SpanCandidate) -> Span:
    """Return the short cell that a span is in; the span itself if it is in none."""
    span = candidate.span
    for row in candidate.passage.rows:
        for cell in row.cells:
            if cell.start <= span.start and span.end <= cell.end:
                return Span(cell.start, cell.end) if _is_short(cell) else span
    return span


def _with_columns(row: LabelledRow, terms: _Words) -> LabelledRow:
    """Return a row of which only the cells below headers with most of ``terms`` may answer."""
    if not row.is_read or _is_prose(row):
        return row
    words = [
        frozenset[str]() if cell.is_name else terms.intersection(text_stems(cell.label))
        for cell in row.cells
    ]
    if not any(words):
        return row
    largest = _largest(words)
    return row._replace(
        cells=tuple(
            cell if cell.is_name or own in largest else cell._replace(may_answer=False)
            for cell, own in zip(row.cells, words, strict=True)
        )
    )


def _is_prose(row: LabelledRow) -> bool:
    return len(row.cells) == 1 or any(cell.end - cell.start > _PROSE_CHARS for cell in row.cells)


def _is_short(cell: LabelledCell) -> bool:
    return cell.end - cell.start <= _MAX_CELL_CHARS


def _words_in(row: LabelledRow, passage: Passage, terms: _Words) -> _Words:
    """Return those of ``terms`` that are in a row, except the words of its headers."""
    text = passage.words(Span(row.cells[0].start, row.cells[-1].end))
    labels = {stem for cell in row.cells for stem in text_stems(cell.label)}
    own = {*text_stems(row.name), *(stem for stem in text_stems(text) if stem not in labels)}
    return terms & own


def _with_most(
    passages: Sequence[Passage], words: Sequence[Sequence[_Words]]
) -> list[tuple[LabelledRow, ...]]:
    of_table: dict[tuple[str, int], set[_Words]] = {}
    with_header: set[tuple[str, int]] = set()
    for passage, found in zip(passages, words, strict=True):
        for row, own in zip(passage.rows, found, strict=True):
            table = passage.article_id, row.table
            if not _is_prose(row):
                of_table.setdefault(table, set()).add(own)
            if any(cell.label for cell in row.cells):
                with_header.add(table)
    # The rows of a table without a header, such as the lines of a form, differ in what they are
    # about: one with a word less of the question may be the one that is asked for.
    largest = {
        table: _largest(found, more=1 if table in with_header else 2)
        for table, found in of_table.items()
    }
    return [
        tuple(
            row._replace(
                is_read=row.is_read
                and (_is_prose(row) or own in largest[passage.article_id, row.table])
            )
            for row, own in zip(passage.rows, found, strict=True)
        )
        for passage, found in zip(passages, words, strict=True)
    ]


def _largest(found: Iterable[_Words], more: int = 1) -> set[_Words]:
    """Return the sets that are not part of another with so many ``more`` words.

    An empty set is part of any other.
    """
    largest: list[_Words] = []
    for one in sorted(found, key=len, reverse=True):
        least = len(one) + more if one else 1
        if not any(one < other and len(other) >= least for other in largest):
            largest.append(one)
    return set(largest)
