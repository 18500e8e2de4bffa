"""Read EPUB: text, title and headings, chapter by chapter in the order of its spine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import DAMAGED, Archive, check_declarations
from index.sources.decoding import decode
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.html_page import add_visible_text

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTER_TYPES = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})
_CHARSET = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)", re.ASCII)
# An HTML parser takes <a id="x"/> or <title/> for an opening tag.
_SELF_CLOSING = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)\b)"
    r"([A-Za-z][\w:-]*)(\s[^<>]*)?/>"
)
_FONT_SUFFIXES = (".otf", ".ttf", ".woff", ".woff2")


def read_epub(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the visible text of an e-book.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged or copy-protected.
    """
    archive = Archive(data, limits)
    package_name = _package_name(archive)
    package = archive.xml(package_name)
    names = list(_chapters(package, posixpath.dirname(package_name)))
    _check_protection(archive, frozenset(names))
    builder = TextBuilder(limits)
    for name in dict.fromkeys(names):
        chapter = archive.read(name)
        check_declarations(chapter)
        declared = _CHARSET.match(chapter)
        page = decode(chapter, declared[1].decode("ascii") if declared else None)
        add_visible_text(_SELF_CLOSING.sub(r"<\1\2></\1>", page), builder)
    title = next((e.text or "" for e in package.iter() if _name(e) == "title"), "")
    return builder.build(" ".join(title.split()))


def _package_name(archive: Archive) -> str:
    for element in archive.xml(_CONTAINER).iter():
        if _name(element) == "rootfile" and element.get("full-path"):
            return str(element.get("full-path"))
    msg = f"The e-book does not say where its contents are. {DAMAGED}"
    raise UnreadableFile(msg)


def _chapters(package: Any, folder: str) -> Iterator[str]:  # noqa: ANN401 - an lxml element
    """Yield the names of the files that the spine lists, in its order."""
    items = {
        element.get("id"): element
        for element in package.iter()
        if _name(element) == "item" and element.get("href")
    }
    for element in package.iter():
        item = items.get(element.get("idref")) if _name(element) == "itemref" else None
        if item is not None and item.get("media-type") in _CHAPTER_TYPES:
            path = unquote(item.get("href").partition("#")[0])
            yield posixpath.normpath(posixpath.join(folder, path))


def _check_protection(archive: Archive, chapters: frozenset[str]) -> None:
    """Raise UnreadableFile if more than fonts is encrypted."""
    if _ENCRYPTION not in archive.names:
        return
    for element in archive.xml(_ENCRYPTION).iter():
        if _name(element) == "CipherReference":
            name = posixpath.normpath(unquote(element.get("URI", "")))
            if name in chapters or not name.lower().endswith(_FONT_SUFFIXES):
                msg = (
                    "The e-book is copy-protected (DRM). Add an unprotected copy, or its text as "
                    ".txt."
                )
                raise UnreadableFile(msg)


def _name(element: Any) -> str:  # noqa: ANN401 - an lxml element
    """Return an element's name without its namespace, of which e-books have several."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
