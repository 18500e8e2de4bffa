"""Call PDFium's functions of letters and objects quickly."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any


class Functions:
    """PDFium's functions with integers for pointers, which ctypes passes several times faster.

    They keep the interpreter's lock: they are short, and a file is read in one thread.
    """

    def __init__(self) -> None:
        from pypdfium2 import raw

        pointer, number = ctypes.c_void_p, ctypes.c_int
        self.code = _prototype(raw.FPDFText_GetUnicode, ctypes.c_uint, pointer, number)
        self.loose_box = _prototype(raw.FPDFText_GetLooseCharBox, number, pointer, number, pointer)
        self.origin = _prototype(
            raw.FPDFText_GetCharOrigin, number, pointer, number, pointer, pointer
        )
        self.text_object = _prototype(raw.FPDFText_GetTextObject, pointer, pointer, number)
        self.matrix = _prototype(raw.FPDFText_GetMatrix, number, pointer, number, pointer)
        self.render_mode = _prototype(raw.FPDFTextObj_GetTextRenderMode, number, pointer)
        self.font = _prototype(raw.FPDFTextObj_GetFont, pointer, pointer)
        self.object_count = _prototype(raw.FPDFPage_CountObjects, number, pointer)
        self.object = _prototype(raw.FPDFPage_GetObject, pointer, pointer, number)
        self.object_type = _prototype(raw.FPDFPageObj_GetType, number, pointer)
        self.object_matrix = _prototype(raw.FPDFPageObj_GetMatrix, number, pointer, pointer)
        self.segment_count = _prototype(raw.FPDFPath_CountSegments, number, pointer)
        self.segment = _prototype(raw.FPDFPath_GetPathSegment, pointer, pointer, number)
        self.segment_point = _prototype(
            raw.FPDFPathSegment_GetPoint, number, pointer, pointer, pointer
        )
        self.segment_type = _prototype(raw.FPDFPathSegment_GetType, number, pointer)
        self.segment_closes = _prototype(raw.FPDFPathSegment_GetClose, number, pointer)
        self.font_size = _prototype(raw.FPDFText_GetFontSize, ctypes.c_double, pointer, number)


def _prototype(function: Any, *types: Any) -> Callable[..., Any]:  # noqa: ANN401 - of ctypes
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    made: Callable[..., Any] = ctypes.PYFUNCTYPE(*types)(address)
    return made


@functools.cache
def functions() -> Functions:
    """Return the functions, found once."""
    return Functions()
