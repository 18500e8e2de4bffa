"""Detect the format of a file from its bytes, since names are often wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import DAMAGED, PROTECTED, UNPACKING_ERRORS, open_zip


@dataclass(frozen=True, slots=True)
class DetectedFormat:
    """A kind of file, and what the user can do if it is not supported."""

    name: str
    advice: str = "Save its text as .txt"


# By the start of a file. A text may start with "GIF89a" or "ID3", so these patterns include
# bytes that no text contains.
_MAGIC = (
    (rb"(?:\xef\xbb\xbf)?\s{0,100}%PDF-\d", DetectedFormat("a PDF")),
    (rb"\s{0,100}\{\\rtf", DetectedFormat("an RTF text")),
    (
        rb"\xd0\xcf\x11\xe0",
        DetectedFormat("an Office 97–2003 document", "Save it as .docx, .pptx or .txt"),
    ),
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
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# By a file in a zip archive.
_ZIP_MEMBERS = (
    ("word/", DetectedFormat("a Word document")),
    ("ppt/", DetectedFormat("a presentation")),
    ("xl/", DetectedFormat("a spreadsheet", "Save it as .txt or .html")),
    ("META-INF/container.xml", DetectedFormat("an e-book")),
)
_MIME_TYPES = (
    (b"application/epub+zip", DetectedFormat("an e-book")),
    (b"application/vnd.oasis.opendocument.text", DetectedFormat("an OpenDocument text")),
    (
        b"application/vnd.oasis.opendocument",
        DetectedFormat(
            "an OpenDocument file but not a text document", "Save it as .pptx, .pdf or .txt"
        ),
    ),
)
_MIME_TYPE = "mimetype"
_MAX_TYPE_BYTES = 100
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
            if found.name.startswith("an Office") and _ENCRYPTED in data:
                raise UnreadableFile(PROTECTED)
            return found
    return None


def _detect_zip_format(data: bytes, limits: LoadLimits) -> DetectedFormat:
    archive = open_zip(data, limits)
    names = archive.namelist()
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
    return DetectedFormat("a zip archive", "Unpack it and add the files in it")
