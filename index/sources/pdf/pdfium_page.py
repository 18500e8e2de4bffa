"""Read the words of a PDF's page with their positions, by PDFium."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.limits import LoadLimits
from index.sources.pdf.pdf_page import (
    DIAGONAL,
    Floats,
    PageLink,
    PrintedPage,
    Rule,
)
from index.sources.pdf.pdfium_letters import PageLetters
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
    matrix: Floats
    """``(2, 3)``: from the page's own space to points from the upper left corner."""

    @classmethod
    def of(cls, page: Any) -> _Shown:  # noqa: ANN401 - untyped
        width, height = page.get_size()
        return cls(width, height, _transform(page, width, height))

    @property
    def turn(self) -> int:
        """The quarter turns clockwise by which the page is shown."""
        x, y = self.matrix[0, 0], self.matrix[1, 0]
        return (0 if x > 0 else 2) if abs(x) > abs(y) else (1 if y > 0 else 3)

    def boxes(self, boxes: Floats) -> Floats:
        """Return boxes of the page's own space as left, top, right, bottom on the page as shown."""
        one, other = self.points(boxes[:, :2]), self.points(boxes[:, 2:])
        return np.concatenate([np.minimum(one, other), np.maximum(one, other)], axis=1)

    def points(self, points: Floats) -> Floats:
        """Return points of the page's own space on the page as it is shown."""
        moved: Floats = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return moved


class _PageReader:
    def __init__(self, page: Any, text_page: Any, shown: _Shown) -> None:  # noqa: ANN401 - untyped
        self._page, self._shown = page, shown
        self._letters = PageLetters(text_page)
        self._has_picture: bool | None = None

    def read(self, links: Sequence[tuple[tuple[float, float, float, float], str]]) -> PrintedPage:
        text = self._letters.text()
        words = [match.span() for match in _WORD.finditer(text)]
        corners = self._corners(words)
        spans, objects = self._pieces(words, corners)
        looks = self._letters.looks((start for start, _ in spans), objects)
        shown = [at for at, look in enumerate(looks) if not look.is_invisible or self._is_scan()]
        spans, looks = [spans[at] for at in shown], [looks[at] for at in shown]
        table = np.array(spans, dtype=np.int32).reshape(-1, 2)
        origins = self._letters.origins(table[:, 0])
        boxes = self._shown.boxes(corners if spans == words else self._corners(spans))
        sizes = np.array([look.size for look in looks], dtype=np.float64)
        turns = np.array([look.direction for look in looks], dtype=np.int8)
        directions = np.where(turns == DIAGONAL, turns, (turns + self._shown.turn) % 4)
        starts = self._shown.points(origins)
        boxes = _without_far_edges(boxes, starts, sizes, directions)
        inside = _are_on_page(boxes, self._shown)
        joined = np.zeros(len(table), dtype=np.bool_)
        joined[1:] = table[1:, 0] == table[:-1, 1]
        styles = np.array([look.style for look in looks], dtype=np.int8)
        return PrintedPage(
            self._shown.width,
            self._shown.height,
            text,
            table[inside],
            boxes[inside],
            starts[inside],
            sizes[inside],
            styles[inside],
            joined[inside],
            directions[inside],
            tuple(self._rules()),
            tuple(self._links(links)),
        )

    def _pieces(
        self, words: list[tuple[int, int]], corners: Floats
    ) -> tuple[list[tuple[int, int]], list[int]]:
        """Return the words, split where letters or baselines change, and their text objects."""
        first = self._letters.objects(start for start, _ in words)
        last = self._letters.objects(end - 1 for _, end in words)
        pieces: list[tuple[int, int]] = []
        objects: list[int] = []
        wide = self._are_wide(words, first, corners)
        for word, one, other, is_wide in zip(words, first, last, wide, strict=True):
            if is_wide:
                parts = list(self._split(*word, at_each=True))
                pieces += parts
                objects += self._letters.objects(start for start, _ in parts)
            elif one == other:
                pieces.append(word)
                objects.append(one)
            else:
                parts = list(self._split(*word))
                pieces += parts
                objects += self._letters.objects(start for start, _ in parts)
        return pieces, objects

    def _are_wide(
        self, words: Sequence[tuple[int, int]], objects: Sequence[int], corners: Floats
    ) -> list[bool]:
        """Return which words are too wide for their letters: PDFium overlooks some spaces."""
        extent = corners[:, 2:] - corners[:, :2]
        looks = self._letters.looks((start for start, _ in words), objects)
        sizes = np.array([look.size for look in looks])
        lengths = np.array([end - start for start, end in words], dtype=np.int32)
        wide = (lengths > 1) & (extent.max(axis=1, initial=0.0) > _WIDEST_LETTER * sizes * lengths)
        found: list[bool] = wide.tolist()
        return found

    def _split(self, start: int, end: int, *, at_each: bool = False) -> Iterator[tuple[int, int]]:
        objects = self._letters.objects(range(start, end))
        changes = [
            at
            for at in range(1, end - start)
            if at_each or (objects[at] != objects[at - 1] and objects[at])
        ]
        if not changes:
            yield start, end
            return
        at = np.array([0, *changes], dtype=np.int32) + start
        origins = self._letters.origins(at)
        edges = self._letters.boxes(
            np.array([[one - 1, one] for one in at[1:]], dtype=np.int32).ravel()
        )
        begun = start
        for number in range(1, len(at)):
            here, there = int(at[number - 1]), int(at[number])
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
                or abs(origins[number, across] - origins[number - 1, across]) > _RISE * size
                or gap > _APART * size
            )
            if differs:
                yield begun, int(at[number])
                begun = int(at[number])
        yield begun, end

    def _is_scan(self) -> bool:
        """Return whether the page has a picture, behind which a scanner puts the text."""
        if self._has_picture is None:
            self._has_picture = has_picture(self._page)
        return self._has_picture

    def _corners(self, words: Sequence[tuple[int, int]]) -> Floats:
        """Return left, bottom, right and top of words, in the page's own space."""
        spans = np.array(words, dtype=np.int32).reshape(-1, 2)
        first, last = self._letters.boxes(spans[:, 0]), self._letters.boxes(spans[:, 1] - 1)
        return np.concatenate(
            [np.minimum(first, last)[:, :2], np.maximum(first, last)[:, 2:]], axis=1
        )

    def _rules(self) -> Iterator[Rule]:
        ends = list(segments(self._page))
        if not ends or len(ends) > MAX_RULES:
            return
        boxes = self._shown.boxes(np.array(ends, dtype=np.float64))
        for left, top, right, bottom in boxes.tolist():
            if right - left < _THIN or bottom - top < _THIN:
                yield Rule(left, top, right, bottom)

    def _links(
        self, links: Sequence[tuple[tuple[float, float, float, float], str]]
    ) -> Iterator[PageLink]:
        if links:
            boxes = self._shown.boxes(np.array([box for box, _ in links], dtype=np.float64))
            for box, (_, target) in zip(boxes.tolist(), links, strict=True):
                yield PageLink(box[0], box[1], box[2], box[3], target)


def _transform(page: Any, width: float, height: float) -> Floats:  # noqa: ANN401 - untyped
    """Return the (2, 3) matrix from the page's own space to points on the page as it is shown."""
    from pypdfium2 import raw

    x, y = ctypes.c_int(), ctypes.c_int()
    size = round(width * _SCALE), round(height * _SCALE)
    points = []
    for at in ((0, 0), (1000, 0), (0, 1000)):
        raw.FPDF_PageToDevice(page, 0, 0, *size, 0, *at, x, y)
        points.append((x.value / _SCALE, y.value / _SCALE))
    origin, right, up = np.array(points)
    return np.stack([(right - origin) / 1000, (up - origin) / 1000, origin], axis=1)


def _without_far_edges(
    boxes: Floats, starts: Floats, sizes: Floats, directions: NDArray[np.int8]
) -> Floats:
    """Return the boxes, limited across their direction to the height of the letters.

    Some fonts claim a height of several lines.
    """
    boxes = boxes.copy()
    upright = (directions == 0) | (directions == 2)  # noqa: PLR2004
    for axis, which in ((1, upright), (0, (directions == 1) | (directions == 3))):  # noqa: PLR2004
        middle, size = starts[which, axis], sizes[which]
        boxes[which, axis] = np.maximum(boxes[which, axis], middle - size)
        boxes[which, axis + 2] = np.minimum(boxes[which, axis + 2], middle + size)
    return boxes


def _are_on_page(boxes: Floats, shown: _Shown) -> NDArray[np.bool_]:
    """Return which boxes have their centre on the page."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    inside: NDArray[np.bool_] = (x >= 0) & (x <= shown.width) & (y >= 0) & (y <= shown.height)
    return inside
