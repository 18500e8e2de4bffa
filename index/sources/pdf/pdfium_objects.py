"""Read the paths, pictures, links and form fields of a PDF's page by PDFium."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from typing import Any

from index.sources.pdf.pdf_page import Box
from index.sources.pdf.pdfium_functions import functions

MAX_RULES = 4_000
_MAX_OBJECTS = 100_000
_MAX_LINKS = 5_000
_MAX_ANNOTATIONS = 5_000
_MAX_ADDRESS_BYTES = 2_000


def _objects_of_kind(page: Any, kind: int) -> Iterator[int]:  # noqa: ANN401 - untyped
    """Yield the addresses of the objects of one kind of a page, without those in its forms."""
    known = functions()
    handle = ctypes.cast(page.raw, ctypes.c_void_p).value
    for at in range(min(known.object_count(handle), _MAX_OBJECTS)):
        item = known.object(handle, at)
        if known.object_type(item) == kind:
            yield item


def segments(page: Any) -> Iterator[Box]:  # noqa: ANN401 - untyped
    """Yield the straight upright or level segments of paths, in the page's own space."""
    from pypdfium2 import raw

    known = functions()
    count = 0
    matrix = raw.FS_MATRIX()
    x, y = ctypes.c_float(), ctypes.c_float()
    places = ctypes.addressof(x), ctypes.addressof(y)
    for item in _objects_of_kind(page, raw.FPDF_PAGEOBJ_PATH):
        known.object_matrix(item, ctypes.addressof(matrix))
        begun = before = (0.0, 0.0)
        for number in range(known.segment_count(item)):
            count += 1
            if count > MAX_RULES:
                return
            segment = known.segment(item, number)
            known.segment_point(segment, *places)
            point = (
                matrix.a * x.value + matrix.c * y.value + matrix.e,
                matrix.b * x.value + matrix.d * y.value + matrix.f,
            )
            kind = known.segment_type(segment)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                begun = point
            elif kind == raw.FPDF_SEGMENT_LINETO:
                yield (*before, *point)
                if known.segment_closes(segment):
                    yield (*point, *begun)
            before = point


def addresses(page: Any) -> Iterator[tuple[Box, str]]:  # noqa: ANN401
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
        buffer = ctypes.create_string_buffer(_MAX_ADDRESS_BYTES)
        raw.FPDFAction_GetURIPath(page.pdf, action, buffer, len(buffer))
        target = buffer.value.decode("utf-8", "replace").strip()
        box = raw.FS_RECTF()
        known = re.match(r"(?:https?://|mailto:)[^\s<>\"]+$", target, re.IGNORECASE)
        if known and raw.FPDFLink_GetAnnotRect(link, box):
            yield (box.left, box.bottom, box.right, box.top), target


def has_picture(page: Any) -> bool:  # noqa: ANN401 - untyped
    """Return whether the page shows a picture."""
    from pypdfium2 import raw

    return any(_objects_of_kind(page, raw.FPDF_PAGEOBJ_IMAGE))


def has_written_annotations(page: Any) -> bool:  # noqa: ANN401 - untyped
    """Return whether the page has form fields or text that was added to it."""
    from pypdfium2 import raw

    for at in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        raw.FPDFPage_CloseAnnot(annotation)
        if kind in {raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP}:
            return True
    return False


def draw_annotations(page: Any) -> None:  # noqa: ANN401 - untyped
    """Make what annotations show a part of the page, once it is loaded again."""
    from pypdfium2 import raw

    raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
