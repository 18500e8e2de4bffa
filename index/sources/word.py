"""Read DOCX: text, title and headings. python-docx opens it, and its body is walked here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, TypeVar

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import Archive, parse_xml
from index.sources.document import ParsedDocument, TextBuilder

T = TypeVar("T")


def opened(data: bytes, limits: LoadLimits, library: Callable[[BytesIO], T], wrong: str) -> T:
    """Return what ``library`` makes of a file, once each part of it was found to be sound here.

    The libraries bound nothing, and fail in various ways at a part that is broken; so what
    they still fail at is a part that is not what it is called, which ``wrong`` says.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged, protected, or of another kind.
    """
    archive = Archive(data, limits)
    for name in archive.names:
        if name.lower().endswith((".xml", ".rels")):
            parse_xml(archive.read(name))
    try:
        return library(BytesIO(data))
    except (AttributeError, KeyError, ValueError) as error:
        raise UnreadableFile(wrong) from error


_WRONG = "It is not a valid Word document. Open it in Word and save it as .docx, or as .txt."
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_MOST_ANCESTORS = 10  # of a style; a file may hold a circle of them
_NOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
# What is struck out, stands elsewhere too, or is an instruction and not text. A text box
# is a paragraph in a paragraph, and is told after it.
_UNSEEN = frozenset(
    [f"{_W}{name}" for name in "del moveFrom instrText delText pPr rPr sectPr tblPr".split()]
    + [_FALLBACK]
)
_TEXT_BOX = f"{_W}txbxContent"
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "\u2011"}
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)


def read(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a Word document: paragraphs, lists, tables, and its notes at the end.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged, protected, or no Word document.
    """
    # 250 ms to import.
    from docx import Document

    document = opened(data, limits, Document, _WRONG)
    builder = TextBuilder(limits)
    levels = _levels(document.styles.element)
    _add_blocks(document.element.body, levels, builder)
    for kind in ("footnotes", "endnotes"):
        _add_notes(document.part, kind, builder)
    return builder.loaded(document.core_properties.title or "")


def _levels(styles: Any) -> dict[str, int]:  # noqa: ANN401 - an lxml element
    """Return the heading level of each style that is a heading's, or is based on one."""
    levels: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in styles.iterchildren(f"{_W}style"):
        name = str(style.get(f"{_W}styleId"))
        shown = style.find(f"{_W}name")
        title = "" if shown is None else str(shown.get(f"{_W}val"))
        found = _HEADING.fullmatch(title)
        if found or title.lower() == "title":
            levels[name] = int(found[1]) if found else 1
        based = style.find(f"{_W}basedOn")
        if based is not None:
            parents[name] = str(based.get(f"{_W}val"))
    for name in parents:
        ancestors = [name]
        while ancestors[-1] not in levels and len(ancestors) < _MOST_ANCESTORS:
            ancestors.append(parents.get(ancestors[-1], ""))
        if ancestors[-1] in levels:
            levels[name] = levels[ancestors[-1]]
    return levels


def _add_blocks(parent: Any, levels: dict[str, int], builder: TextBuilder) -> None:  # noqa: ANN401
    for block in parent.iterchildren():
        if block.tag == f"{_W}p":
            _add_paragraph(block, levels, builder)
        elif block.tag == f"{_W}tbl":
            for row in block.iter(f"{_W}tr"):
                if not _is_nested(row, block):
                    cells = [_words_of_cell(cell) for cell in _cells(row)]
                    builder.add_paragraph(" | ".join(cells).strip(" |"), gathered="row")
            builder.add_paragraph("")
        elif isinstance(block.tag, str) and block.tag not in _UNSEEN:
            _add_blocks(block, levels, builder)  # a content control, an insertion, custom XML


def _add_paragraph(paragraph: Any, levels: dict[str, int], builder: TextBuilder) -> None:  # noqa: ANN401
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    level = levels.get(str(style.get(f"{_W}val")), 0) if style is not None else 0
    outline = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
    if outline is not None and str(outline.get(f"{_W}val")) in "01234567":
        level = int(outline.get(f"{_W}val")) + 1
    text = "".join(_words(paragraph))
    listed = paragraph.find(f"{_W}pPr/{_W}numPr") is not None or _is_list_style(style)
    if listed and not level and text.strip():
        builder.add_paragraph(f"- {text.strip()}", gathered="item")
    else:
        builder.add_paragraph(text, level=level)
    for box in paragraph.iter(_TEXT_BOX):
        own = next(box.iterancestors(f"{_W}p")) is paragraph
        if own and next(box.iterancestors(_FALLBACK), None) is None:
            _add_blocks(box, levels, builder)


def _is_list_style(style: Any) -> bool:  # noqa: ANN401 - an lxml element
    return style is not None and str(style.get(f"{_W}val")).startswith("List")


def _is_nested(row: Any, table: Any) -> bool:  # noqa: ANN401 - lxml elements
    return next(row.iterancestors(f"{_W}tbl")) is not table


def _cells(row: Any) -> Iterator[Any]:  # noqa: ANN401 - lxml elements
    for cell in row.iter(f"{_W}tc"):
        if next(cell.iterancestors(f"{_W}tr")) is row:
            yield cell


def _words_of_cell(cell: Any) -> str:  # noqa: ANN401 - an lxml element
    return " ".join(" ".join("".join(_words(p)).split()) for p in cell.iter(f"{_W}p")).strip()


def _words(parent: Any) -> Iterator[str]:  # noqa: ANN401 - an lxml element
    """Yield what a paragraph shows, its text boxes left out."""
    from lxml import etree

    walk = etree.iterwalk(parent, events=("start",))
    for _, element in walk:
        if element.tag in _UNSEEN or element.tag == _TEXT_BOX:
            walk.skip_subtree()
        elif element.tag == f"{_W}t":
            yield element.text or ""
        elif element.tag in _SIGNS:
            yield _SIGNS[element.tag]


def _add_notes(part: Any, kind: str, builder: TextBuilder) -> None:  # noqa: ANN401 - python-docx's
    """Add the footnotes or endnotes, one a paragraph."""
    for relation in part.rels.values():
        if relation.reltype == f"{_NOTES}{kind}" and not relation.is_external:
            for note in parse_xml(relation.target_part.blob).iterchildren():
                if note.get(f"{_W}type") in (None, "normal"):  # else a line that parts them
                    builder.add_paragraph(_words_of_cell(note))
