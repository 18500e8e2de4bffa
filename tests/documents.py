"""Real files of each kind, made by real writers, and what every loader is held to."""

from __future__ import annotations

import functools
import itertools
import textwrap
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from index.chunking import chunk_article
from index.sources.document import ParsedDocument
from index.types import Article

LEADING = 14
PROSE = (
    "The committee met on Tuesday to discuss what had been decided in the spring, and it went "
    "home late without having agreed on anything at all."
)

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
ODT_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in "office text table manifest style chart presentation".split()
) + (
    ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
    ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
    ' xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def assert_exact(loaded: ParsedDocument) -> Article:
    """Hold what a loader made to the invariant of exact citations; return its article."""
    article = Article.from_text(loaded.text, headings=loaded.headings, pages=loaded.pages)
    assert article.text == loaded.text
    assert all(a <= b for a, b in itertools.pairwise(article.pages))
    assert all(0 <= start <= len(article.text) for start in article.pages)
    assert not article.pages or article.pages[0] == 0
    last = 0
    for heading in article.headings:
        assert last <= heading.start < heading.end <= len(article.text)
        assert "\n" not in article.text[heading.start : heading.end]
        last = heading.end
    for chunk in chunk_article(article, lambda texts: [len(text.split()) for text in texts]):
        assert chunk.text == article.text[chunk.start : chunk.end]
        for start, end in chunk.sentences:
            assert chunk.start <= start < end <= chunk.end
            assert article.text[start:end] == chunk.text[start - chunk.start : end - chunk.start]
    return article


def headings(loaded: ParsedDocument) -> list[tuple[int, str]]:
    return [(h.level, loaded.text[h.start : h.end]) for h in loaded.headings]


def page(loaded: ParsedDocument, number: int) -> str:
    """Return the text of a page, from 1."""
    return loaded.text[slice(*[*loaded.pages, len(loaded.text)][number - 1 : number + 1])].strip()


def pdf(
    pages: Sequence[Sequence[str]],
    *,
    head: str = "",
    foot: str = "",
    title: str = "",
    **options: Any,  # noqa: ANN401 - reportlab's
) -> bytes:
    """Return a PDF with a line below the other; "# " before one makes it large, "" a gap.

    ``head`` and ``foot`` stand on each page, "{}" in them for its number.
    """
    from reportlab.pdfgen.canvas import Canvas

    buffer = BytesIO()
    canvas = Canvas(buffer, **options)
    if title:
        canvas.setTitle(title)
    for number, lines in enumerate(pages, start=1):
        canvas.setFont("Helvetica", 9)
        canvas.drawString(72, 810, head.format(number))
        canvas.drawString(300, 30, foot.format(number))
        for row, line in enumerate(lines):
            canvas.setFont("Helvetica", 18 if line.startswith("# ") else 11)
            canvas.drawString(72, 760 - row * LEADING, line.removeprefix("# "))
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def zipped(members: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def rezipped(data: bytes, changes: Mapping[str, str | bytes]) -> bytes:
    """Return a zip with some of its members replaced or added."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**members, **changes})


def member(data: bytes, name: str) -> bytes:
    """Return a member of a zip."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read(name)


def replaced(data: bytes, *changes: tuple[bytes, bytes]) -> bytes:
    """Return a zip with some bytes replaced in all of its members."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for old, new in changes:
        members = {name: content.replace(old, new) for name, content in members.items()}
    return zipped(members)


def epub(
    chapters: Mapping[str, str],
    *,
    title: str = "A Book",
    spine: Sequence[str] | None = None,
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """Return an e-book of XHTML bodies by name; ``spine`` is the order, if another."""
    items = "".join(
        f'<item id="i-{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>'
        for name in chapters
    )
    refs = "".join(f'<itemref idref="i-{name}"/>' for name in spine or chapters)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{refs}</spine></package>"
    )
    pages = {
        f"OEBPS/{name}.xhtml": '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
        f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html>'
        for name, body in chapters.items()
    }
    first = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER}
    return zipped({**first, "OEBPS/book.opf": package, **pages, **(more or {})})


def odt(
    body: str, *, title: str = "", manifest: str = "", before: str = "", styles: str = ""
) -> bytes:
    """Return an OpenDocument text; ``before`` goes before the root of its content."""
    content = (
        f"{before}<office:document-content {ODT_SPACES}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    meta = (
        f'<office:document-meta {ODT_SPACES} xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<office:meta><dc:title>{title}</dc:title></office:meta></office:document-meta>"
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": content,
            "meta.xml": meta,
            "META-INF/manifest.xml": f"<manifest:manifest {ODT_SPACES}>{manifest}"
            "</manifest:manifest>",
        }
    )


_OFFICE_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OPEN_XML = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "r": _OFFICE_TYPES,
    "v": "urn:schemas-microsoft-com:vml",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
}
OPEN_XML_SPACES = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _OPEN_XML.items())


def word(
    body: str,
    parts: Mapping[str, str] | None = None,
    *,
    links: Mapping[str, str] | None = None,
) -> bytes:
    """Return a Word document of XML with the usual prefixes.

    Args:
        body: What is in its body.
        parts: The content of the roots of other parts by their kind, such as ``"footnotes"``.
        links: Addresses by the ids of their relationships.
    """
    roots = {
        "chart": "c:chartSpace", "diagramData": "dgm:dataModel", "styles": "w:styles",
        "numbering": "w:numbering", "footnotes": "w:footnotes", "endnotes": "w:endnotes",
        "settings": "w:settings", "comments": "w:comments", "header": "w:hdr",
    }  # fmt: skip
    members: dict[str, str] = {}
    relations = ""
    for kind, content in (parts or {}).items():
        members[f"word/{kind}.xml"] = f"<{roots[kind]} {OPEN_XML_SPACES}>{content}</{roots[kind]}>"
        relations += (
            f'<Relationship Id="{kind}" Type="{_OFFICE_TYPES}/{kind}" Target="{kind}.xml"/>'
        )
    for key, address in (links or {}).items():
        relations += (
            f'<Relationship Id="{key}" Type="{_OFFICE_TYPES}/hyperlink" Target="{address}" '
            'TargetMode="External"/>'
        )
    members["word/_rels/document.xml.rels"] = _relations(relations)
    main = (
        f'<Relationship Id="m" Type="{_OFFICE_TYPES}/officeDocument" Target="word/document.xml"/>'
    )
    members["_rels/.rels"] = _relations(main)
    members["word/document.xml"] = (
        f"<w:document {OPEN_XML_SPACES}><w:body>{body}</w:body></w:document>"
    )
    return zipped(members)


def _relations(content: str) -> str:
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{content}</Relationships>'


def docx(paragraphs: Sequence[tuple[str, str]], *, title: str = "") -> bytes:
    """Return a Word document of (style, text)."""
    from docx import Document

    document = Document()
    document.core_properties.title = title
    for style, text in paragraphs:
        document.add_paragraph(text, style)
    return saved(document)


def pptx(slides: Sequence[tuple[str, str, str]], *, title: str = "") -> bytes:
    """Return a presentation of (title, body, notes)."""
    from pptx import Presentation

    presentation = Presentation()
    presentation.core_properties.title = title
    for heading, body, notes in slides:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        if slide.shapes.title is not None:
            slide.shapes.title.text = heading
        slide.placeholders[1].text_frame.text = body
        if notes and slide.notes_slide.notes_text_frame is not None:
            slide.notes_slide.notes_text_frame.text = notes
    return saved(presentation)


def xlsx(rows: Sequence[Sequence[str | float]], *, name: str = "Data") -> bytes:
    """Return a workbook with one sheet."""
    from xlsxwriter import Workbook

    buffer = BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet(name)
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


def saved(document: Any) -> bytes:  # noqa: ANN401 - python-docx's or python-pptx's
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def rtf(body: str) -> bytes:
    return f"{{\\rtf1\\ansi\\ansicpg1252{{\\info{{\\title A Trip}}}}\n{body}\n}}".encode("ascii")


@functools.cache  # a workbook holds the time at which it is made
def one_of_each() -> dict[str, bytes]:
    """Return a small file of each kind, by suffix, all with the same sentence in it."""
    return {
        ".pdf": pdf([textwrap.wrap(PROSE, 70)]),
        ".docx": docx([("Normal", PROSE)]),
        ".epub": epub({"one": f"<p>{PROSE}</p>"}),
        ".odt": odt(f"<text:p>{PROSE}</text:p>"),
        ".rtf": rtf(PROSE),
        ".pptx": pptx([("Spring", PROSE, "")]),
        ".xlsx": xlsx([[PROSE, 4], ["", 5]]),
    }


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
