"""Read what PDFium knows of the letters of a PDF's page, in the page's own space."""

from __future__ import annotations

import ctypes
import math
import re
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from index.sources.pdf.pdf_page import BOLD, DIAGONAL, ITALIC, MONOSPACED, Box
from index.sources.pdf.pdfium_functions import functions

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LARGEST_CODE = 0x10FFFF
_INVISIBLE = 3
"""The render mode in which scanners put the recognised text behind the picture."""


class LetterLook(NamedTuple):
    """What the letters of one text object have in common."""

    size: float
    style: int
    direction: int
    """In the page's own space."""
    is_invisible: bool


class PageLetters:
    """The letters of a page, which are addressed by their indexes in its text."""

    def __init__(self, text_page: Any) -> None:  # noqa: ANN401 - untyped
        self._text_page = text_page
        self._handle = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        self._looks: dict[int, LetterLook] = {}
        self._fonts: dict[int, int] = {}
        self._matrix = (ctypes.c_float * 6)()

    def text(self) -> str:
        """Return the text of the page; its indexes are those of the letters."""
        count = self._text_page.count_chars()
        codes = list(map(functions().code, repeat(self._handle), range(count)))
        if codes and max(codes) > _LARGEST_CODE:
            # PDFium returns the font's code if it knows no other.
            codes = [code if code <= _LARGEST_CODE else ord(_REPLACEMENT) for code in codes]
        return "".join(map(chr, codes))

    def objects(self, indexes: Iterable[int]) -> list[int]:
        """Return the addresses of the text objects that letters are of; 0 for none."""
        found = map(functions().text_object, repeat(self._handle), indexes)
        return [pointer or 0 for pointer in found]

    def looks(self, indexes: Iterable[int], objects: Iterable[int]) -> list[LetterLook]:
        """Return the looks of letters, given their text objects."""
        known = self._looks
        return [
            known.get(item) or self.look(index, item)
            for index, item in zip(indexes, objects, strict=True)
        ]

    def look(self, index: int, item: int) -> LetterLook:
        """Return the look of a letter, given its text object."""
        found = self._looks.get(item)
        if found is None:
            known = functions()
            known.matrix(self._handle, index, ctypes.addressof(self._matrix))
            along, rise, _, up, _, _ = self._matrix
            scale = math.hypot(rise, up) or 1.0
            size = abs(known.font_size(self._handle, index) * scale) or 1.0
            style = self._style(known.font(item) or 0) if item else 0
            mode = known.render_mode(item) if item else 0
            found = LetterLook(size, style, _direction(along, rise, up), mode == _INVISIBLE)
            if item:
                self._looks[item] = found
        return found

    def _style(self, font: int) -> int:
        if font not in self._fonts:
            self._fonts[font] = _style(font) if font else 0
        return self._fonts[font]

    def origins(self, indexes: Sequence[int]) -> list[tuple[float, float]]:
        """Return where the baselines of letters start."""
        found = array("d", bytes(16 * len(indexes)))
        first = found.buffer_info()[0]
        addresses = range(first, first + 16 * len(indexes), 16)
        seconds = range(first + 8, first + 8 + 16 * len(indexes), 16)
        calls = map(functions().origin, repeat(self._handle), indexes, addresses, seconds)
        deque(calls, maxlen=0)
        return list(zip(found[::2], found[1::2], strict=True))

    def boxes(self, indexes: Sequence[int]) -> list[Box]:
        """Return left, bottom, right and top of letters."""
        found = array("f", bytes(16 * len(indexes)))
        first = found.buffer_info()[0]
        addresses = range(first, first + 16 * len(indexes), 16)
        deque(map(functions().loose_box, repeat(self._handle), indexes, addresses), maxlen=0)
        return list(zip(found[::4], found[3::4], found[2::4], found[1::4], strict=True))

    def extents(self, spans: Sequence[tuple[int, int]]) -> list[Box]:
        """Return boxes around the first and the last letters of spans."""
        first = self.boxes([start for start, _ in spans])
        last = self.boxes([end - 1 for _, end in spans])
        return [
            (
                left if left < other_left else other_left,
                bottom if bottom < other_bottom else other_bottom,
                right if right > other_right else other_right,
                top if top > other_top else other_top,
            )
            for (left, bottom, right, top), (
                other_left,
                other_bottom,
                other_right,
                other_top,
            ) in zip(first, last, strict=True)
        ]


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
