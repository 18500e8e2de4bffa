"""Read zip archives and the XML in them, neither of which can be trusted."""

from __future__ import annotations

import posixpath
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import unquote
from xml.parsers import expat

from index.errors import TooLarge, UnreadableFile
from index.limits import LoadLimits

_BLOCK_BYTES = 1 << 20
# A few kilobytes of spaces may be compressed more than the ratio allows.
_HARMLESS_BYTES = 1 << 20
_DIRECTORY_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 1  # bit of a member's flags
_XML_NAMES = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_MAX_LETTERS = 20  # of an entity
_PREDEFINED = frozenset({"amp", "apos", "gt", "lt", "quot"})  # a file may repeat them
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

# RuntimeError is raised for a file that is encrypted or compressed in an unknown way.
UNPACKING_ERRORS = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError,
)  # fmt: skip
PROTECTED = "It is password-protected. Remove the password and add it again."
DAMAGED = "It is damaged or incomplete. Download or save it again, or save its text as .txt."


class Archive:
    """A zip archive, every member of which was unpacked once to check its size.

    Args:
        data: The archive.
        limits: What it may hold.
        skip_damaged: Leave out members that cannot be unpacked, instead of refusing the archive.

    Raises:
        TooLarge: It is over one of the limits.
        UnreadableFile: It is damaged or encrypted.
    """

    def __init__(self, data: bytes, limits: LoadLimits, *, skip_damaged: bool = False) -> None:
        self._zip = open_zip(data, limits)
        room = limits.max_unpacked_bytes
        names = []
        for member in self._zip.infolist():
            try:
                room -= _unpacked_size(self._zip, member, limits, room)
            except UnreadableFile:
                if not skip_damaged:
                    raise
            else:
                names.append(member.filename)
        self.names = frozenset(names)
        self._similar = {_folded(unquote(name)): name for name in reversed(names)}
        self._similar |= {_folded(name.replace("\\", "/")): name for name in reversed(names)}

    def find(self, path: str) -> str | None:
        """Return the member that a path in the archive means; None if there is none.

        Programs write paths with other cases, escapes, slashes or accents than the names.
        """
        for written in (path, unquote(path)):
            name = posixpath.normpath(written.replace("\\", "/")).lstrip("/")
            found = name if name in self.names else self._similar.get(_folded(name))
            if found is not None:
                return found
        return None

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


def parse_xml(data: bytes, *, recover: bool = False) -> Any:  # noqa: ANN401 - lxml has no types
    """Return the root of an XML document. No entity is expanded and nothing is fetched.

    Args:
        data: The document.
        recover: Return what can be read of a document that is not well-formed.

    Raises:
        UnreadableFile: It is not well-formed, nested too deeply, or declares entities.
    """
    from lxml import etree

    check_declarations(data)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=recover
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        msg = f"It contains XML that cannot be read ({error.msg}). {DAMAGED}"
        raise UnreadableFile(msg) from error
    if root is None:
        msg = f"It contains XML that cannot be read. {DAMAGED}"
        raise UnreadableFile(msg)
    return root


def check_declarations(data: bytes) -> None:
    """Raise UnreadableFile if an XML document declares entities before its first element."""
    _parse_prolog(data, _refuse_entity)


def declared_letters(data: bytes) -> dict[str, str]:
    """Return the entities that an XML document declares as short texts without entities in them.

    Raises:
        UnreadableFile: It declares other entities.
    """
    letters: dict[str, str] = {}

    def declare(name: str, is_parameter: int, value: str | None, *_: object) -> None:
        if name in _PREDEFINED and not is_parameter:
            return
        if is_parameter or value is None or len(value) > _MAX_LETTERS or set(value) & set("&%<"):
            _refuse_entity()
        letters.setdefault(name, value or "")

    _parse_prolog(data, declare)
    return letters


def _parse_prolog(data: bytes, declare: Callable[..., None]) -> None:
    """Call ``declare`` for each entity that is declared before the first element."""
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = declare
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


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


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
