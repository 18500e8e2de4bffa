"""Read what PDFium knows of the letters of a PDF's page, in the page's own space."""

from __future__ import annotations

import ctypes
import functools
import math
import re
from collections import deque
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.sources.pdf.pdf_page import BOLD, DIAGONAL, ITALIC, MONOSPACED, Floats

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
        from pypdfium2 import raw

        count = self._text_page.count_chars()
        codes = list(map(raw.FPDFText_GetUnicode, repeat(self._text_page.raw), range(count)))
        if codes and max(codes) > _LARGEST_CODE:
            # PDFium returns the font's code if it knows no other.
            codes = [code if code <= _LARGEST_CODE else ord(_REPLACEMENT) for code in codes]
        return "".join(map(chr, codes))

    def objects(self, indexes: Iterable[int]) -> list[int]:
        """Return the addresses of the text objects that letters are of; 0 for none."""
        found = map(_functions().text_object, repeat(self._handle), indexes)
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
            functions = _functions()
            functions.matrix(self._handle, index, ctypes.addressof(self._matrix))
            along, rise, _, up, _, _ = self._matrix
            scale = math.hypot(rise, up) or 1.0
            size = abs(functions.font_size(self._handle, index) * scale) or 1.0
            style = self._style(functions.font(item) or 0) if item else 0
            mode = functions.render_mode(item) if item else 0
            found = LetterLook(size, style, _direction(along, rise, up), mode == _INVISIBLE)
            if item:
                self._looks[item] = found
        return found

    def _style(self, font: int) -> int:
        if font not in self._fonts:
            self._fonts[font] = _style(font) if font else 0
        return self._fonts[font]

    def origins(self, indexes: NDArray[np.int32]) -> Floats:
        """Return ``(n, 2)``: where the baselines of letters start."""
        found = np.zeros((len(indexes), 2))
        first = found.ctypes.data
        addresses = range(first, first + 16 * len(indexes), 16)
        seconds = range(first + 8, first + 8 + 16 * len(indexes), 16)
        calls = map(_functions().origin, repeat(self._handle), indexes.tolist(), addresses, seconds)
        deque(calls, maxlen=0)
        return found

    def boxes(self, indexes: NDArray[np.int32]) -> Floats:
        """Return ``(n, 4)``: left, bottom, right and top of letters."""
        found = np.zeros((len(indexes), 4), dtype=np.float32)
        first = found.ctypes.data
        addresses = range(first, first + 16 * len(indexes), 16)
        deque(
            map(_functions().loose_box, repeat(self._handle), indexes.tolist(), addresses), maxlen=0
        )
        return found[:, [0, 3, 2, 1]].astype(np.float64)


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
