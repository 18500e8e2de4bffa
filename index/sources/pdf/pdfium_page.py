"""Read the words of a PDF's page with their positions, by PDFium."""

from __future__ import annotations

import ctypes
import functools
import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.limits import LoadLimits
from index.sources.pdf.pdf_page import (
    BOLD,
    DIAGONAL,
    ITALIC,
    MONOSPACED,
    Floats,
    PageLink,
    PrintedPage,
    Rule,
)
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
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LARGEST_CODE = 0x10FFFF
_INVISIBLE = 3
"""The render mode in which scanners put the recognised text behind the picture."""
_THIN = 3.0
_SCALE = 1_000
# Shares of the size: two letters this far apart are not of one word; a baseline that differs more
# is another line or a raised letter.
_APART = 0.4
_RISE = 0.07
_OTHER_SIZE = 1.04
_WIDEST_LETTER = 1.1


class _Functions:
    """PDFium's functions with numbers for pointers, so that whole arrays are read quickly."""

    def __init__(self) -> None:
        from pypdfium2 import raw

        pointer, number = ctypes.c_void_p, ctypes.c_int
        self.loose_box = _prototype(raw.FPDFText_GetLooseCharBox, number, pointer, number, pointer)
        self.origin = _prototype(
            raw.FPDFText_GetCharOrigin, number, pointer, number, pointer, pointer
        )
        self.text_object = _prototype(raw.FPDFText_GetTextObject, pointer, pointer, number)
        self.matrix = _prototype(raw.FPDFText_GetMatrix, number, pointer, number, pointer)
        self.render_mode = _prototype(raw.FPDFTextObj_GetTextRenderMode, number, pointer)
        self.font = _prototype(raw.FPDFTextObj_GetFont, pointer, pointer)
        self.font_size = _prototype(raw.FPDFText_GetFontSize, ctypes.c_double, pointer, number)


def _prototype(function: Any, *types: Any) -> Callable[..., Any]:  # noqa: ANN401 - of ctypes
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    made: Callable[..., Any] = ctypes.CFUNCTYPE(*types)(address)
    return made


@functools.cache
def _functions() -> _Functions:
    return _Functions()


class _Letters(NamedTuple):
    """What the letters of one text object have in common."""

    size: float
    style: int
    direction: int
    """In the page's own space."""
    is_shown: bool


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
        self._page, self._text_page, self._shown = page, text_page, shown
        self._handle = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        self._seen: dict[int, _Letters] = {}
        self._fonts: dict[int, int] = {}
        self._has_picture: bool | None = None
        self._matrix = (ctypes.c_float * 6)()

    def read(self, links: Sequence[tuple[tuple[float, float, float, float], str]]) -> PrintedPage:
        text = _raw_text(self._text_page)
        words = [match.span() for match in _WORD.finditer(text)]
        corners = self._corners(words)
        spans, objects = self._pieces(words, corners)
        letters = [
            self._seen.get(item) or self._letters_at(start, item)
            for (start, _), item in zip(spans, objects, strict=True)
        ]
        shown = [at for at, found in enumerate(letters) if found.is_shown]
        spans, letters = [spans[at] for at in shown], [letters[at] for at in shown]
        table = np.array(spans, dtype=np.int32).reshape(-1, 2)
        origins = self._origins(table[:, 0])
        boxes = self._shown.boxes(corners if spans == words else self._corners(spans))
        sizes = np.array([found.size for found in letters], dtype=np.float64)
        turn = self._shown.turn
        directions = np.array(
            [
                found.direction if found.direction == DIAGONAL else (found.direction + turn) % 4
                for found in letters
            ],
            dtype=np.int8,
        )
        starts = self._shown.points(origins)
        boxes = _without_far_edges(boxes, starts, sizes, directions)
        inside = _are_on_page(boxes, self._shown)
        joined = np.zeros(len(table), dtype=np.bool_)
        joined[1:] = table[1:, 0] == table[:-1, 1]
        styles = np.array([found.style for found in letters], dtype=np.int8)
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
        first = self._objects(start for start, _ in words)
        last = self._objects(end - 1 for _, end in words)
        pieces: list[tuple[int, int]] = []
        objects: list[int] = []
        wide = self._are_wide(words, first, corners)
        for word, one, other, is_wide in zip(words, first, last, wide, strict=True):
            if is_wide:
                parts = list(self._split(*word, at_each=True))
                pieces += parts
                objects += self._objects(start for start, _ in parts)
            elif one == other:
                pieces.append(word)
                objects.append(one)
            else:
                parts = list(self._split(*word))
                pieces += parts
                objects += self._objects(start for start, _ in parts)
        return pieces, objects

    def _are_wide(
        self, words: Sequence[tuple[int, int]], objects: Sequence[int], corners: Floats
    ) -> list[bool]:
        """Return which words are too wide for their letters: PDFium overlooks some spaces."""
        extent = corners[:, 2:] - corners[:, :2]
        letters = [
            self._seen.get(item) or self._letters_at(start, item)
            for (start, _), item in zip(words, objects, strict=True)
        ]
        sizes = np.array([found.size for found in letters])
        lengths = np.array([end - start for start, end in words], dtype=np.int32)
        wide = (lengths > 1) & (extent.max(axis=1, initial=0.0) > _WIDEST_LETTER * sizes * lengths)
        found: list[bool] = wide.tolist()
        return found

    def _objects(self, indexes: Iterator[int]) -> list[int]:
        found = map(_functions().text_object, repeat(self._handle), indexes)
        return [pointer or 0 for pointer in found]

    def _split(self, start: int, end: int, *, at_each: bool = False) -> Iterator[tuple[int, int]]:
        objects = self._objects(iter(range(start, end)))
        changes = [
            at
            for at in range(1, end - start)
            if at_each or (objects[at] != objects[at - 1] and objects[at])
        ]
        if not changes:
            yield start, end
            return
        at = np.array([0, *changes], dtype=np.int32) + start
        origins = self._origins(at)
        edges = self._boxes(np.array([[one - 1, one] for one in at[1:]], dtype=np.int32).ravel())
        begun = start
        for number in range(1, len(at)):
            here, there = int(at[number - 1]), int(at[number])
            before = self._letters_at(here, objects[here - start])
            after = self._letters_at(there, objects[there - start])
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

    def _letters_at(self, index: int, key: int) -> _Letters:
        """Return what is common to the letters of the text object ``key``, as of ``index``."""
        found = self._seen.get(key)
        if found is None:
            functions = _functions()
            functions.matrix(self._handle, index, ctypes.addressof(self._matrix))
            along, rise, _, up, _, _ = self._matrix
            scale = math.hypot(rise, up) or 1.0
            size = abs(functions.font_size(self._handle, index) * scale) or 1.0
            style = self._style(functions.font(key) or 0) if key else 0
            mode = functions.render_mode(key) if key else 0
            is_shown = mode != _INVISIBLE or self._is_scan()
            found = _Letters(size, style, _direction(along, rise, up), is_shown)
            if key:
                self._seen[key] = found
        return found

    def _style(self, font: int) -> int:
        if font not in self._fonts:
            self._fonts[font] = _style(font) if font else 0
        return self._fonts[font]

    def _is_scan(self) -> bool:
        """Return whether the page has a picture, behind which a scanner puts the text."""
        if self._has_picture is None:
            self._has_picture = has_picture(self._page)
        return self._has_picture

    def _origins(self, indexes: NDArray[np.int32]) -> Floats:
        """Return where letters stand, in the page's own space."""
        found = np.zeros((len(indexes), 2))
        first = found.ctypes.data
        addresses = range(first, first + 16 * len(indexes), 16)
        seconds = range(first + 8, first + 8 + 16 * len(indexes), 16)
        calls = map(_functions().origin, repeat(self._handle), indexes.tolist(), addresses, seconds)
        deque(calls, maxlen=0)
        return found

    def _boxes(self, indexes: NDArray[np.int32]) -> Floats:
        """Return left, bottom, right and top of letters, in the page's own space."""
        found = np.zeros((len(indexes), 4), dtype=np.float32)
        first = found.ctypes.data
        addresses = range(first, first + 16 * len(indexes), 16)
        deque(
            map(_functions().loose_box, repeat(self._handle), indexes.tolist(), addresses), maxlen=0
        )
        return found[:, [0, 3, 2, 1]].astype(np.float64)

    def _corners(self, words: Sequence[tuple[int, int]]) -> Floats:
        """Return left, bottom, right and top of words, in the page's own space."""
        spans = np.array(words, dtype=np.int32).reshape(-1, 2)
        first, last = self._boxes(spans[:, 0]), self._boxes(spans[:, 1] - 1)
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


def _raw_text(text_page: Any) -> str:  # noqa: ANN401 - untyped
    from pypdfium2 import raw

    count = text_page.count_chars()
    codes = list(map(raw.FPDFText_GetUnicode, repeat(text_page.raw), range(count)))
    if codes and max(codes) > _LARGEST_CODE:  # PDFium returns the font's code if it knows no other
        codes = [code if code <= _LARGEST_CODE else ord(_REPLACEMENT) for code in codes]
    return "".join(map(chr, codes))


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


def _direction(along: float, across: float, up: float) -> int:
    """Return the quarter turns clockwise of letters by their matrix; 4 for a diagonal."""
    if abs(across) <= 0.2 * abs(along):
        # Mirrored letters, as of some right-to-left files, still run from the left.
        return 0 if along > 0 or up > 0 else 2
    if abs(along) <= 0.2 * abs(across):
        return 3 if across > 0 else 1
    return DIAGONAL


def _style(pointer: int) -> int:
    """Return BOLD, ITALIC and MONOSPACED as of the name and the flags of a font."""
    from pypdfium2 import raw

    font = ctypes.cast(pointer, raw.FPDF_FONT)
    buffer = ctypes.create_string_buffer(200)
    raw.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    name = buffer.value.decode("utf-8", "replace").rpartition("+")[2].lower()
    flags = max(raw.FPDFFont_GetFlags(font), 0)
    style = BOLD if re.search("bold|black|heavy|cmb|-medi$", name) else 0
    style |= ITALIC if flags & 0x40 or re.search("ital|obli|slant|cmti|cmsl", name) else 0
    monospaced = flags & 0x01 or re.search("courier|mono|consol|typewriter|cmtt|menlo", name)
    return style | (MONOSPACED if monospaced else 0)


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
