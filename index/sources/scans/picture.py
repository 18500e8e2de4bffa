"""Read pictures of pages: scans, photographs, screenshots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from index.errors import TooLarge, UnreadableFile
from index.limits import LoadLimits, check_cancelled, start_scanned_page
from index.sources.document import ParsedDocument
from index.sources.scans import ocr
from index.sources.scans.scan import POINTS_PER_INCH, lay_out_pages, scan_page
from index.sources.titles import titled

if TYPE_CHECKING:
    from PIL import Image

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
_PAGED = "TIFF"
_TOO_MANY_PIXELS = "It has more pixels than the limit of {:,}. Make it smaller."
# More detail makes the letters no clearer: a page of A4 at 400 dots per inch has 15 million.
_PIXELS_READ = 16_000_000
_SMALL_SIDE = 1_000
_USUAL_RESOLUTION = 200.0
_RESOLUTIONS = (50.0, 2_400.0)


def read_picture(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text that is recognised on a picture, or on each page of a TIFF.

    Raises:
        TooLarge: It has too many pixels or pages, or too much text.
        UnreadableFile: It is damaged, or the extra ``ocr`` is not installed.
    """
    if not ocr.is_installed():
        msg = f"It is a picture. {ocr.NOT_INSTALLED}"
        raise UnreadableFile(msg)
    scans = []
    for picture in _pictures(data, limits):
        check_cancelled()
        start_scanned_page()
        resolution = _resolution(picture)
        points = [side * POINTS_PER_INCH / resolution for side in picture.size]
        scans.append(scan_page(prepared(picture), points[0], points[1]))
        limits.check_chars(sum(scan.letters for scan in scans))
    return titled(lay_out_pages(scans, {}, limits), "")


def prepared(picture: Image.Image) -> Image.Image:
    """Return a picture on white paper, upright as its metadata says, at a legible size."""
    picture = _opaque(picture)
    if picture.width * picture.height > _PIXELS_READ:
        picture = picture.reduce(
            math.ceil(math.sqrt(picture.width * picture.height / _PIXELS_READ))
        )
    elif max(picture.size) < _SMALL_SIDE:
        from PIL import Image

        picture = picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.BICUBIC)
    return picture


def _pictures(data: bytes, limits: LoadLimits) -> Iterator[Image.Image]:
    """Yield the pages of a TIFF, or the only or first picture of another file."""
    from PIL import Image, ImageOps

    try:
        file = Image.open(BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise TooLarge(_TOO_MANY_PIXELS.format(limits.max_pixels)) from error
    with file:
        number = 0
        while True:
            limits.check_pages(number + 1)
            limits.check_pixels(*file.size)
            yield ImageOps.exif_transpose(file)
            number += 1
            try:
                if file.format != _PAGED:
                    return
                file.seek(number)
            except EOFError:
                return


def _opaque(picture: Image.Image) -> Image.Image:
    """Return a picture in grey or colours of 8 bits, on white where it is transparent."""
    from PIL import Image

    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.has_transparency_data:
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")
    return picture.convert("L" if picture.mode in {"1", "L"} else "RGB")


def _resolution(picture: Image.Image) -> float:
    """Return the dots per inch of a picture; the usual number if it gives none or nonsense."""
    try:
        found = float(picture.info.get("dpi", (0.0,))[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return _USUAL_RESOLUTION
    return found if _RESOLUTIONS[0] <= found <= _RESOLUTIONS[1] else _USUAL_RESOLUTION
