"""Recognise the pages of a PDF that are pictures of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from index.limits import start_scanned_page
from index.sources.pdf.pdf_page import PrintedPage

if TYPE_CHECKING:
    from index.sources.scans.scan import ScannedPage

_RESOLUTION = 250
_MAX_PIXELS = 16_000_000
# Such as a page number, or the name of the program that scanned it.
_FEW_WORDS = 12
_MOST = 0.5
_MAX_PICTURES = 1_000
_DEPTH = 3


def scan_of(
    document: Any,  # noqa: ANN401 - untyped
    index: int,
    found: PrintedPage,
    *,
    is_picture: bool,
) -> ScannedPage | None:
    """Return the recognised words of a page if it is a scan, or is known to be a picture.

    Most pages have many words, and are not opened again.

    Args:
        document: A pypdfium2 document.
        index: The page, from 0.
        found: What the file says of the page.
        is_picture: Whether to recognise it whatever is on it.

    Raises:
        PdfiumError: The page is damaged.
    """
    if not is_picture and found.word_count > _FEW_WORDS:
        return None
    page = document[index]
    try:
        return _read_scan(page, found) if is_picture or _is_scan(page, found) else None
    finally:
        page.close()


def _is_scan(page: Any, found: PrintedPage) -> bool:  # noqa: ANN401 - untyped
    """Return whether a page with few words, or none, is a picture."""
    words = found.word_count
    covered = _covered(page, found.width * found.height)
    return covered > _MOST if words else covered > 0


def _read_scan(page: Any, found: PrintedPage) -> ScannedPage | None:  # noqa: ANN401 - untyped
    """Return the recognised words of a page; None if its text says more.

    It is a page that was not read if the extra ``ocr`` is not installed.
    """
    # They import numpy, which documents without scans do without.
    from index.sources.scans import ocr
    from index.sources.scans.scan import POINTS_PER_INCH, scan_page, unread_page

    if not ocr.is_installed():
        return None if found.word_count else unread_page(found.width, found.height)
    start_scanned_page()
    area = max(found.width * found.height, 1.0)
    scale = min(_RESOLUTION / POINTS_PER_INCH, math.sqrt(_MAX_PIXELS / area))
    bitmap = page.render(scale=scale, grayscale=True)
    picture = bitmap.to_pil().copy()
    bitmap.close()
    scan = scan_page(picture, found.width, found.height)
    is_worse = scan.words <= found.word_count and 0 < found.word_count <= _FEW_WORDS
    return None if is_worse else scan


def _covered(page: Any, area: float) -> float:  # noqa: ANN401 - untyped
    """Return the share of a page that its pictures cover, those that overlap counted twice."""
    from pypdfium2 import PdfiumError, raw

    covered = 0.0
    objects = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEPTH)
    for number, picture in enumerate(objects):
        try:
            left, bottom, right, top = picture.get_bounds()
        except PdfiumError:
            continue
        covered += abs((right - left) * (top - bottom))
        if number >= _MAX_PICTURES:
            break
    return covered / max(area, 1.0)
