"""Read DOCX, PPTX, ODT and RTF: text, title and headings.

python-docx, python-pptx and striprtf read the files; the XML of DOCX and ODT is walked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any, TypeVar

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import DAMAGED, PROTECTED, Archive, parse_xml
from index.sources.document import ParsedDocument, TextBuilder, clean
from index.sources.plain_text import plain_text_headings

_T = TypeVar("_T")
_Element = Any  # of lxml, python-docx or python-pptx: none of them has types

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_MAX_ANCESTORS = 10  # of a style; a file may contain a cycle of them
# Deletions, repetitions, properties and instructions.
_DOCX_HIDDEN = frozenset(
    [f"{_W}{name}" for name in "del moveFrom instrText delText pPr rPr sectPr tblPr".split()]
    + [_FALLBACK]
)
_TEXT_BOX = f"{_W}txbxContent"  # in a paragraph; its text is added after that paragraph
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "\u2011"}
_HEADING_STYLE = re.compile(r"heading ([1-9])", re.IGNORECASE)

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_MAX_SPACES = 1_000  # in a row; the file gives a number
_ODT_PARAGRAPHS = frozenset({f"{_TEXT}h", f"{_TEXT}p"})
# Deletions, declarations and comments.
_ODT_HIDDEN = frozenset(
    [f"{_TEXT}{name}" for name in ("tracked-changes", "sequence-decls", "note-citation")]
    + [f"{_OFFICE}annotation", f"{_OFFICE}forms"]
)

# Pictures are long runs of hexadecimal digits, which striprtf would read one by one.
_PICTURE = re.compile(rb"(?<![0-9a-fA-F\r\n])[0-9a-fA-F\r\n]{1000,}")
# For each font, striprtf searches for its character set up to the next semicolon or newline, so
# each font gets both.
_FONT = re.compile(r"(?=\\f\d)")
_FONT_END = ";\n"
# striprtf's pattern for the address of a link takes unbounded time on hostile input. With a space
# here it does not match; the visible text of the link is still read.
_LINK = re.compile(r"(\\fldinst)\{", re.IGNORECASE)
_RTF_TITLE = re.compile(r"\{\\title ([^{}\\]{1,500})\}")
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")


def read_docx(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a Word document: paragraphs, lists, tables, and its notes at the end.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged, protected, or not a Word document.
    """
    # 250 ms to import.
    from docx import Document

    invalid = "It is not a valid Word document. Open it in Word and save it as .docx, or as .txt."
    document = _open(data, limits, Document, invalid)
    builder = TextBuilder(limits)
    levels = _style_levels(document.styles.element)
    _add_docx_blocks(document.element.body, levels, builder)
    for kind in ("footnotes", "endnotes"):
        _add_docx_notes(document.part, kind, builder)
    return builder.build(document.core_properties.title or "")


def _open(data: bytes, limits: LoadLimits, library: Callable[[BytesIO], _T], invalid: str) -> _T:
    """Return a file opened by ``library``, after checking the size and XML of each part.

    The libraries limit nothing, and fail in various ways on a malformed part. What they still
    fail on is another kind of file; ``invalid`` is the message for it.
    """
    archive = Archive(data, limits)
    for name in archive.names:
        if name.lower().endswith((".xml", ".rels")):
            archive.xml(name)
    try:
        return library(BytesIO(data))
    except (AttributeError, KeyError, ValueError) as error:
        raise UnreadableFile(invalid) from error


def _style_levels(styles: _Element) -> dict[str, int]:
    """Return the heading level of each style that is a heading or is based on one."""
    levels: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in styles.iterchildren(f"{_W}style"):
        style_id = str(style.get(f"{_W}styleId"))
        name = _value(style, "name").lower()
        heading = _HEADING_STYLE.fullmatch(name)
        if heading or name == "title":
            levels[style_id] = int(heading[1]) if heading else 1
        parents[style_id] = _value(style, "basedOn")
    for style_id in parents:
        ancestor = style_id
        for _ in range(_MAX_ANCESTORS):
            if ancestor in levels:
                levels[style_id] = levels[ancestor]
                break
            ancestor = parents.get(ancestor, "")
    return levels


def _value(parent: _Element, path: str) -> str:
    """Return the value of a property such as ``pPr/pStyle``; "" if it is absent."""
    found = parent.find("/".join(f"{_W}{name}" for name in path.split("/")))
    return "" if found is None else str(found.get(f"{_W}val"))


def _add_docx_blocks(parent: _Element, levels: dict[str, int], builder: TextBuilder) -> None:
    for block in parent.iterchildren():
        if block.tag == f"{_W}p":
            _add_docx_paragraph(block, levels, builder)
        elif block.tag == f"{_W}tbl":
            for row in _own(block, f"{_W}tr"):
                builder.add_row(_docx_cell(cell) for cell in _own(row, f"{_W}tc"))
            builder.end_group()
        elif isinstance(block.tag, str) and block.tag not in _DOCX_HIDDEN:
            _add_docx_blocks(block, levels, builder)  # a content control, insertion or custom XML


def _own(parent: _Element, tag: str) -> Iterator[_Element]:
    """Yield the descendants with this tag that are not in a nested element like ``parent``."""
    return (e for e in parent.iter(tag) if next(e.iterancestors(parent.tag)) is parent)


def _add_docx_paragraph(paragraph: _Element, levels: dict[str, int], builder: TextBuilder) -> None:
    style = _value(paragraph, "pPr/pStyle")
    level = levels.get(style, 0)
    outline = _value(paragraph, "pPr/outlineLvl")
    if outline and outline in "01234567":
        level = int(outline) + 1
    text = "".join(_docx_text(paragraph))
    is_item = style.startswith("List") or paragraph.find(f"{_W}pPr/{_W}numPr") is not None
    if is_item and not level:
        builder.add_item(text)
    else:
        builder.add_paragraph(text, level=level)
    for box in _own(paragraph, _TEXT_BOX):
        if next(box.iterancestors(_FALLBACK), None) is None:
            _add_docx_blocks(box, levels, builder)


def _add_docx_notes(part: _Element, kind: str, builder: TextBuilder) -> None:
    for relation in part.rels.values():
        if relation.reltype == f"{_NOTES}{kind}" and not relation.is_external:
            for note in parse_xml(relation.target_part.blob).iterchildren():
                if note.get(f"{_W}type") in (None, "normal"):  # else a separator line
                    builder.add_paragraph(_docx_cell(note))


def _docx_cell(cell: _Element) -> str:
    return _one_line(_docx_text(paragraph) for paragraph in cell.iter(f"{_W}p"))


def _docx_text(paragraph: _Element) -> Iterator[str]:
    """Yield the visible text of a paragraph, without its text boxes."""
    from lxml import etree

    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        if element.tag in _DOCX_HIDDEN or element.tag == _TEXT_BOX:
            walk.skip_subtree()
        elif element.tag == f"{_W}t":
            yield element.text or ""
        elif element.tag in _SIGNS:
            yield _SIGNS[element.tag]


def _one_line(paragraphs: Iterable[Iterable[str]]) -> str:
    return " ".join(" ".join("".join(pieces).split()) for pieces in paragraphs).strip()


def read_pptx(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a presentation: each slide a page, its title a heading, then its notes.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged, protected, or not a presentation.
    """
    # 300 ms to import.
    from pptx import Presentation

    invalid = "It is not a valid presentation. Open it in PowerPoint and save it as .pptx."
    presentation = _open(data, limits, Presentation, invalid)
    builder = TextBuilder(limits)
    limits.check_pages(len(presentation.slides))
    for slide in presentation.slides:
        builder.start_page()
        _add_slide(slide, builder)
    return builder.build(presentation.core_properties.title or "")


def _add_slide(slide: _Element, builder: TextBuilder) -> None:
    title = slide.shapes.title
    if title is not None:
        builder.add_paragraph(title.text_frame.text, level=1)
    for shape in _ungrouped(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if shape.has_text_frame:
            builder.add_paragraph(_frame_text(shape.text_frame))
        if shape.has_table:
            _add_slide_table(shape.table, builder)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = _frame_text(slide.notes_slide.notes_text_frame)
        builder.add_paragraph(f"Notes: {notes}" if notes else "")


def _add_slide_table(table: _Element, builder: TextBuilder) -> None:
    from pptx.table import _Row

    for row in table._tbl.tr_lst:  # each item of table.rows would list all the rows again
        builder.add_row(" ".join(cell.text.split()) for cell in _Row(row, table).cells)
    builder.end_group()


def _ungrouped(shapes: _Element) -> Iterator[_Element]:
    """Yield the shapes, and those of groups, in order."""
    from pptx.shapes.group import GroupShape

    for shape in shapes:
        if isinstance(shape, GroupShape):
            yield from _ungrouped(shape.shapes)
        else:
            yield shape


def _frame_text(frame: _Element) -> str:
    """Return the paragraphs of a frame as lines, since those of a bullet list are short."""
    lines = (" ".join(paragraph.text.split()) for paragraph in frame.paragraphs)
    return "\n".join(line for line in lines if line)


def read_odt(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of an OpenDocument text, each footnote after its paragraph.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged or protected.
    """
    archive = Archive(data, limits)
    if "META-INF/manifest.xml" in archive.names:
        manifest = archive.xml("META-INF/manifest.xml")
        if next(manifest.iter(f"{_MANIFEST}encryption-data"), None) is not None:
            raise UnreadableFile(PROTECTED)
    builder = TextBuilder(limits)
    body = archive.xml("content.xml").find(f"{_OFFICE}body")
    if body is not None:
        _add_odt_blocks(body, builder)
    title = ""
    if "meta.xml" in archive.names:
        title = archive.xml("meta.xml").findtext(f".//{_TITLE}") or ""
    return builder.build(title)


def _add_odt_blocks(parent: _Element, builder: TextBuilder, *, in_list: bool = False) -> None:
    for block in parent.iterchildren():
        if block.tag in _ODT_PARAGRAPHS:
            _add_odt_paragraph(block, builder, in_list=in_list)
        elif block.tag == f"{_TABLE}table":
            for row in _own(block, f"{_TABLE}table-row"):
                cells = row.iterchildren(f"{_TABLE}table-cell")
                builder.add_row(_odt_cell(cell) for cell in cells)
            builder.end_group()
        elif isinstance(block.tag, str) and block.tag not in _ODT_HIDDEN:
            is_item = block.tag == f"{_TEXT}list-item"
            _add_odt_blocks(block, builder, in_list=in_list or is_item)


def _add_odt_paragraph(paragraph: _Element, builder: TextBuilder, *, in_list: bool) -> None:
    text = "".join(_odt_text(paragraph))
    if paragraph.tag == f"{_TEXT}h":
        level = paragraph.get(f"{_TEXT}outline-level", "1")
        builder.add_paragraph(text, level=int(level) if level.isdecimal() else 1)
        return
    if in_list:
        builder.add_item(text)
    else:
        builder.add_paragraph(text)
    for note in paragraph.iter(f"{_TEXT}note-body"):
        builder.add_paragraph(_odt_cell(note))


def _odt_cell(cell: _Element) -> str:
    return _one_line(_odt_text(block) for block in cell.iter() if block.tag in _ODT_PARAGRAPHS)


def _odt_text(paragraph: _Element) -> Iterator[str]:
    """Yield the visible text of a paragraph, without its notes."""
    from lxml import etree

    walk = etree.iterwalk(paragraph, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            if element is not paragraph:
                yield _collapse_spaces(element.tail)
        elif element.tag in _ODT_HIDDEN or element.tag == f"{_TEXT}note":
            walk.skip_subtree()
        elif element.tag == f"{_TEXT}s":
            count = element.get(f"{_TEXT}c", "1")
            yield " " * (min(int(count), _MAX_SPACES) if count.isdecimal() else 1)
        elif element.tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
            yield "\t" if element.tag == f"{_TEXT}tab" else "\n"
        elif isinstance(element.tag, str):
            yield _collapse_spaces(element.text)


def _collapse_spaces(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def read_rtf(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of an RTF file, with headings as in a plain text.

    Raises:
        TooLarge: It has too much text.
        UnreadableFile: It is damaged.
    """
    from striprtf.striprtf import font_table_group, rtf_to_text

    if not data.rstrip(b"\0 \r\n\t").endswith(b"}"):
        msg = f"The end of the RTF file is missing. {DAMAGED}"
        raise UnreadableFile(msg)
    # For characters beyond ASCII that are not escaped.
    code_page = _CODE_PAGE.search(data[:1000])
    source = _decode(_PICTURE.sub(b"", data), code_page[1].decode() if code_page else "1252")
    fonts = font_table_group(source)  # type: ignore[no-untyped-call] # striprtf has no types
    if fonts:
        bounded = _FONT.sub(_FONT_END, fonts[:-1]) + _FONT_END + fonts[-1]
        source = source.replace(fonts, bounded, 1)
    try:
        text = rtf_to_text(_LINK.sub(r"\1 {", source), errors="replace")  # type: ignore[no-untyped-call] # as above
    except (ValueError, OverflowError, TypeError, LookupError) as error:
        msg = f"The RTF file cannot be read. {DAMAGED}"
        raise UnreadableFile(msg) from error
    text = "\n".join(line.strip(" \t") for line in clean(text).split("\n")).strip()
    limits.check_chars(len(text))
    title = _RTF_TITLE.search(source)
    return ParsedDocument(text, title[1].strip() if title else "", plain_text_headings(text))


def _decode(data: bytes, code_page: str) -> str:
    try:
        return data.decode(f"cp{code_page}", "replace")
    except LookupError:
        return data.decode("cp1252", "replace")
