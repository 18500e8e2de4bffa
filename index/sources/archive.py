"""Zip files and the XML in them, read with a distrust that e-books and office files call for."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.parsers import expat

from index.errors import TooLarge, UnreadableFile
from index.limits import LoadLimits

_BLOCK_BYTES = 1 << 20
# A few kilobytes of spaces may shrink more than the ratio allows, and do no harm.
_HARMLESS_BYTES = 1 << 20
_LISTED = b"PK\x01\x02"
_ENCRYPTED = 1  # a bit of a member's flags
_XML_NAMES = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

# What zipfile raises for a broken file; RuntimeError for one that needs a password, or a way
# of unpacking that it lacks.
UNPACKING_ERRORS = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError,
)  # fmt: skip
DAMAGED = "It is damaged or incomplete. Download or save it again, or save its text as .txt."


class Archive:
    """A zip file of which every member was unpacked once and found to be within the limits.

    Raises:
        TooLarge: It has too many members, or they are too large or swell too much.
        UnreadableFile: It is damaged, needs a password, or holds XML that declares
            entities, as no e-book or office program writes.
    """

    def __init__(self, data: bytes, limits: LoadLimits) -> None:
        self._zip = opened_zip(data, limits)
        members = self._zip.infolist()
        self.names = frozenset(member.filename for member in members)
        room = limits.max_unpacked_bytes
        for member in members:
            room -= _checked_size(self._zip, member, limits, room)

    def read(self, name: str) -> bytes:
        """Return the bytes of a member.

        Raises:
            UnreadableFile: There is none of this name.
        """
        if name not in self.names:
            msg = f"Its part {name!r} is missing. {DAMAGED}"
            raise UnreadableFile(msg)
        return self._zip.read(name)

    def xml(self, name: str) -> Any:  # noqa: ANN401 - lxml has no types
        """Return the root of the XML in a member.

        Raises:
            UnreadableFile: There is none, or it is not well-formed or nested too deeply.
        """
        return parse_xml(self.read(name))


def opened_zip(data: bytes, limits: LoadLimits) -> zipfile.ZipFile:
    """Return a zip file whose list of members was read, and nothing else.

    Raises:
        TooLarge: It has too many members.
        UnreadableFile: It is damaged.
    """
    # Counted before they are listed, which takes half a kilobyte of memory for each.
    if data.count(_LISTED) > limits.max_entries:
        msg = f"It contains more files than the limit of {limits.max_entries:,}. Split it."
        raise TooLarge(msg)
    try:
        return zipfile.ZipFile(BytesIO(data))
    except UNPACKING_ERRORS as error:
        raise UnreadableFile(DAMAGED) from error


def parse_xml(data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
    """Return the root of an XML document; no entity is expanded and nothing fetched.

    Raises:
        UnreadableFile: It is not well-formed, nested too deeply, or declares entities.
    """
    from lxml import etree

    check_declarations(data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        msg = f"It contains XML that cannot be read ({error.msg}). {DAMAGED}"
        raise UnreadableFile(msg) from error


def check_declarations(data: bytes) -> None:
    """Raise UnreadableFile if an XML document declares entities, of whatever kind.

    Only what comes before its first element is read, where the declarations must be.
    """
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _refuse_entity
    parser.StartElementHandler = _stop
    try:
        parser.Parse(data, True)  # noqa: FBT003 - it takes no keywords
    except _PrologueRead:
        return
    except expat.ExpatError:
        return  # lxml tells it better, and knows more encodings


class _PrologueRead(Exception):
    """The first element was reached."""


def _stop(*_: object) -> None:
    raise _PrologueRead


def _refuse_entity(*_: object) -> None:
    msg = (
        "It contains XML that declares entities. Office programs never write that, but attacks "
        "use it, so it was not read. Save its text as .txt."
    )
    raise UnreadableFile(msg)


def _checked_size(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: LoadLimits, room: int
) -> int:
    """Return the size of a member as it unpacks, which its header may not tell."""
    if member.flag_bits & _ENCRYPTED:
        msg = "It is password-protected. Remove the password and add it again."
        raise UnreadableFile(msg)
    if member.compress_type not in _METHODS:
        msg = "It uses an unusual zip compression. Zip it again, or save its text as .txt."
        raise UnreadableFile(msg)
    size = 0
    for block in _blocks(archive, member):
        size += len(block)
        if size > room:
            raise _swells(f"{limits.max_unpacked_bytes:,} bytes in all")
        if size > max(_HARMLESS_BYTES, limits.max_ratio * member.compress_size):
            raise _swells(f"{limits.max_ratio} times its packed size")
        if size > limits.max_xml_bytes and member.filename.lower().endswith(_XML_NAMES):
            raise _swells(f"{limits.max_xml_bytes:,} bytes for one XML file")
    return size


def _swells(limit: str) -> TooLarge:
    return TooLarge(
        f"Unpacked, it is over the limit of {limit}, like a zip bomb. Split it, or save its text "
        "as .txt."
    )


def _blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(member) as file:
            while block := file.read(_BLOCK_BYTES):
                yield block
    except UNPACKING_ERRORS as error:
        raise UnreadableFile(DAMAGED) from error
