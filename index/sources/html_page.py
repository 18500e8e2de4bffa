"""Read HTML: text, title and headings, by trafilatura over lxml's tree. Nothing is executed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.document import ParsedDocument, TextBuilder

# trafilatura takes 2 s for 20,000 paragraphs (2 cores, November 2026), 9 s for 50,000. Of a page
# with more elements, all visible text is taken.
_MAX_EXTRACTED_ELEMENTS = 50_000
# Its fallback, jusText, takes time with the square of the short paragraphs in a row: 3 s for
# 5,000 of them. A page with more elements does without it.
_MAX_COMPARED_ELEMENTS = 5_000

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset"
    " figcaption figure footer form graphic h1 h2 h3 h4 h5 h6 head header hr item legend li list"
    " main menu nav ol p quote row section summary table tbody tfoot thead tr ul".split()
)
_HIDDEN = frozenset(
    "script style template noscript iframe object embed svg math select option textarea button"
    " input audio video canvas title meta link".split()
)
_ITEMS = frozenset({"item", "li"})
_ROWS = frozenset({"row", "tr"})
_CELLS = frozenset({"cell", "td", "th"})
_LINE_ENDS = frozenset({"lb", "br"})
_LINE_END = "\0"  # no element tree holds this character


def read_html(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the main text of a web page in UTF-8, or all visible text if it has none.

    Paragraphs are separated by blank lines, list items and table rows by newlines.

    Raises:
        TooLarge: It has too much text.
        UnreadableFile: It is nested too deeply for the parser.
    """
    # 340 ms to import.
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    root = _parse(data.decode())
    if root is None:
        return ParsedDocument("")
    elements = sum(1 for _ in root.iter())
    if elements <= _MAX_EXTRACTED_ELEMENTS:
        page = bare_extraction(
            root,
            fast=elements > _MAX_COMPARED_ELEMENTS,
            include_comments=False,
            with_metadata=True,  # for the title; searching for the date would take long
            date_extraction_params={"extensive_search": False},
        )
        if isinstance(page, Document) and page.body is not None:
            builder = TextBuilder(limits)
            _add_tree(page.body, builder)
            extracted = builder.build(page.title or "")
            if extracted.text:
                return extracted
    builder = TextBuilder(limits)
    _add_body(root, builder)
    return builder.build(root.findtext(".//title") or "")


def add_visible_text(
    source: str, builder: TextBuilder, prepare: Callable[[Any], None] | None = None
) -> None:
    """Add all visible text of an HTML page, and its headings.

    Args:
        source: The page.
        builder: Where its text is added.
        prepare: Changes the page's tree before it is read.

    Raises:
        TooLarge: It has too much text.
        UnreadableFile: It is nested too deeply for the parser.
    """
    root = _parse(source)
    if root is not None:
        if prepare is not None:
            prepare(root)
        _add_body(root, builder)


def _parse(source: str) -> Any:  # noqa: ANN401 - lxml has no types
    """Return the root of a page's tree; None if it has no elements."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(source.encode(), parser=parser)
    except etree.ParserError:
        return None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        msg = "The page is nested too deeply to be read. Save its text as .txt and add that."
        raise UnreadableFile(msg)
    return root


def _add_body(root: Any, builder: TextBuilder) -> None:  # noqa: ANN401 - an lxml element
    body = root.find(".//body")
    if body is not None:
        _add_tree(body, builder)


def _add_tree(root: Any, builder: TextBuilder) -> None:  # noqa: ANN401 - an lxml element
    """Add the text and headings of a tree with HTML's tags or trafilatura's."""
    from lxml import etree

    builder.end_group()
    page = _BlockBuilder(builder)
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "end":
            page.leave(tag)
            page.pieces.append("" if element is root else element.tail or "")
        elif not tag or tag in _HIDDEN:
            walk.skip_subtree()
        elif tag == "pre" or (tag == "code" and "\n" in "".join(element.itertext())):
            page.add_verbatim("".join(element.itertext()))
            walk.skip_subtree()
        else:
            page.enter(tag, element.get("rend", ""), element.getparent())
            page.pieces.append(element.text or "")
    page.close_block()


@dataclass(slots=True)
class _BlockBuilder:
    """Collects the text of the current block, and adds finished blocks to a document."""

    builder: TextBuilder
    pieces: list[str] = field(default_factory=list)
    level: int = 0
    group: str = ""

    def enter(self, tag: str, rend: str, parent: Any) -> None:  # noqa: ANN401 - an lxml element
        if tag == "p" and parent is not None and parent.tag in _ITEMS | _CELLS:
            self.pieces.append(" ")
        elif tag in _BLOCKS:
            self.close_block()
            self.level = _heading_level(rend if tag == "head" else tag)
            self.group = "item" if tag in _ITEMS else "row" if tag in _ROWS else ""
        elif tag in _LINE_ENDS:
            self.pieces.append(" " if self.level or self.group else _LINE_END)

    def leave(self, tag: str) -> None:
        if tag in _CELLS:
            self.pieces.append(" | ")
        elif tag == "p" and self.group:
            self.pieces.append(" ")
        elif tag in _BLOCKS:
            self.close_block()
            if tag != "p":
                self.level, self.group = 0, ""

    def close_block(self) -> None:
        # A newline in the source is only a space.
        lines = (" ".join(line.split()) for line in "".join(self.pieces).split(_LINE_END))
        text = "\n".join(line for line in lines if line)
        self.pieces = []
        if self.group == "item":
            self.builder.add_item(text)
        elif self.group == "row":
            self.builder.add_row([text])
        else:
            self.builder.add_paragraph(text, level=self.level)

    def add_verbatim(self, text: str) -> None:
        self.close_block()
        self.builder.add_verbatim(text, self.group)


def _heading_level(tag: str) -> int:
    return int(tag[1]) if re.fullmatch("h[1-6]", tag) else 0
