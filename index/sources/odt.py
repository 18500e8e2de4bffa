"""ODT → text, title and headings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import Archive
from index.sources.document import ParsedDocument, TextBuilder

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"

_MOST_SPACES = 1_000  # of a run, which a file tells as a number
_BLOCKS = frozenset({f"{_TEXT}h", f"{_TEXT}p"})
# What was deleted, is only declared, or is said about the text by its readers.
_UNSEEN = frozenset(
    {
        f"{_TEXT}tracked-changes",
        f"{_TEXT}sequence-decls",
        f"{_TEXT}note-citation",
        f"{_OFFICE}annotation",
        f"{_OFFICE}forms",
    }
)


def read(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of an OpenDocument text: paragraphs, lists, tables, notes in their place.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged or protected.
    """
    archive = Archive(data, limits)
    if "META-INF/manifest.xml" in archive.names:
        manifest = archive.xml("META-INF/manifest.xml")
        if next(manifest.iter(f"{_MANIFEST}encryption-data"), None) is not None:
            msg = "It is password-protected. Remove the password and add it again."
            raise UnreadableFile(msg)
    builder = TextBuilder(limits)
    body = archive.xml("content.xml").find(f"{_OFFICE}body")
    if body is not None:
        _add_blocks(body, builder)
    title = ""
    if "meta.xml" in archive.names:
        title = archive.xml("meta.xml").findtext(f".//{_TITLE}") or ""
    return builder.loaded(title)


def _add_blocks(parent: Any, builder: TextBuilder, *, listed: bool = False) -> None:  # noqa: ANN401
    for block in parent.iterchildren():
        if block.tag == f"{_TEXT}h":
            level = block.get(f"{_TEXT}outline-level", "1")
            text = "".join(_words(block))
            builder.add_paragraph(text, level=int(level) if level.isdecimal() else 1)
        elif block.tag == f"{_TEXT}p":
            text = "".join(_words(block)).strip()
            if listed and text:
                builder.add_paragraph(f"- {text}", gathered="item")
            else:
                builder.add_paragraph(text)
            _add_notes(block, builder)
        elif block.tag == f"{_TABLE}table":
            _add_table(block, builder)
        elif isinstance(block.tag, str) and block.tag not in _UNSEEN:
            _add_blocks(block, builder, listed=listed or block.tag == f"{_TEXT}list-item")


def _add_table(table: Any, builder: TextBuilder) -> None:  # noqa: ANN401 - an lxml element
    for row in table.iter(f"{_TABLE}table-row"):
        if next(row.iterancestors(f"{_TABLE}table")) is table:
            cells = [_words_of_cell(cell) for cell in row.iterchildren(f"{_TABLE}table-cell")]
            builder.add_paragraph(" | ".join(cells).strip(" |"), gathered="row")


def _words_of_cell(cell: Any) -> str:  # noqa: ANN401 - an lxml element
    blocks = (block for block in cell.iter() if block.tag in _BLOCKS)
    return " ".join(" ".join("".join(_words(block)).split()) for block in blocks).strip()


def _add_notes(paragraph: Any, builder: TextBuilder) -> None:  # noqa: ANN401 - an lxml element
    """Add the footnotes of a paragraph after it, so that its sentences stay whole."""
    for note in paragraph.iter(f"{_TEXT}note-body"):
        builder.add_paragraph(_words_of_cell(note))


def _words(block: Any) -> Iterator[str]:  # noqa: ANN401 - an lxml element
    """Yield what a paragraph shows; white space in the file is but a space."""
    from lxml import etree

    walk = etree.iterwalk(block, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            if element is not block:
                yield _collapsed(element.tail)
        elif element.tag in _UNSEEN or element.tag == f"{_TEXT}note":
            walk.skip_subtree()
        elif element.tag == f"{_TEXT}s":
            count = element.get(f"{_TEXT}c", "1")
            yield " " * (min(int(count), _MOST_SPACES) if count.isdecimal() else 1)
        elif element.tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
            yield "\t" if element.tag == f"{_TEXT}tab" else "\n"
        elif isinstance(element.tag, str):
            yield _collapsed(element.text)


def _collapsed(text: str | None) -> str:
    if not text:
        return ""
    words = " ".join(text.split())
    if not words:
        return " "
    before, after = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' * before}{words}{' ' * after}"
