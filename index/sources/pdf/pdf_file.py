"""Read PDF by PDFium."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from index.errors import UnreadableFile
from index.limits import LoadLimits, check_cancelled
from index.sources.archive import DAMAGED, PROTECTED
from index.sources.decoding import looks_broken
from index.sources.document import ParsedDocument, clean
from index.sources.pdf.pdf_layout import Outline, lay_out
from index.sources.pdf.pdf_page import PrintedPage
from index.sources.pdf.pdf_scan import scan_of
from index.sources.pdf.pdfium_page import read_page
from index.sources.titles import titled

if TYPE_CHECKING:
    from index.sources.scans.scan import ScannedPage

# Readers do without "%%EOF", and pass over what other programs wrote after it.
_END_MARK = re.compile(rb"startxref\s{1,9}\d{1,12}|%%EOF")
_TRAILER_BYTES = 8_192
_MAX_BOOKMARKS = 20_000


def read_pdf(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a PDF in reading order, with its pages and headings.

    Raises:
        TooLarge: It has too many pages or too much text.
        UnreadableFile: It is damaged, password-protected, or a scan without text.
    """
    import pypdfium2
    from pypdfium2 import raw

    if not _END_MARK.search(data.rstrip(b"\0 \r\n\t")[-_TRAILER_BYTES:]):
        msg = f"The end of the PDF is missing. {DAMAGED}"
        raise UnreadableFile(msg)
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise _unreadable(error) from error
    with document:
        pages = len(document)
        limits.check_pages(pages)
        if document.get_formtype() == raw.FORMTYPE_ACRO_FORM:
            document.init_forms()  # draws fields that do not say how they look
        title = str(document.get_metadata_value("Title"))
        outline = _outline(document)
        found = _laid_out(list(_pages(document, limits)), outline, limits)
        if looks_broken(found.text) and _can_recognise():
            pictures = list(_pages(document, limits, are_pictures=True))
            found = _laid_out(pictures, outline, limits)
    _check_text(found.text, pages)
    return titled(found, clean(title))


def _laid_out(
    pages: Sequence[PrintedPage | ScannedPage], outline: Outline, limits: LoadLimits
) -> ParsedDocument:
    printed = [page for page in pages if isinstance(page, PrintedPage)]
    if len(printed) == len(pages):
        return lay_out(printed, outline, limits)
    # It imports numpy, which documents without scans do without.
    from index.sources.scans.scan import lay_out_pages

    return lay_out_pages(pages, outline, limits)


def _can_recognise() -> bool:
    from index.sources.scans import ocr

    return ocr.is_installed()


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
    is_blank = not text.strip()
    if not is_blank and not looks_broken(text):
        return
    from index.sources.scans import ocr

    advice = "Add its text instead." if ocr.is_installed() else ocr.NOT_INSTALLED
    if is_blank:
        where = f"any of its {pages:,} pages" if pages > 1 else "its only page"
        found = "none can be recognised" if ocr.is_installed() else "it is a scan"
        msg = f"The PDF has no text on {where}; {found}, or it has only pictures. {advice}"
        raise UnreadableFile(msg)
    msg = f"The fonts of the PDF do not say which letters they show. {advice}"
    raise UnreadableFile(msg)


def _pages(
    document: Any,  # noqa: ANN401 - untyped
    limits: LoadLimits,
    *,
    are_pictures: bool = False,
) -> Iterator[PrintedPage | ScannedPage]:
    """Yield each page, recognised if it is a scan or all ``are_pictures``."""
    import pypdfium2

    chars = 0
    for number in range(len(document)):
        check_cancelled()
        try:
            found = read_page(document, number, limits)
            scan = scan_of(document, number, found, is_picture=are_pictures)
        except pypdfium2.PdfiumError as error:
            msg = f"Page {number + 1} of the PDF cannot be read. {DAMAGED}"
            raise UnreadableFile(msg) from error
        chars += scan.letters if scan else found.letters
        limits.check_chars(chars)
        yield scan or found


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
