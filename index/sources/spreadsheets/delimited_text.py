"""Read tables in plain text: CSV with any usual separator, and TSV."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterator
from io import StringIO

from index.limits import LoadLimits
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.spreadsheets.sheet import SheetCell, add_sheet

_SAMPLE_CHARS = 100_000
_SEPARATORS = ("\t", ";", ",", "|")
# Numbers and prose hardly ever contain these as regularly as commas.
_RARE_SEPARATORS = frozenset("\t;")
_REGULAR = 0.9
_MIN_SHARE = 0.5  # of the lines that a separator must split
_SWALLOWED_LINES = 20  # in a cell: a quotation mark was never closed


def read_csv(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the table in a text in UTF-8, with lines of one cell around it as paragraphs.

    Raises:
        TooLarge: It has too much text.
    """
    text = data.decode().removeprefix("\ufeff")
    separator, text = _declared_separator(text)
    separator = separator or find_separator(text[:_SAMPLE_CHARS])
    builder = TextBuilder(limits)
    if separator:
        add_sheet(
            builder,
            (
                {column: SheetCell(text) for column, text in enumerate(row) if text.strip()}
                for row in _records(text, separator, limits)
            ),
        )
    else:
        for line in text.split("\n"):
            builder.add_paragraph(line, group="line")
    return builder.build()


def find_separator(text: str) -> str:
    """Return the separator that splits the lines of a text most regularly; "" if none does.

    ``csv.Sniffer`` counts characters, and takes letters and decimal commas for separators.
    """
    found: list[tuple[float, int, str]] = []
    for separator in _SEPARATORS:
        widths = [len(row) for row in _reader(text, separator) if any(row)]
        widest = Counter(width for width in widths if width > 1).most_common(1)
        if not widest or sum(width > 1 for width in widths) < _MIN_SHARE * len(widths):
            continue
        width, count = widest[0]
        share = count / len(widths)
        if separator in _RARE_SEPARATORS and share >= _REGULAR:
            return separator
        found.append((share, width, separator))
    return max(found, default=(0, 0, ""))[2]


def _declared_separator(text: str) -> tuple[str, str]:
    """Return the separator that the first line declares for Excel, if any, and the other lines."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first) == len("sep=,"):
        return first[-1], rest
    return "", text


def _records(text: str, separator: str, limits: LoadLimits) -> Iterator[list[str]]:
    csv.field_size_limit(limits.max_chars)
    cells = itertools.chain.from_iterable(_reader(text, separator))
    is_unclosed = any(cell.count("\n") > _SWALLOWED_LINES for cell in cells)
    return _reader(text, separator, is_quoted=not is_unclosed)


def _reader(text: str, separator: str, *, is_quoted: bool = True) -> Iterator[list[str]]:
    lines = StringIO(text, newline="")
    return csv.reader(
        lines,
        delimiter=separator,
        skipinitialspace=True,
        quoting=csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE,
    )
