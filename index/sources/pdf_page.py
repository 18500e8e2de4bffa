"""Read one page of a PDF by PDFium: its words with their positions, its ruling lines, its links."""

from __future__ import annotations

import ctypes
import functools
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.limits import LoadLimits
from index.sources.document import clean

Floats: TypeAlias = NDArray[np.float64]

BOLD, ITALIC, MONOSPACED = 1, 2, 4

# PDFium writes "\x02" for a hyphen at the end of a line, and then no line end.
_WORD = re.compile("[^\\s\x02\xad]+[\x02\xad]?|[\x02\xad]")
_HYPHEN = "\x02"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LARGEST_CODE = 0x10FFFF
_INVISIBLE = 3
"""The render mode in which scanners put the recognised text behind the picture."""
_MAX_RULES = 4_000
_MAX_OBJECTS = 100_000
_MAX_LINKS = 5_000
_THIN = 3.0
_SCALE = 1_000
# Shares of the size: two letters this far apart are not of one word; a baseline that differs more
# is another line or a raised letter.
_APART = 0.4
_RISE = 0.07
_OTHER_SIZE = 1.04
_DIAGONAL = 4


class Word(NamedTuple):
    """A word, or a part of one in the same letters.

    ``left``, ``right`` and ``baseline`` are in points along and across its direction: for upright
    text, from the page's left and upper edge.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    style: int
    """BOLD | ITALIC | MONOSPACED."""
    order: int
    """Its number in the order in which the page draws."""
    is_joined: bool
    """Whether no space is drawn between it and the one before it in that order."""
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Left, top, right and bottom on the page as it is shown."""


class Rule(NamedTuple):
    """A straight line, or an edge of a rectangle, in the coordinates of words."""

    left: float
    top: float
    right: float
    bottom: float


class PageLink(NamedTuple):
    """An area of the page as it is shown that leads to an address."""

    left: float
    top: float
    right: float
    bottom: float
    target: str


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """The words of a page in compact form; :meth:`words` returns them as objects."""

    width: float
    """Of the page as it is shown, in points."""
    height: float
    raw_text: str
    """In the order in which the page draws, with white space between words and lines."""
    spans: NDArray[np.int32]
    """``(n, 2)``: the parts of ``raw_text`` that are words."""
    boxes: Floats
    """``(n, 4)``: left, top, right, bottom in points on the page as it is shown."""
    baselines: Floats
    """``(n, 2)``: where each word's baseline starts, x and y, on the page as it is shown."""
    sizes: Floats
    styles: NDArray[np.int8]
    joined: NDArray[np.bool_]
    directions: NDArray[np.int8]
    """Quarter turns clockwise; 4 is a diagonal."""
    rules: Sequence[Rule] = ()
    links: Sequence[PageLink] = ()

    @property
    def main_direction(self) -> int:
        """The direction of most of its words."""
        counts = np.bincount(self.directions, minlength=1)
        return int(counts.argmax())

    @property
    def other_directions(self) -> list[int]:
        """The other directions of its words."""
        return sorted(set(self.directions.tolist()) - {self.main_direction})

    def words(self, direction: int = 0) -> list[Word]:
        """Return the words that run in this direction, in the order in which they are drawn."""
        chosen = np.flatnonzero(self.directions == direction)
        if not len(chosen):
            return []
        boxes, origin = self.boxes[chosen], self.baselines[chosen]
        left, right, baseline = self._along(direction, boxes, origin)
        text = self.raw_text
        texts = [_shown(text[start:end]) for start, end in self.spans[chosen].tolist()]
        found = map(
            Word,
            texts,
            left.tolist(),
            right.tolist(),
            baseline.tolist(),
            self.sizes[chosen].tolist(),
            self.styles[chosen].tolist(),
            chosen.tolist(),
            self.joined[chosen].tolist(),
            map(tuple, boxes.tolist()),
        )
        return [word for word in found if word.text]

    def rules_along(self, direction: int) -> list[Rule]:
        """Return the rules in the coordinates of words that run in this direction."""
        if direction in (0, _DIAGONAL):
            return list(self.rules)
        width, height = self.width, self.height
        if direction == 1:
            return [Rule(r.top, width - r.right, r.bottom, width - r.left) for r in self.rules]
        if direction == 2:  # noqa: PLR2004 - upside down
            return [
                Rule(width - r.right, height - r.bottom, width - r.left, height - r.top)
                for r in self.rules
            ]
        return [Rule(height - r.bottom, r.left, height - r.top, r.right) for r in self.rules]

    def _along(
        self, direction: int, boxes: Floats, origin: Floats
    ) -> tuple[Floats, Floats, Floats]:
        if direction == 1:
            return boxes[:, 1], boxes[:, 3], self.width - origin[:, 0]
        if direction == 2:  # noqa: PLR2004 - upside down
            return self.width - boxes[:, 2], self.width - boxes[:, 0], self.height - origin[:, 1]
        if direction == 3:  # noqa: PLR2004 - upwards
            return self.height - boxes[:, 3], self.height - boxes[:, 1], origin[:, 0]
        return boxes[:, 0], boxes[:, 2], origin[:, 1]


@functools.lru_cache(maxsize=20_000)
def _shown(text: str) -> str:
    """Return the text of a word, a hyphen at the end of a line as ``-``."""
    text = text.replace(_HYPHEN, "-")
    return text if text.isprintable() else "".join(clean(text).split())


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


def _prototype(function: Any, *types: Any) -> Callable[..., int]:  # noqa: ANN401 - of ctypes
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    made: Callable[..., int] = ctypes.CFUNCTYPE(*types)(address)
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


def read_page(page: Any, limits: LoadLimits) -> PrintedPage:  # noqa: ANN401 - pypdfium2 is untyped
    """Return what a page shows. It must stay open meanwhile.

    Raises:
        PdfiumError: The page is damaged.
        TooLarge: It alone has more characters than the limit.
    """
    text_page = page.get_textpage()
    try:
        limits.check_chars(text_page.count_chars() // 2)  # a half may be spaces
        return _PageReader(page, text_page).read()
    finally:
        text_page.close()


class _PageReader:
    def __init__(self, page: Any, text_page: Any) -> None:  # noqa: ANN401 - untyped
        self._page, self._text_page = page, text_page
        self._handle = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        self._seen: dict[int, _Letters] = {}
        self._fonts: dict[int, int] = {}
        self._has_picture: bool | None = None
        self.width, self.height = page.get_size()
        self._to_shown = _transform(page, self.width, self.height)

    def read(self) -> PrintedPage:
        text = _raw_text(self._text_page)
        spans, objects = self._pieces([match.span() for match in _WORD.finditer(text)])
        letters = [
            self._seen.get(item) or self._letters_at(start, item)
            for (start, _), item in zip(spans, objects, strict=True)
        ]
        shown = [at for at, found in enumerate(letters) if found.is_shown]
        spans, letters = [spans[at] for at in shown], [letters[at] for at in shown]
        table = np.array(spans, dtype=np.int32).reshape(-1, 2)
        origins = self._origins(table[:, 0])
        boxes = self._shown_boxes(table)
        sizes = np.array([found.size for found in letters], dtype=np.float64)
        turn = self._turn()
        directions = np.array(
            [
                found.direction if found.direction == _DIAGONAL else (found.direction + turn) % 4
                for found in letters
            ],
            dtype=np.int8,
        )
        starts = origins @ self._to_shown[:, :2].T + self._to_shown[:, 2]
        boxes = _without_far_edges(boxes, starts, sizes, directions)
        inside = _overlap(boxes, self.width, self.height)
        joined = np.zeros(len(table), dtype=np.bool_)
        joined[1:] = table[1:, 0] == table[:-1, 1]
        styles = np.array([found.style for found in letters], dtype=np.int8)
        return PrintedPage(
            self.width,
            self.height,
            text,
            table[inside],
            boxes[inside],
            starts[inside],
            sizes[inside],
            styles[inside],
            joined[inside],
            directions[inside],
            tuple(self._rules()),
            tuple(self._links()),
        )

    def _pieces(self, words: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], list[int]]:
        """Return the words, split where letters or baselines change, and their text objects."""
        first = self._objects(start for start, _ in words)
        last = self._objects(end - 1 for _, end in words)
        pieces: list[tuple[int, int]] = []
        objects: list[int] = []
        for word, one, other in zip(words, first, last, strict=True):
            if one == other:
                pieces.append(word)
                objects.append(one)
            else:
                parts = list(self._split(*word))
                pieces += parts
                objects += self._objects(start for start, _ in parts)
        return pieces, objects

    def _objects(self, indexes: Iterator[int]) -> list[int]:
        found = map(_functions().text_object, repeat(self._handle), indexes)
        return [pointer or 0 for pointer in found]

    def _split(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        objects = self._objects(iter(range(start, end)))
        changes = [
            at for at in range(1, end - start) if objects[at] != objects[at - 1] and objects[at]
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
        from pypdfium2 import raw

        found = self._seen.get(key)
        if found is None:
            matrix = raw.FS_MATRIX()
            raw.FPDFText_GetMatrix(self._text_page, index, matrix)
            scale = float(np.hypot(matrix.b, matrix.d)) or 1.0
            size = abs(raw.FPDFText_GetFontSize(self._text_page, index) * scale) or 1.0
            item = raw.FPDFText_GetTextObject(self._text_page, index)
            style = self._style(raw.FPDFTextObj_GetFont(item)) if item else 0
            mode = raw.FPDFTextObj_GetTextRenderMode(item) if item else 0
            is_shown = mode != _INVISIBLE or self._is_scan()
            found = _Letters(size, style, _direction(matrix), is_shown)
            if key:
                self._seen[key] = found
        return found

    def _style(self, font: Any) -> int:  # noqa: ANN401 - a pointer
        key = ctypes.cast(font, ctypes.c_void_p).value or 0
        if key not in self._fonts:
            self._fonts[key] = _style(font) if key else 0
        return self._fonts[key]

    def _is_scan(self) -> bool:
        """Return whether the page has a picture, behind which a scanner puts the text."""
        from pypdfium2 import raw

        if self._has_picture is None:
            self._has_picture = any(
                raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_IMAGE
                for item in _objects(self._page)
            )
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

    def _shown_boxes(self, spans: NDArray[np.int32]) -> Floats:
        first, last = self._boxes(spans[:, 0]), self._boxes(spans[:, 1] - 1)
        corners = np.concatenate(
            [np.minimum(first, last)[:, :2], np.maximum(first, last)[:, 2:]], axis=1
        )
        return self._on_page(corners)

    def _on_page(self, boxes: Floats) -> Floats:
        """Return boxes of the page's own space as left, top, right, bottom on the page as shown."""
        matrix = self._to_shown
        one = boxes[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        other = boxes[:, 2:] @ matrix[:, :2].T + matrix[:, 2]
        return np.concatenate([np.minimum(one, other), np.maximum(one, other)], axis=1)

    def _turn(self) -> int:
        """Return the quarter turns clockwise by which the page is shown."""
        x, y = self._to_shown[0, 0], self._to_shown[1, 0]
        return (0 if x > 0 else 2) if abs(x) > abs(y) else (1 if y > 0 else 3)

    def _rules(self) -> Iterator[Rule]:
        ends = list(_segments(self._page))
        if not ends or len(ends) > _MAX_RULES:
            return
        boxes = self._on_page(np.array(ends, dtype=np.float64))
        for left, top, right, bottom in boxes.tolist():
            if right - left < _THIN or bottom - top < _THIN:
                yield Rule(left, top, right, bottom)

    def _links(self) -> Iterator[PageLink]:
        found = list(_addresses(self._page))
        if found:
            boxes = self._on_page(np.array([box for box, _ in found], dtype=np.float64))
            for box, (_, target) in zip(boxes.tolist(), found, strict=True):
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


def _direction(matrix: Any) -> int:  # noqa: ANN401 - of ctypes
    """Return the quarter turns clockwise of letters; 4 for a diagonal."""
    along, across = matrix.a, matrix.b
    if abs(across) <= 0.2 * abs(along):
        # Mirrored letters, as of some right-to-left files, still run from the left.
        return 0 if along > 0 or matrix.d > 0 else 2
    if abs(along) <= 0.2 * abs(across):
        return 3 if across > 0 else 1
    return _DIAGONAL


def _style(font: Any) -> int:  # noqa: ANN401 - a pointer
    from pypdfium2 import raw

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


def _overlap(boxes: Floats, width: float, height: float) -> NDArray[np.bool_]:
    """Return which boxes have their centre on the page."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    inside: NDArray[np.bool_] = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
    return inside


def _objects(page: Any) -> Iterator[Any]:  # noqa: ANN401 - untyped
    from pypdfium2 import raw

    for at in range(min(raw.FPDFPage_CountObjects(page), _MAX_OBJECTS)):
        yield raw.FPDFPage_GetObject(page, at)


def _segments(page: Any) -> Iterator[tuple[float, float, float, float]]:  # noqa: ANN401 - untyped
    """Yield the straight upright or level segments of paths, in the page's own space."""
    from pypdfium2 import raw

    count = 0
    matrix = raw.FS_MATRIX()
    x, y = ctypes.c_float(), ctypes.c_float()
    for item in _objects(page):
        if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_PATH:
            continue
        raw.FPDFPageObj_GetMatrix(item, matrix)
        begun = before = (0.0, 0.0)
        for number in range(raw.FPDFPath_CountSegments(item)):
            count += 1
            if count > 4 * _MAX_RULES:
                return
            segment = raw.FPDFPath_GetPathSegment(item, number)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            point = (
                matrix.a * x.value + matrix.c * y.value + matrix.e,
                matrix.b * x.value + matrix.d * y.value + matrix.f,
            )
            kind = raw.FPDFPathSegment_GetType(segment)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                begun = point
            elif kind == raw.FPDF_SEGMENT_LINETO:
                yield (*before, *point)
                if raw.FPDFPathSegment_GetClose(segment):
                    yield (*point, *begun)
            before = point


def _addresses(page: Any) -> Iterator[tuple[tuple[float, float, float, float], str]]:  # noqa: ANN401
    """Yield the areas of links in the page's own space and their addresses."""
    from pypdfium2 import raw

    position = ctypes.c_int(0)
    link = raw.FPDF_LINK()
    for _ in range(_MAX_LINKS):
        if not raw.FPDFLink_Enumerate(page, position, link):
            return
        action = raw.FPDFLink_GetAction(link)
        if not action or raw.FPDFAction_GetType(action) != raw.PDFACTION_URI:
            continue
        buffer = ctypes.create_string_buffer(2_000)
        raw.FPDFAction_GetURIPath(page.pdf, action, buffer, len(buffer))
        target = buffer.value.decode("utf-8", "replace").strip()
        box = raw.FS_RECTF()
        known = re.match(r"(?:https?://|mailto:)[^\s<>\"]+$", target, re.IGNORECASE)
        if known and raw.FPDFLink_GetAnnotRect(link, box):
            yield (box.left, box.bottom, box.right, box.top), target
