"""Read the words of a PDF's page with their positions, by PDFium."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from index.limits import LoadLimits
from index.sources.pdf.pdf_page import DIAGONAL, Box, PageLink, PrintedPage, PrintedWord, Rule
from index.sources.pdf.pdfium_letters import LetterLook, PageLetters
from index.sources.pdf.pdfium_objects import (
    MAX_RULES,
    addresses,
    draw_annotations,
    has_picture,
    has_written_annotations,
    segments,
)

# PDFium writes "\x02" for a hyphen at the end of a line, and then no line end.
_WORD = re.compile("[^\\s\x02\xad]+[\x02\xad]?|[\x02\xad]")
_THIN = 3.0
_SCALE = 1_000
# Shares of the size: two letters this far apart are not of one word; a baseline that differs more
# is another line or a raised letter.
_APART = 0.4
_RISE = 0.07
_OTHER_SIZE = 1.04
_WIDEST_LETTER = 1.1


def read_page(document: Any, index: int, limits: LoadLimits) -> PrintedPage:  # noqa: ANN401 - untyped
    """Return what a page shows, with what is written into its form fields.

    Args:
        document: A pypdfium2 document.
        index: The page, from 0.
        limits: The limits on the file.

    Raises:
        PdfiumError: The page is damaged.
        TooLarge: It alone has more characters than the limit.
    """
    page = document[index]
    try:
        shown = _Shown.of(page)
        links = list(addresses(page))
        if has_written_annotations(page):
            draw_annotations(page)
            page.close()
            page = document[index]
        text_page = page.get_textpage()
        try:
            limits.check_chars(text_page.count_chars() // 2)  # a half may be spaces
            return _PageReader(page, text_page, shown).read(links)
        finally:
            text_page.close()
    finally:
        page.close()


@dataclass(frozen=True, slots=True)
class _Shown:
    """The page as it is shown: cropped and turned."""

    width: float
    height: float
    matrix: tuple[float, float, float, float, float, float]
    """From the page's own space to points from the upper left corner, in PDF's order."""

    @classmethod
    def of(cls, page: Any) -> _Shown:  # noqa: ANN401 - untyped
        """Return how a page is shown."""
        from pypdfium2 import raw

        width, height = page.get_size()
        x, y = ctypes.c_int(), ctypes.c_int()
        size = round(width * _SCALE), round(height * _SCALE)
        points: list[float] = []
        for at in ((1000, 0), (0, 1000), (0, 0)):
            raw.FPDF_PageToDevice(page, 0, 0, *size, 0, *at, x, y)
            points += x.value / _SCALE, y.value / _SCALE
        a, b, c, d, e, f = points
        return cls(
            width,
            height,
            ((a - e) / 1000, (b - f) / 1000, (c - e) / 1000, (d - f) / 1000, e, f),
        )

    @property
    def turn(self) -> int:
        """The quarter turns clockwise by which the page is shown."""
        x, y = self.matrix[:2]
        return (0 if x > 0 else 2) if abs(x) > abs(y) else (1 if y > 0 else 3)

    def boxes(self, boxes: Iterable[Box]) -> Iterator[Box]:
        """Yield boxes of the page's own space as left, top, right, bottom on the page as shown."""
        a, b, c, d, e, f = self.matrix
        for left, bottom, right, top in boxes:
            x, y = a * left + c * bottom + e, b * left + d * bottom + f
            x2, y2 = a * right + c * top + e, b * right + d * top + f
            if x > x2:
                x, x2 = x2, x
            yield (x, y, x2, y2) if y < y2 else (x, y2, x2, y)

    def points(self, points: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
        """Yield points of the page's own space on the page as it is shown."""
        a, b, c, d, e, f = self.matrix
        for x, y in points:
            yield a * x + c * y + e, b * x + d * y + f


class _Piece(NamedTuple):
    """A word, or a part of one in the same letters."""

    start: int
    end: int
    item: int
    """The address of its text object."""
    extent: Box


class _PageReader:
    def __init__(self, page: Any, text_page: Any, shown: _Shown) -> None:  # noqa: ANN401 - untyped
        self._page, self._shown = page, shown
        self._letters = PageLetters(text_page)
        self._has_picture: bool | None = None

    def read(self, links: Sequence[tuple[Box, str]]) -> PrintedPage:
        text = self._letters.text()
        words = [match.span() for match in _WORD.finditer(text)]
        pieces = self._pieces(words)
        looks = self._letters.looks(
            (piece.start for piece in pieces), (piece.item for piece in pieces)
        )
        shown = [
            (piece, look)
            for piece, look in zip(pieces, looks, strict=True)
            if not look.is_invisible or self._is_scan()
        ]
        return PrintedPage.of(
            self._shown.width,
            self._shown.height,
            text,
            self._printed_words(shown),
            rules=tuple(self._rules()),
            links=tuple(self._links(links)),
        )

    def _printed_words(self, pieces: Sequence[tuple[_Piece, LetterLook]]) -> Iterator[PrintedWord]:
        """Yield the words whose centres are on the page."""
        shown, turn = self._shown, self._shown.turn
        origins = self._letters.origins([piece.start for piece, _ in pieces])
        boxes = shown.boxes(piece.extent for piece, _ in pieces)
        end_before = -1
        for (piece, look), (x, y), whole in zip(pieces, shown.points(origins), boxes, strict=True):
            start, end = piece[:2]
            size, style, direction, _ = look
            direction = direction if direction == DIAGONAL else (direction + turn) % 4
            box = _without_far_edges(whole, x, y, size, direction)
            is_joined, end_before = start == end_before, end
            if _is_on_page(box, shown) and math.isfinite(x + y):
                yield PrintedWord(start, end, *box, x, y, size, style, direction, is_joined)

    def _pieces(self, words: Sequence[tuple[int, int]]) -> list[_Piece]:
        """Return the words, split where letters or baselines change."""
        first = self._letters.objects(start for start, _ in words)
        last = self._letters.objects(end - 1 for _, end in words)
        extents = self._letters.extents(words)
        looks = self._letters.looks((start for start, _ in words), first)
        pieces: list[_Piece] = []
        for word, one, other, extent, look in zip(words, first, last, extents, looks, strict=True):
            is_wide = _is_wide(*word, extent, look.size)
            if one == other and not is_wide:
                pieces.append(_Piece(*word, one, extent))
                continue
            parts = list(self._split(*word, at_each=is_wide))
            boxes = [extent] if len(parts) == 1 else self._letters.extents([p[:2] for p in parts])
            pieces += [_Piece(*part, box) for part, box in zip(parts, boxes, strict=True)]
        return pieces

    def _split(self, start: int, end: int, *, at_each: bool) -> Iterator[tuple[int, int, int]]:
        """Yield the parts of a word in the same letters, each with its first text object."""
        objects = self._letters.objects(range(start, end))
        changes = [
            at
            for at in range(1, end - start)
            if at_each or (objects[at] != objects[at - 1] and objects[at])
        ]
        if not changes:
            yield start, end, objects[0]
            return
        at = [start, *(start + change for change in changes)]
        origins = self._letters.origins(at)
        edges = self._letters.boxes([side for one in at[1:] for side in (one - 1, one)])
        begun = start
        for number in range(1, len(at)):
            here, there = at[number - 1], at[number]
            before = self._letters.look(here, objects[here - start])
            after = self._letters.look(there, objects[there - start])
            size = max(before.size, after.size)
            one, other = edges[2 * number - 2], edges[2 * number - 1]
            across = 1 if before.direction in (0, 2) else 0
            gap = max(other[1 - across] - one[3 - across], one[1 - across] - other[3 - across])
            differs = (
                before.style != after.style
                or before.direction != after.direction
                or max(before.size, after.size) > _OTHER_SIZE * min(before.size, after.size)
                or abs(origins[number][across] - origins[number - 1][across]) > _RISE * size
                or gap > _APART * size
            )
            if differs:
                yield begun, there, objects[begun - start]
                begun = there
        yield begun, end, objects[begun - start]

    def _is_scan(self) -> bool:
        """Return whether the page has a picture, behind which a scanner puts the text."""
        if self._has_picture is None:
            self._has_picture = has_picture(self._page)
        return self._has_picture

    def _rules(self) -> Iterator[Rule]:
        ends = list(segments(self._page))
        if not ends or len(ends) > MAX_RULES:
            return
        for left, top, right, bottom in self._shown.boxes(ends):
            if right - left < _THIN or bottom - top < _THIN:
                yield Rule(left, top, right, bottom)

    def _links(self, links: Sequence[tuple[Box, str]]) -> Iterator[PageLink]:
        boxes = self._shown.boxes(box for box, _ in links)
        for box, (_, target) in zip(boxes, links, strict=True):
            yield PageLink(*box, target)


def _is_wide(start: int, end: int, extent: Box, size: float) -> bool:
    """Return whether a word is too wide for its letters: PDFium overlooks some spaces."""
    left, bottom, right, top = extent
    length = end - start
    return length > 1 and max(right - left, top - bottom) > _WIDEST_LETTER * size * length


def _without_far_edges(box: Box, x: float, y: float, size: float, direction: int) -> Box:
    """Return a word's box, limited across its direction to the height of the letters.

    Some fonts claim a height of several lines.
    """
    left, top, right, bottom = box
    if direction in (0, 2):
        first, last = y - size, y + size
        return left, first if first > top else top, right, last if last < bottom else bottom
    if direction in (1, 3):
        first, last = x - size, x + size
        return first if first > left else left, top, last if last < right else right, bottom
    return box


def _is_on_page(box: Box, shown: _Shown) -> bool:
    """Return whether the centre of a box is on the page."""
    left, top, right, bottom = box
    return 0 <= (left + right) / 2 <= shown.width and 0 <= (top + bottom) / 2 <= shown.height
