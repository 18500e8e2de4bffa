"""Read PDF: the lines of each page and their positions, by PDFium."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import DAMAGED, PROTECTED
from index.sources.decoding import looks_broken
from index.sources.document import ParsedDocument, clean
from index.sources.pdf_layout import Outline, PageLine, lay_out

_END_MARK = b"%%EOF"
_TRAILER_BYTES = 2_048
_MAX_BOOKMARKS = 20_000
_LINE_ENDS = "\r\n"
_HYPHENS = "\x02\xad"  # PDFium's mark for a hyphen at the end of a line, and the soft hyphen


def read_pdf(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a PDF in reading order, with its pages and headings.

    Raises:
        TooLarge: It has too many pages or too much text.
        UnreadableFile: It is damaged, password-protected, or a scan without text.
    """
    import pypdfium2

    if _END_MARK not in data.rstrip(b"\0 \r\n\t")[-_TRAILER_BYTES:]:
        msg = f"The end of the PDF is missing. {DAMAGED}"
        raise UnreadableFile(msg)
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise _unreadable(error) from error
    with document:
        pages = len(document)
        limits.check_pages(pages)
        lines = list(_lines(document, limits))
        title = str(document.get_metadata_dict().get("Title", ""))
        outline = _outline(document)
    found = lay_out(lines, pages, outline, limits)
    _check_text(found.text, pages)
    return replace(found, title=clean(title).strip())


def _unreadable(error: Any) -> UnreadableFile:  # noqa: ANN401 - a PdfiumError, imported late
    from pypdfium2 import raw

    code = getattr(error, "err_code", None)
    if code == raw.FPDF_ERR_PASSWORD:
        return UnreadableFile(PROTECTED)
    if code == raw.FPDF_ERR_SECURITY:
        msg = "The PDF is encrypted in an unknown way. Save it unprotected, or as .txt."
        return UnreadableFile(msg)
    return UnreadableFile(f"The PDF cannot be opened. {DAMAGED}")


def _check_text(text: str, pages: int) -> None:
    if not text.strip():
        where = f"any of its {pages:,} pages" if pages > 1 else "its only page"
        msg = (
            f"The PDF has no text on {where}; it is a scan or has only pictures. "
            "Run it through text recognition (OCR) and add the result."
        )
        raise UnreadableFile(msg)
    if looks_broken(text):
        msg = (
            "The fonts of the PDF do not say which letters they show. Run it through text "
            "recognition (OCR) and add the result."
        )
        raise UnreadableFile(msg)


def _lines(document: Any, limits: LoadLimits) -> Iterator[PageLine]:  # noqa: ANN401 - untyped
    import pypdfium2

    chars = 0
    for number in range(len(document)):
        try:
            page = document[number]
            text_page = page.get_textpage()
        except pypdfium2.PdfiumError as error:
            msg = f"Page {number + 1} of the PDF cannot be read. {DAMAGED}"
            raise UnreadableFile(msg) from error
        for first, last, text in _text_lines(text_page):
            chars += len(text)
            limits.check_chars(chars)
            yield _page_line(text_page, number + 1, first, last, text)
        text_page.close()
        page.close()


def _text_lines(text_page: Any) -> Iterator[tuple[int, int, str]]:  # noqa: ANN401 - untyped
    """Yield each line that is not blank: the indexes of its first and last letter, its text."""
    from pypdfium2 import raw

    letters: list[tuple[int, str]] = []
    for at in range(text_page.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(text_page, at))
        if letter == "\x02":
            letters.append((at, "-"))
        elif letter not in _LINE_ENDS:
            letters.append((at, letter))
        if letter in _HYPHENS or letter in _LINE_ENDS:
            yield from _text_line(letters)
            letters = []
    yield from _text_line(letters)


def _text_line(letters: list[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    shown = [at for at, letter in letters if not letter.isspace() and letter != "\0"]
    if shown:
        text = " ".join(clean("".join(letter for _, letter in letters)).split())
        if text:
            yield shown[0], shown[-1], text


def _page_line(text_page: Any, page: int, first: int, last: int, text: str) -> PageLine:  # noqa: ANN401
    # The last letter may be one that PDFium added, without a position.
    left, bottom = _box(text_page, first)[:2]
    right = max(_box(text_page, last)[2], _box(text_page, max(first, last - 1))[2])
    # The median of three, since a bullet or the mark of a footnote differs.
    size = sorted(_size(text_page, at) for at in (first, (first + last) // 2, last))[1]
    return PageLine(page, text, left, right, bottom, size)


def _size(text_page: Any, at: int) -> float:  # noqa: ANN401 - untyped
    """Return the size of a letter in points, never 0."""
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(text_page, at, matrix)
    scale = math.hypot(matrix.b, matrix.d) or 1.0
    return float(raw.FPDFText_GetFontSize(text_page, at) * scale) or 1.0


def _box(text_page: Any, at: int) -> tuple[float, float, float]:  # noqa: ANN401 - untyped
    """Return left, baseline and right of a letter."""
    from pypdfium2 import raw

    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(text_page, at, x, y)
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text_page, at, box)
    return x.value, y.value, float(box.right)


def _outline(document: Any) -> Outline:  # noqa: ANN401 - untyped
    """Return the titles and levels of the bookmarks by page."""
    outline: Outline = {}
    for count, bookmark in enumerate(document.get_toc(max_depth=6)):
        if count >= _MAX_BOOKMARKS:
            break
        target = bookmark.get_dest()
        page = target.get_index() if target else None
        if page is not None:
            title = " ".join(clean(bookmark.get_title()).split())
            outline.setdefault(page + 1, {})[title.casefold()] = bookmark.level + 1
    return outline
