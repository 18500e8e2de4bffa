"""Leave out the numbers beside the lines of transcripts, pleadings and manuscripts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from index.sources.pdf.pdf_page import Word

_MIN_NUMBERED = 15
_MAX_DIGITS = 4
_MOST = 0.75
"""Which share of the rows from the first numbered one to the last is numbered."""
_SAME_PLACE = 1.5
"""In points."""
_SAME_GAP = 0.1
_SMALL = 0.86
_PROSE = 0.2
"""Which share of numbered rows goes on with a small letter, unless it is a list or a table."""


def without_line_numbers(rows: Sequence[list[Word]]) -> list[list[Word]]:
    """Return the rows of a page without the numbers of its lines, and without blank rows.

    Lines are numbered if most rows begin with a number in one column that is one more than that
    of the row above, at even distances, and if the rest is prose or blank: a numbered list and a
    table with ranks stay whole.
    """
    numbered = _longest_count(rows)
    if len(numbered) < _MIN_NUMBERED or len(numbered) < _MOST * (numbered[-1] - numbered[0] + 1):
        return list(rows)
    gaps = [rows[other][0].baseline - rows[one][0].baseline for one, other in pairwise(numbered)]
    usual = median(gaps)
    if sum(abs(gap - usual) > _SAME_GAP * usual for gap in gaps) > (1 - _MOST) * len(gaps):
        return list(rows)
    if not _numbers_lines([rows[at] for at in numbered]):
        return list(rows)
    gone = set(numbered)
    rest = (row[1:] if at in gone else row for at, row in enumerate(rows))
    return [row for row in rest if row]


def _longest_count(rows: Sequence[list[Word]]) -> list[int]:
    """Return which rows begin with numbers that count up by one in a column, the most in a row."""
    best: list[int] = []
    current: list[int] = []
    for at, row in enumerate(rows):
        if not _is_number(row[0]):
            continue
        if current and not _follows(rows[current[-1]][0], row[0]):
            current = []
        current.append(at)
        best = current if len(current) > len(best) else best
    return best


def _is_number(word: Word) -> bool:
    return len(word.text) <= _MAX_DIGITS and word.text.isascii() and word.text.isdigit()


def _follows(one: Word, other: Word) -> bool:
    return int(other.text) == int(one.text) + 1 and (
        abs(one.right - other.right) < _SAME_PLACE or abs(one.left - other.left) < _SAME_PLACE
    )


def _numbers_lines(rows: Sequence[list[Word]]) -> bool:
    """Return whether rows that begin with numbers are lines of text."""
    others = [row[1] for row in rows if len(row) > 1]
    if not others:
        return False
    small = sum(row[0].size < _SMALL * row[1].size for row in rows if len(row) > 1)
    goes_on = sum(word.text[0].islower() for word in others)
    return goes_on >= _PROSE * len(others) or small >= _MOST * len(others)
