"""Turn the pages of a PDF into paragraphs, headings, lists, code and tables."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import TypeAlias

from index.limits import LoadLimits, check_cancelled
from index.source_file import PageLayout
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.pdf.pdf_columns import TextBlock, reading_order
from index.sources.pdf.pdf_hyphens import HyphenRules
from index.sources.pdf.pdf_line_numbers import without_line_numbers
from index.sources.pdf.pdf_lines import BULLETS, Line, rows_of
from index.sources.pdf.pdf_page import BOLD, MONOSPACED, PrintedPage
from index.sources.pdf.pdf_paragraphs import (
    MAX_HEADING_CHARS,
    BodyStyle,
    ParagraphReader,
    PlacedLine,
    in_reading_order,
)
from index.sources.pdf.pdf_ruled_tables import ruled_tables
from index.sources.pdf.pdf_running_heads import PageLine, running_heads
from index.sources.pdf.pdf_tables import Row, TableBlock
from index.sources.pdf.pdf_writer import PartWriter

Outline: TypeAlias = dict[int, dict[str, int]]
"""For each page, the levels of its bookmarks by their titles in lower case."""

_HEADING_SIZE = 1.15
_ABOUT = 1.11
_LARGEST_LEADING = 3.0
_NEAR_LINES = 4
_EDGE_ROWS = 4
_MIN_STAMPED_PAGES = 3
_SAME_LEFT = 3.0
_LETTER = re.compile(r"[^\W\d_]")
_DASH = re.compile(r"[–—-]\s")
# Words of longer documents are read from the pages twice, rather than kept: one takes 500 bytes.
_MAX_KEPT_WORDS = 400_000


def lay_out(pages: Sequence[PrintedPage], outline: Outline, limits: LoadLimits) -> ParsedDocument:
    """Return the text of the pages in reading order, with its structure and its words' places.

    A line is a heading if its letters are large, if it is a title in ``outline``, or if it is a
    paragraph in bold above one that is not.

    Raises:
        TooLarge: It has more characters than the limit.
    """
    rows = _Rows(pages)
    body = _body_style(pages, rows)
    lines = list(_row_lines(len(pages), rows, body))
    removed = running_heads(lines, len(pages), body.size)
    if not _has_other_rows(rows, len(pages), len(removed)) and _have_letters(lines):
        removed = set()  # pages that all say the same
    levels = _Levels([line for at, line in enumerate(lines) if at not in removed], body, outline)
    heads = _baselines(lines, removed)
    del lines
    builder = TextBuilder(limits)
    writer = PartWriter(
        builder,
        body,
        HyphenRules(lambda: (page.raw_text for page in pages)),
        [page.links for page in pages],
    )
    reader = ParagraphReader(body, levels, levels.lowest + 1)
    found = _lines_of_pages(pages, rows, heads)
    for part in in_reading_order(reader.parts(found)):
        check_cancelled()
        writer.add(part)
    return _with_places(builder, pages)


class _Rows:
    """The rows of each page's words, without the numbers of its lines."""

    def __init__(self, pages: Sequence[PrintedPage]) -> None:
        self._pages = pages
        self._are_kept = sum(page.word_count for page in pages) <= _MAX_KEPT_WORDS
        self._kept: dict[tuple[int, int], list[Row]] = {}

    def of(self, number: int) -> list[Row]:
        """Return the rows of a page, from 1, in the direction of most of its words."""
        return self._rows(number, self._pages[number - 1].main_direction)

    def turned(self, number: int) -> Iterator[tuple[int, list[Row]]]:
        """Yield the other directions of a page, and their rows that few pages share."""
        for direction in self._pages[number - 1].other_directions:
            rows = self._rows(number, direction)
            yield direction, [row for row in rows if not self._is_stamp(row, direction)]

    def _rows(self, number: int, direction: int) -> list[Row]:
        if (number, direction) in self._kept:
            return self._kept[number, direction]
        check_cancelled()
        rows = without_line_numbers(rows_of(self._pages[number - 1].words(direction)))
        if self._are_kept:
            self._kept[number, direction] = rows
        return rows

    def _is_stamp(self, row: Row, direction: int) -> bool:
        """Return whether most pages, and at least three, have the same at the same place."""
        count = self._places[_place(row, direction)]
        return count >= _MIN_STAMPED_PAGES and 2 * count > len(self._pages)

    @cached_property
    def _places(self) -> Counter[tuple[str, int, int]]:
        return Counter(
            place
            for number, page in enumerate(self._pages, start=1)
            for direction in page.other_directions
            for place in {_place(row, direction) for row in self._rows(number, direction)}
        )


def _place(row: Row, direction: int) -> tuple[str, int, int]:
    return " ".join(word.text for word in row), round(row[0].baseline), direction


def _body_style(pages: Sequence[PrintedPage], rows: _Rows) -> BodyStyle:
    letters: Counter[float] = Counter()
    styles: Counter[int] = Counter()
    gaps: defaultdict[int, list[float]] = defaultdict(list)
    for number, page in enumerate(pages, start=1):
        for word in page.printed_words():
            letters[round(word.size * 2) / 2] += word.end - word.start
            styles[word.style] += word.end - word.start
        for one, other in pairwise(rows.of(number)):
            gap = other[0].baseline - one[0].baseline
            if 0.5 * one[0].size < gap < _LARGEST_LEADING * one[0].size:
                gaps[round(one[0].size)].append(gap)
    total = sum(styles.values())
    usual = sum(
        flag
        for flag in (BOLD, MONOSPACED)
        if 2 * sum(count for style, count in styles.items() if style & flag) > total
    )
    leadings = {size: median(some) for size, some in gaps.items()}
    return BodyStyle(_usual_size(letters), usual, leadings)


def _usual_size(letters: Mapping[float, int]) -> float:
    """Return the size of the letters that cover most of the pages.

    Letters of about the same size count together: two fonts of one text often differ a little.
    """

    def area(size: float) -> float:
        near = (one for one in letters if size / _ABOUT < one < size * _ABOUT)
        return sum(one * one * letters[one] for one in near)

    if not letters:
        return 1.0
    best = max(letters, key=area)
    near = [one for one in letters if best / _ABOUT < one < best * _ABOUT]
    return max(near, key=lambda one: letters[one])


def _row_lines(pages: int, rows: _Rows, body: BodyStyle) -> Iterator[PageLine]:
    """Yield the rows that may be running heads or headings: outermost ones, and large ones."""
    for number in range(1, pages + 1):
        own = rows.of(number)
        for at, row in enumerate(own):
            is_outermost = at < _EDGE_ROWS or at >= len(own) - _EDGE_ROWS
            if is_outermost or row[0].size > _HEADING_SIZE * body.size:
                line = Line.of(row)
                yield PageLine(number, line.text, row[0].baseline, line.size)


def _has_other_rows(rows: _Rows, pages: int, removed: int) -> bool:
    """Return whether there are more rows than were removed."""
    count = 0
    for number in range(1, pages + 1):
        count += len(rows.of(number))
        if count > removed:
            return True
    return False


def _have_letters(lines: Sequence[PageLine]) -> bool:
    return any(len(_LETTER.findall(line.text)) > 1 for line in lines)


def _baselines(lines: Sequence[PageLine], removed: set[int]) -> dict[int, set[float]]:
    """Return the baselines of the removed lines, by page."""
    found: defaultdict[int, set[float]] = defaultdict(set)
    for at in removed:
        found[lines[at].page].add(lines[at].baseline)
    return found


class _Levels:
    """The levels of lines as headings: by the outline, or by the size of the letters."""

    def __init__(self, lines: Sequence[PageLine], body: BodyStyle, outline: Outline) -> None:
        self._outline, self._body = outline, body
        large = {round(line.size) for line in lines if self._is_large(line)}
        self._by_size = {size: at for at, size in enumerate(sorted(large, reverse=True), start=1)}

    @property
    def lowest(self) -> int:
        """The level of the smallest of the large letters; 0 if there are none."""
        return len(self._by_size)

    def __call__(self, page: int, line: Line) -> int:
        """Return the level of a line of a page, or 0."""
        by_title = self._outline.get(page, {}).get(line.text.casefold(), 0)
        if by_title or not self._is_large(line):
            return by_title
        return self._by_size.get(round(line.size), len(self._by_size) or 1)

    def _is_large(self, line: PageLine | Line) -> bool:
        return (
            line.size > _HEADING_SIZE * self._body.size
            and len(line.text) <= MAX_HEADING_CHARS
            and len(_LETTER.findall(line.text)) > 1
            and line.text[0] not in BULLETS
            and not _DASH.match(line.text)
        )


def _lines_of_pages(
    pages: Sequence[PrintedPage], rows: _Rows, heads: Mapping[int, set[float]]
) -> Iterator[PlacedLine | tuple[int, TableBlock]]:
    """Yield the lines and tables of all pages in reading order."""
    for number, page in enumerate(pages, start=1):
        gone = heads.get(number, set())
        upright = [row for row in rows.of(number) if row[0].baseline not in gone]
        yield from _lines_of_rows(number, upright, page, page.main_direction)
        for direction, turned in rows.turned(number):
            yield from _lines_of_rows(number, turned, page, direction)


def _lines_of_rows(
    number: int, rows: Sequence[Row], page: PrintedPage, direction: int
) -> Iterator[PlacedLine | tuple[int, TableBlock]]:
    rest, tables = ruled_tables(rows, page.rules_along(direction))
    for block in reading_order(rest):
        if not isinstance(block, TextBlock):
            yield number, block
            continue
        starts = True
        for at, line in enumerate(block.lines):
            table = tables.get(line.words[0].text)
            if table is not None:
                title, table = table.split_title()
                for at_title, above in enumerate(title):
                    yield PlacedLine(above, number, above.right, at_title == 0)
                yield number, table
                starts = True
                continue
            yield PlacedLine(line, number, _right_edge(block.lines, at), starts)
            starts = False


def _right_edge(lines: Sequence[Line], at: int) -> float:
    """Return the right edge of the column at a line: that of the longest line near it."""
    line = lines[at]
    return max(
        near.right
        for near in lines[max(0, at - _NEAR_LINES) : at + _NEAR_LINES + 1]
        if abs(near.left - line.left) < _SAME_LEFT * line.size
    )


def _with_places(builder: TextBuilder, pages: Sequence[PrintedPage]) -> ParsedDocument:
    """Return the document with where its pages start and where its words are."""
    words: list[list[tuple[int, int, float, float, float, float]]] = [[] for _ in pages]
    for start, end, place in builder.places:
        words[place.page - 1].append((start, end, *place[1:]))
    found = builder.build()
    starts: list[int] = []
    following = len(found.text)
    for own in reversed(words):
        following = min(following, own[0][0]) if own else following
        starts.append(following)
    starts = [0, *reversed(starts[:-1])] if starts else []
    layouts = tuple(
        PageLayout.of_words(page.width, page.height, own)
        for page, own in zip(pages, words, strict=True)
    )
    return replace(found, pages=tuple(starts), layouts=layouts)
