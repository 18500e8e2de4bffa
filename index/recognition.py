"""What a file is, by its bytes: its name may be wrong, and often is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.archive import DAMAGED, UNPACKING_ERRORS, opened_zip
from index.errors import UnreadableFile
from index.limits import LoadLimits


@dataclass(frozen=True, slots=True)
class Content:
    """What kind of file the bytes are, and what the user can do if it is not supported."""

    name: str
    advice: str = "Save its text as .txt"


# The start of a file, what it is, and what helps. A text may well start with "GIF89a" or
# "ID3", so bytes that no text has must follow.
_STARTS = (
    (rb"(?:\xef\xbb\xbf)?\s{0,100}%PDF-\d", Content("a PDF")),
    (rb"\s{0,100}\{\\rtf", Content("an RTF text")),
    (
        rb"\xd0\xcf\x11\xe0",
        Content("an Office 97–2003 document", "Save it as .docx, .pptx or .txt"),
    ),
    (
        rb"\x1f\x8b|BZh\d1AY|\xfd7zXZ|7z\xbc\xaf|\x28\xb5\x2f\xfd",
        Content("a compressed file", "Unpack it and add the files in it"),
    ),
    (
        rb"\x89PNG|\xff\xd8\xff|GIF8[79]a.{0,6}\0|RIFF....WEBP",
        Content("a picture", "Run it through text recognition (OCR) and add the text"),
    ),
    (
        rb"ID3[\2-\4]\0|OggS\0|fLaC\0|\0...ftyp|RIFF....WAVE",
        Content("an audio or video file", "Add a transcript of it"),
    ),
    (rb"\x7fELF|SQLite format 3\0", Content("a program or a database", "Add a text instead")),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# Of a zip, a file in it that tells what it is.
_PARTS = (
    ("word/", Content("a Word document")),
    ("ppt/", Content("a presentation")),
    ("xl/", Content("a spreadsheet", "Save it as .txt or .html")),
    ("META-INF/container.xml", Content("an e-book")),
)
_MIME_TYPES = (
    (b"application/epub+zip", Content("an e-book")),
    (b"application/vnd.oasis.opendocument.text", Content("an OpenDocument text")),
    (
        b"application/vnd.oasis.opendocument",
        Content("an OpenDocument file but not a text document", "Save it as .pptx, .pdf or .txt"),
    ),
)
_MIME_TYPE = "mimetype"
_MOST_TYPE_BYTES = 100
# The name of the stream that an encrypted office document has, as its directory holds it.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def kind_of_content(data: bytes, limits: LoadLimits) -> Content | None:
    """Return what the bytes look like; None if they may be a text.

    Raises:
        TooLarge: It is a zip of too many files.
        UnreadableFile: It is a zip that cannot be opened, or an office document that
            needs a password.
    """
    if data.startswith(_ZIP):
        return _kind_of_zip(data, limits)
    for start, content in _STARTS:
        if re.match(start, data, re.DOTALL):
            if content.name.startswith("an Office") and _ENCRYPTED in data:
                msg = "It is password-protected. Remove the password and add it again."
                raise UnreadableFile(msg)
            return content
    return None


def _kind_of_zip(data: bytes, limits: LoadLimits) -> Content:
    archive = opened_zip(data, limits)
    names = archive.namelist()
    mime_type = b""
    if _MIME_TYPE in names:
        try:
            with archive.open(_MIME_TYPE) as file:
                mime_type = file.read(_MOST_TYPE_BYTES).strip()
        except UNPACKING_ERRORS as error:
            raise UnreadableFile(DAMAGED) from error
    for start, content in _MIME_TYPES:
        if mime_type.startswith(start):
            return content
    for part, content in _PARTS:
        if any(name.startswith(part) for name in names):
            return content
    return Content("a zip archive", "Unpack it and add the files in it")
