"""Read zip archives and the XML in them, neither of which can be trusted."""

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
# A few kilobytes of spaces may be compressed more than the ratio allows.
_HARMLESS_BYTES = 1 << 20
_DIRECTORY_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 1  # bit of a member's flags
_XML_NAMES = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

# RuntimeError is raised for a file that is encrypted or compressed in an unknown way.
UNPACKING_ERRORS = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError,
)  # fmt: skip
PROTECTED = "It is password-protected. Remove the password and add it again."
DAMAGED = "It is damaged or incomplete. Download or save it again, or save its text as .txt."


class Archive:
    """A zip archive, every member of which was unpacked once to check its size.

    Raises:
        TooLarge: It is over one of the limits.
        UnreadableFile: It is damaged or encrypted.
    """

    def __init__(self, data: bytes, limits: LoadLimits) -> None:
        self._zip = open_zip(data, limits)
        members = self._zip.infolist()
        self.names = frozenset(member.filename for member in members)
        room = limits.max_unpacked_bytes
        for member in members:
            room -= _unpacked_size(self._zip, member, limits, room)

    def read(self, name: str) -> bytes:
        """Return the bytes of a member; raises UnreadableFile if it is missing."""
        if name not in self.names:
            msg = f"Its part {name!r} is missing. {DAMAGED}"
            raise UnreadableFile(msg)
        return self._zip.read(name)

    def xml(self, name: str) -> Any:  # noqa: ANN401 - lxml has no types
        """Return the root of the XML in a member; raises as :meth:`read` and :func:`parse_xml`."""
        return parse_xml(self.read(name))


def open_zip(data: bytes, limits: LoadLimits) -> zipfile.ZipFile:
    """Return a zip archive, of which only the directory was read.

    Raises:
        TooLarge: It has too many members.
        UnreadableFile: It is damaged.
    """
    # zipfile would take half a kilobyte of memory for each entry.
    if data.count(_DIRECTORY_ENTRY) > limits.max_entries:
        msg = f"It contains more files than the limit of {limits.max_entries:,}. Split it."
        raise TooLarge(msg)
    try:
        return zipfile.ZipFile(BytesIO(data))
    except UNPACKING_ERRORS as error:
        raise UnreadableFile(DAMAGED) from error


def parse_xml(data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
    """Return the root of an XML document. No entity is expanded and nothing is fetched.

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
    """Raise UnreadableFile if an XML document declares entities before its first element."""
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _refuse_entity
    parser.StartElementHandler = _stop
    try:
        parser.Parse(data, True)  # noqa: FBT003 - it takes no keywords
    except _StopAfterProlog:
        return
    except expat.ExpatError:
        return  # lxml has better messages, and knows more encodings


class _StopAfterProlog(Exception):
    """Stops the parser when the prolog has been read."""


def _stop(*_: object) -> None:
    raise _StopAfterProlog


def _refuse_entity(*_: object) -> None:
    msg = (
        "It contains XML that declares entities. Office programs never write that, but attacks "
        "use it, so it was not read. Save its text as .txt."
    )
    raise UnreadableFile(msg)


def _unpacked_size(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: LoadLimits, room: int
) -> int:
    """Return the true size of a member, which its header may misstate; raises if over a limit."""
    if member.flag_bits & _ENCRYPTED:
        raise UnreadableFile(PROTECTED)
    if member.compress_type not in _METHODS:
        msg = "It uses an unusual zip compression. Zip it again, or save its text as .txt."
        raise UnreadableFile(msg)
    size = 0
    for block in _blocks(archive, member):
        size += len(block)
        if size > room:
            raise _over_limit(f"{limits.max_unpacked_bytes:,} bytes in all")
        if size > max(_HARMLESS_BYTES, limits.max_ratio * member.compress_size):
            raise _over_limit(f"{limits.max_ratio} times its packed size")
        if size > limits.max_xml_bytes and member.filename.lower().endswith(_XML_NAMES):
            raise _over_limit(f"{limits.max_xml_bytes:,} bytes for one XML file")
    return size


def _over_limit(limit: str) -> TooLarge:
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
