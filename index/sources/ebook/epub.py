"""Read EPUB: text, title and headings, chapter by chapter in the order of its spine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import DAMAGED, Archive, declared_letters, parse_xml
from index.sources.byline import with_byline
from index.sources.decoding import decode, html_charset
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.ebook.epub_chapter import ChapterHints, chapter_source, prepare_chapter
from index.sources.ebook.epub_navigation import element_name, read_navigation
from index.sources.ebook.epub_styles import read_styles
from index.sources.html.html_page import add_visible_text
from index.sources.titles import written_title

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "encryption.xml"
_CHAPTER_TYPES = frozenset(
    "application/xhtml+xml application/xml text/xml text/html text/x-oeb1-document"
    " application/x-dtbook+xml image/svg+xml".split()
)
_CHAPTER_SUFFIXES = (".xhtml", ".html", ".htm", ".xht")
_OTHER_TYPES = re.compile(r"(?:image|audio|video|font)/|text/css|.*(?:ncx|font|script|pdf)")
_FONT_SUFFIXES = (".otf", ".ttf", ".ttc", ".woff", ".woff2")
_FONT_ALGORITHMS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_NO_TITLE = frozenset({"unknown", "untitled", "unnamed", "[no title]", "no title"})
_MAX_FALLBACKS = 10
_MAX_AUTHOR_CHARS = 100
_ROLE = "{http://www.idpf.org/2007/opf}role"
_EVENT = "{http://www.idpf.org/2007/opf}event"
_ISO_DATE = re.compile(r"\d{4}(?:-[01]\d(?:-[0-3]\d)?)?(?!\d)")


@dataclass(frozen=True, slots=True)
class _Item:
    """A file of the book, as its manifest describes it."""

    path: str
    media_type: str
    properties: frozenset[str]
    fallback: str
    """The id of the item to show instead, if this one cannot be shown."""

    @property
    def is_chapter(self) -> bool:
        path = self.path.lower()
        return self.media_type in _CHAPTER_TYPES or (
            path.endswith(_CHAPTER_SUFFIXES) or not _OTHER_TYPES.match(self.media_type or path)
        )


def read_epub(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the visible text of an e-book, without the parts of it that cannot be read.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is copy-protected, or none of its chapters can be read.
    """
    archive = Archive(data, limits, skip_damaged=True)
    package_name = _package_name(archive)
    package = parse_xml(archive.read(package_name), recover=True)
    folder = posixpath.dirname(package_name)
    items = _items(package, folder)
    names = [*dict.fromkeys(_chapters(archive, package, items))]
    _check_protection(archive, frozenset(names))
    navigation = read_navigation(archive, _navigation_names(archive, package, items))
    contents = _contents_names(archive, package, folder)
    styles = read_styles(archive)
    builder = TextBuilder(limits)
    failures: list[UnreadableFile] = []
    for name in names:
        hints = ChapterHints(
            navigation.labels.get(name, {}),
            navigation.page_numbers.get(name, {}),
            styles,
            name in contents,
        )
        try:
            _add_chapter(archive.read(name), hints, builder)
        except UnreadableFile as error:
            failures.append(error)
    document = builder.build(_title(package))
    if failures and not document.text:
        raise failures[0]
    if not document.title:
        document = replace(document, title=_first_heading(document))
    return with_byline(document, _authors(package), _date(package))


def _add_chapter(data: bytes, hints: ChapterHints, builder: TextBuilder) -> None:
    letters = declared_letters(data)
    source = chapter_source(decode(data, html_charset(data)), letters)
    add_visible_text(source, builder, lambda root: prepare_chapter(root, hints))


def _package_name(archive: Archive) -> str:
    """Return the name of the file that lists the book's parts."""
    path = ""
    container = _container_name(archive)
    if container:
        # The book may be in a folder of the archive.
        folder = posixpath.dirname(posixpath.dirname(container))
        for element in parse_xml(archive.read(container), recover=True).iter():
            if element_name(element) == "rootfile" and element.get("full-path"):
                path = posixpath.join(folder, element.get("full-path"))
                break
    others = sorted(name for name in archive.names if name.lower().endswith(".opf"))
    name = archive.find(path) or next(iter(others), path)
    if not name:
        msg = f"The e-book does not say where its contents are. {DAMAGED}"
        raise UnreadableFile(msg)
    return name


def _container_name(archive: Archive) -> str:
    names = [name for name in archive.names if name.endswith(_CONTAINER)]
    return min(names, key=len, default="")


def _items(package: Any, folder: str) -> dict[str, _Item]:  # noqa: ANN401 - an lxml element
    """Return the items of the manifest by their ids."""
    return {
        element.get("id", ""): _Item(
            posixpath.join(folder, element.get("href").partition("#")[0]),
            element.get("media-type", "").partition(";")[0].strip().lower(),
            frozenset(element.get("properties", "").split()),
            element.get("fallback", ""),
        )
        for element in package.iter()
        if element_name(element) == "item" and element.get("href")
    }


def _chapters(archive: Archive, package: Any, items: dict[str, _Item]) -> Iterator[str]:  # noqa: ANN401
    """Yield the names of the chapters in reading order, the missing ones included.

    The order is that of the spine, with what it sets apart at the end; if it has no chapter, that
    of the manifest, else that of the names.
    """
    refs = [element for element in package.iter() if element_name(element) == "itemref"]
    refs.sort(key=lambda element: element.get("linear") == "no")
    spine = [_shown_item(items, element.get("idref", "")) for element in refs]
    paths = [item.path for item in spine if item is not None]
    if not any(archive.find(path) for path in paths):
        paths += [
            item.path
            for item in items.values()
            if item.is_chapter and "nav" not in item.properties and archive.find(item.path)
        ]
    # A package that lists nothing.
    paths = paths or sorted(n for n in archive.names if n.lower().endswith(_CHAPTER_SUFFIXES))
    for path in paths:
        yield archive.find(path) or posixpath.normpath(unquote(path))


def _shown_item(items: dict[str, _Item], item_id: str) -> _Item | None:
    """Return an item, or what it names to show instead; None if neither has text."""
    for _ in range(_MAX_FALLBACKS):
        item = items.get(item_id)
        if item is None or item.is_chapter:
            return item
        item_id = item.fallback
    return None


def _navigation_names(archive: Archive, package: Any, items: dict[str, _Item]) -> list[str]:  # noqa: ANN401
    """Return the names of the files with the table of contents, the newer format first."""
    toc = next((e.get("toc", "") for e in package.iter() if element_name(e) == "spine"), "")
    paths = [item.path for item in items.values() if "nav" in item.properties]
    paths += [
        item.path
        for item_id, item in items.items()
        if item_id == toc or item.media_type == "application/x-dtbncx+xml"
    ]
    return [name for path in paths if (name := archive.find(path))]


def _contents_names(archive: Archive, package: Any, folder: str) -> frozenset[str]:  # noqa: ANN401
    """Return the names of the chapters that the guide calls a table of contents."""
    paths = [
        posixpath.join(folder, element.get("href", "").partition("#")[0])
        for element in package.iter()
        if element_name(element) == "reference" and element.get("type", "").lower() == "toc"
    ]
    return frozenset(name for path in paths if (name := archive.find(path)))


def _title(package: Any) -> str:  # noqa: ANN401 - an lxml element
    """Return the main title in the metadata; "" if it has none."""
    titles: dict[str, str] = {}
    main = ""
    for number, element in enumerate(package.iter()):
        if element_name(element) == "title":
            text = " ".join("".join(element.itertext()).split())
            if written_title(text) and text.casefold() not in _NO_TITLE:
                titles[element.get("id") or str(number)] = text
        elif element.get("property") == "title-type" and (element.text or "").strip() == "main":
            main = element.get("refines", "").removeprefix("#")
    return titles.get(main) or next(iter(titles.values()), "")


def _authors(package: Any) -> str:  # noqa: ANN401 - an lxml element
    """Return the names of the authors in the metadata, separated by commas."""
    elements = [each for each in package.iter() if isinstance(each.tag, str)]
    roles = {
        each.get("refines", "").removeprefix("#"): (each.text or "").strip()
        for each in elements
        if each.get("property") == "role"
    }
    names: list[str] = []
    for element in elements:
        if element_name(element) == "creator":
            role = element.get(_ROLE) or roles.get(element.get("id", ""), "")
            name = " ".join("".join(element.itertext()).split())
            if role in {"", "aut"} and name.casefold() not in _NO_TITLE:
                names.append(name)
    found = ", ".join(dict.fromkeys(filter(None, names)))
    return found if len(found) <= _MAX_AUTHOR_CHARS else ""


def _date(package: Any) -> str:  # noqa: ANN401 - an lxml element
    """Return the date of publication in the metadata; "" if it has none."""
    for element in package.iter():
        event = element.get(_EVENT, "publication")
        if element_name(element) == "date" and event.endswith("publication"):
            found = _ISO_DATE.match((element.text or "").strip())
            # Programs write the year 101 for none.
            if found is not None and found[0] >= "1000":
                return found[0]
    return ""


def _first_heading(document: ParsedDocument) -> str:
    level = min((heading.level for heading in document.headings), default=0)
    headings = (heading for heading in document.headings if heading.level == level)
    return next((document.text[heading.start : heading.end] for heading in headings), "")


def _check_protection(archive: Archive, chapters: frozenset[str]) -> None:
    """Raise UnreadableFile if more than fonts is encrypted."""
    folder, _ = posixpath.split(_container_name(archive))
    name = posixpath.join(folder, _ENCRYPTION)
    if name not in archive.names:
        return
    root = parse_xml(archive.read(name), recover=True)
    base = posixpath.dirname(folder)
    for data in [element for element in root.iter() if element_name(element) == "EncryptedData"]:
        method, path = "", ""
        for element in data.iter():
            kind = element_name(element)
            if kind == "EncryptionMethod" and not method:
                method = element.get("Algorithm", "")
            elif kind == "CipherReference":
                path = posixpath.normpath(posixpath.join(base, unquote(element.get("URI", ""))))
        is_font = method in _FONT_ALGORITHMS or path.lower().endswith(_FONT_SUFFIXES)
        if path and (path in chapters or not is_font):
            msg = (
                "The e-book is copy-protected (DRM). Add an unprotected copy, or its text as .txt."
            )
            raise UnreadableFile(msg)
