"""Detect the format of a file from its bytes, since names are often wrong."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from io import BytesIO

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import DAMAGED, PROTECTED, UNPACKING_ERRORS, open_zip


@dataclass(frozen=True, slots=True)
class DetectedFormat:
    """A kind of file, and what the user can do if it is not supported."""

    name: str
    advice: str = "Save its text as .txt"


A_PDF = DetectedFormat("a PDF")
AN_RTF_TEXT = DetectedFormat("an RTF text")
_OLD_OFFICE = DetectedFormat("an Office 97–2003 document", "Save it as .docx, .xlsx, .pptx or .txt")
_OUTLOOK = DetectedFormat("an Outlook message", "Save it as .eml or .txt")
_OUTLOOK_STREAM = "__substg1.0_".encode("utf-16-le")
# Other programs write lines before a PDF, and readers look for its start this far. A text about
# PDF may also have it there, but does not end like one.
_PDF_START = re.compile(rb"%PDF-\d\.\d[^\n]{0,20}[\r\n]")
_START_BYTES = 1_024
_RTF_AFTER_OTHER_LINES = re.compile(rb"[^{}]{0,1024}[\r\n]\{\\rtf1\\(?:ansi|mac|pc|adeflang|deff)")
_PDF_END = re.compile(rb"startxref\s{1,9}\d{1,12}\s{1,9}%%EOF")
_PDF_END_BYTES = 1_024

# By the start of a file. A text may start with "GIF89a" or "ID3", so these patterns include
# bytes that no text contains.
_MAGIC = (
    (rb"(?:\xef\xbb\xbf)?\s{0,100}%PDF-\d", A_PDF),
    (rb"(?:\xef\xbb\xbf)?\s{0,100}\{\\rtf", AN_RTF_TEXT),
    (rb"\xd0\xcf\x11\xe0", _OLD_OFFICE),
    (
        rb"\x1f\x8b|BZh\d1AY|\xfd7zXZ|7z\xbc\xaf|\x28\xb5\x2f\xfd",
        DetectedFormat("a compressed file", "Unpack it and add the files in it"),
    ),
    (
        rb"\x89PNG|\xff\xd8\xff|GIF8[79]a.{0,6}\0|RIFF....WEBP|II[*+]\0|MM\0[*+]|BM.{4}\0{4}",
        DetectedFormat("a picture"),
    ),
    (
        rb"ID3[\2-\4]\0|OggS\0|fLaC\0|\0...ftyp|RIFF....WAVE",
        DetectedFormat("an audio or video file", "Add a transcript of it"),
    ),
    (
        rb"\x7fELF|SQLite format 3\0",
        DetectedFormat("a program or a database", "Add a text instead"),
    ),
    (
        rb".{60}(?:BOOKMOBI|TEXtREAd)",
        DetectedFormat("a Kindle book", "Convert it to .epub, or save its text as .txt"),
    ),
    (rb"AT&TFORM....DJV", DetectedFormat("a DjVu scan", "Save it as .pdf")),
    (rb"%!PS-Adobe-\d", DetectedFormat("a PostScript file", "Save it as .pdf")),
    (
        rb"(?:\xef\xbb\xbf)?\s{0,100}(?:<\?xml[^>]{0,200}\?>\s{0,100})?(?:<!--.{0,1000}?-->\s{0,100})?"
        rb"(?:<!DOCTYPE svg[^>]{0,500}>\s{0,100})?<svg[\s>]",
        DetectedFormat("a vector picture", "Save it as .pdf"),
    ),
    (
        rb"(?:\xef\xbb\xbf)?\s{0,100}<\?xml[^>]{0,200}\?>.{0,3000}?<office:document\s"
        rb".{0,9000}?office:mimetype=[\"']application/vnd\.oasis\.opendocument\.text[\"'-]",
        DetectedFormat("an OpenDocument text"),
    ),
    (
        rb"(?:\xef\xbb\xbf)?\s{0,100}<\?xml[^>]{0,200}\?>.{0,3000}?"
        rb"<(?:office:document|w:wordDocument|pkg:package|FictionBook)\s",
        DetectedFormat("a document as one XML file", "Save it as .docx, .odt, .epub or .txt"),
    ),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_EPUB = DetectedFormat("an e-book")
_EPUB_CONTAINER = "META-INF/container.xml"
# By a file in a zip archive.
_ZIP_MEMBERS = (
    ("word/", DetectedFormat("a Word document")),
    ("ppt/", DetectedFormat("a presentation")),
    ("xl/", DetectedFormat("a spreadsheet")),
    (_EPUB_CONTAINER, _EPUB),
)
_MIME_TYPES = (
    (b"application/epub+zip", _EPUB),
    (b"application/vnd.oasis.opendocument.text", DetectedFormat("an OpenDocument text")),
    (
        b"application/vnd.oasis.opendocument.spreadsheet",
        DetectedFormat("an OpenDocument spreadsheet"),
    ),
    (
        b"application/vnd.oasis.opendocument.presentation",
        DetectedFormat("an OpenDocument presentation"),
    ),
    (
        b"application/vnd.oasis.opendocument",
        DetectedFormat("an OpenDocument file without text", "Save it as .pdf"),
    ),
)
_MIME_TYPE = "mimetype"
_MAX_TYPE_BYTES = 100
A_MAIL = DetectedFormat("a mail")
_MAX_HEADER_BYTES = 100_000
_MAX_HEADER_LINES = 500
_HEADER = re.compile(rb"([!-9;-~]{1,80}):[ \t]?([^\r\n]{0,1000})")
# Only programs write these; people also begin a letter with "From:" and "To:".
_PROGRAM_HEADERS = {
    b"mime-version": rb"\s*1\.0",
    b"message-id": rb"\s*<?\S+@\S+",
    b"received": rb".*\b(?:from|by|with|id|for)\b",
    b"return-path": rb"\s*<",
    b"date": rb".*\d{4} \d\d?:\d\d.*(?:[+-]\d{4}|GMT|UTC|[A-Z]{3})",
}
_MAIL_HEADERS = frozenset({b"from", b"to", b"subject", b"date", b"received", b"reply-to"})
# The name of a stream that every encrypted Office document contains.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def detect_format(data: bytes, limits: LoadLimits) -> DetectedFormat | None:
    """Return the format of the bytes; None if they may be text.

    Raises:
        TooLarge: It is a zip archive of too many files.
        UnreadableFile: It is a damaged zip archive or a protected Office document.
    """
    if data.startswith(_ZIP):
        return _detect_zip_format(data, limits)
    for magic, found in _MAGIC:
        if re.match(magic, data, re.DOTALL):
            if found is _OLD_OFFICE and _ENCRYPTED in data:
                raise UnreadableFile(PROTECTED)
            return _OUTLOOK if found is _OLD_OFFICE and _OUTLOOK_STREAM in data else found
    if _is_pdf_after_other_lines(data):
        return A_PDF
    if _RTF_AFTER_OTHER_LINES.match(data) and data.rstrip().endswith(b"}"):
        return AN_RTF_TEXT
    if _ZIP[0] in data[:_START_BYTES] and zipfile.is_zipfile(BytesIO(data)):
        return _detect_zip_format(data, limits)
    return A_MAIL if starts_like_mail(data) else None


def _is_pdf_after_other_lines(data: bytes) -> bool:
    if not _PDF_START.search(data[:_START_BYTES]):
        return False
    end = data[-_PDF_END_BYTES:]
    found = _PDF_END.search(end)
    return found is not None and (not end[found.end() :].strip() or not _is_utf_8(data))


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _detect_zip_format(data: bytes, limits: LoadLimits) -> DetectedFormat:
    archive = open_zip(data, limits)
    names = [name.replace("\\", "/") for name in archive.namelist()]
    mime_type = b""
    if _MIME_TYPE in names:
        try:
            with archive.open(_MIME_TYPE) as file:
                mime_type = file.read(_MAX_TYPE_BYTES).strip()
        except UNPACKING_ERRORS as error:
            raise UnreadableFile(DAMAGED) from error
    for start, found in _MIME_TYPES:
        if mime_type.startswith(start):
            return found
    for member, found in _ZIP_MEMBERS:
        if any(name.startswith(member) for name in names):
            return found
    if any(name.endswith(f"/{_EPUB_CONTAINER}") for name in names):  # zipped with its folder
        return _EPUB
    return DetectedFormat("a zip archive", "Unpack it and add the files in it")


def starts_like_mail(data: bytes, *, is_named_so: bool = False) -> bool:
    """Return whether a file begins with the headers of a mail or of a web page saved as MHTML.

    Args:
        data: The file.
        is_named_so: Whether its name or media type says that it is one. Then one header is enough.
    """
    found: dict[bytes, bytes] = {}
    lines = data[:_MAX_HEADER_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().splitlines()
    for number, line in enumerate(lines[:_MAX_HEADER_LINES]):
        if number == 0 and line.startswith(b"From "):
            continue
        if not line.strip():
            break
        header = _HEADER.match(line)
        if header:
            found.setdefault(header[1].lower(), header[2])
        elif not line.startswith((b" ", b"\t")):
            return is_named_so and bool(found.keys() & _MAIL_HEADERS)
    if is_named_so:
        return bool(found.keys() & (_MAIL_HEADERS | {b"mime-version", b"content-type"}))
    by_program = [
        name for name, form in _PROGRAM_HEADERS.items() if re.match(form, found.get(name, b""))
    ]
    kind = found.get(b"content-type", b"").strip().lower()
    if kind and (b"mime-version" in by_program or kind.startswith(b"multipart/")):
        return True
    return b"from" in found and bool(by_program) and len(found.keys() & _MAIL_HEADERS) > 1
