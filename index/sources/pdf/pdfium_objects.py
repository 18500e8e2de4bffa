"""Read the paths, pictures, links and form fields of a PDF's page by PDFium."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from typing import Any

MAX_RULES = 4_000
_MAX_OBJECTS = 100_000
_MAX_LINKS = 5_000
_MAX_ANNOTATIONS = 5_000
_MAX_ADDRESS_BYTES = 2_000


def page_objects(page: Any) -> Iterator[Any]:  # noqa: ANN401 - untyped
    """Yield the objects of a page, without those in its forms."""
    from pypdfium2 import raw

    for at in range(min(raw.FPDFPage_CountObjects(page), _MAX_OBJECTS)):
        yield raw.FPDFPage_GetObject(page, at)


def segments(page: Any) -> Iterator[tuple[float, float, float, float]]:  # noqa: ANN401 - untyped
    """Yield the straight upright or level segments of paths, in the page's own space."""
    from pypdfium2 import raw

    count = 0
    matrix = raw.FS_MATRIX()
    x, y = ctypes.c_float(), ctypes.c_float()
    for item in page_objects(page):
        if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_PATH:
            continue
        raw.FPDFPageObj_GetMatrix(item, matrix)
        begun = before = (0.0, 0.0)
        for number in range(raw.FPDFPath_CountSegments(item)):
            count += 1
            if count > MAX_RULES:
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


def addresses(page: Any) -> Iterator[tuple[tuple[float, float, float, float], str]]:  # noqa: ANN401
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

    return any(
        raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_IMAGE for item in page_objects(page)
    )


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
