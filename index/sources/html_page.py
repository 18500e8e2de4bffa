"""HTML → text, title and headings, by trafilatura over lxml's tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.document import ParsedDocument, check_chars
from index.types import Heading, normalise_newlines

# trafilatura takes 2 s for 20,000 paragraphs (2 cores, November 2026), 9 s for
# 50,000; of a page beyond this, all visible text is taken.
_MAX_EXTRACTED_ELEMENTS = 50_000
# Its fallback on jusText takes time with the square of the short paragraphs in a row: 3 s for
# 5,000 of them. A page with more elements does without that fallback.
_MAX_COMPARED_ELEMENTS = 5_000

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset"
    " figcaption figure footer form graphic h1 h2 h3 h4 h5 h6 head header hr item legend li list"
    " main menu nav ol p quote row section summary table tbody tfoot thead tr ul".split()
)
_UNSEEN = frozenset(
    "script style template noscript iframe object embed svg math select option textarea button"
    " input audio video canvas title meta link".split()
)
_ITEMS = frozenset({"item", "li"})
_ROWS = frozenset({"row", "tr"})
_CELLS = frozenset({"cell", "td", "th"})
_LINE_ENDS = frozenset({"lb", "br"})
_LINE_END = "\0"  # no element tree holds this character


def read(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a web page, whose source is UTF-8; see :func:`html_page`.

    Raises:
        TooLarge: It has too much text.
        UnreadableFile: It is nested so deeply that the parser gave up.
    """
    loaded = ParsedDocument(*html_page(data.decode()))
    check_chars(len(loaded.text), limits)
    return loaded


def html_page(source: str) -> tuple[str, str, tuple[Heading, ...]]:
    """Return text, title and headings of an HTML page: its main text, else all that shows.

    Paragraphs are parted by a blank line; items of a list and rows of a table
    stand on lines of their own. Nothing is executed or fetched.

    Raises:
        UnreadableFile: It is nested so deeply that the parser gave up.
    """
    # 340 ms to import.
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    root = _parsed(source)
    if root is None:
        return "", "", ()
    page = None
    elements = sum(1 for _ in root.iter())
    if elements <= _MAX_EXTRACTED_ELEMENTS:
        page = bare_extraction(
            root,
            fast=elements > _MAX_COMPARED_ELEMENTS,
            include_comments=False,
            with_metadata=True,  # the title; the date is not wanted, nor a search for it
            date_extraction_params={"extensive_search": False},
        )
    if isinstance(page, Document) and page.body is not None:
        text, headings = _text_of(page.body)
        if text:
            return text, page.title or "", headings
    text, headings = _text_of_body(root)
    return text, root.findtext(".//title") or "", headings


def visible_text(source: str) -> tuple[str, tuple[Heading, ...]]:
    """Return all the text that an HTML page shows, and its headings, as :func:`html_page` does.

    Raises:
        UnreadableFile: It is nested so deeply that the parser gave up.
    """
    root = _parsed(source)
    return ("", ()) if root is None else _text_of_body(root)


def _parsed(source: str) -> Any:  # noqa: ANN401 - lxml has no types
    """Return the root of a page's tree; None if there is no element at all."""
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


def _text_of_body(root: Any) -> tuple[str, tuple[Heading, ...]]:  # noqa: ANN401 - an lxml element
    body = root.find(".//body")
    return ("", ()) if body is None else _text_of(body)


def _text_of(root: Any) -> tuple[str, tuple[Heading, ...]]:  # noqa: ANN401 - lxml has no types
    """Return text and headings of a tree of HTML's tags, or of trafilatura's."""
    from lxml import etree

    page = _Page()
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "end":
            page.leave(tag)
            page.words.append("" if element is root else element.tail or "")
        elif not tag or tag in _UNSEEN:
            walk.skip_subtree()
        elif tag == "pre" or (tag == "code" and "\n" in "".join(element.itertext())):
            page.add_verbatim("".join(element.itertext()))
            walk.skip_subtree()
        else:
            page.enter(tag, element.get("rend", ""), element.getparent())
            page.words.append(element.text or "")
    page.close_block()
    return "".join(page.parts), tuple(page.headings)


@dataclass(slots=True)
class _Page:
    """The text so far, and the words of the block being read."""

    parts: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    length: int = 0
    level: int = 0
    kind: str = ""
    last_kind: str = ""

    def enter(self, tag: str, rend: str, parent: Any) -> None:  # noqa: ANN401 - an lxml element
        if tag == "p" and parent is not None and parent.tag in _ITEMS | _CELLS:
            self.words.append(" ")
        elif tag in _BLOCKS:
            self.close_block()
            self.level = _level_of(rend if tag == "head" else tag)
            self.kind = "item" if tag in _ITEMS else "row" if tag in _ROWS else ""
        elif tag in _LINE_ENDS:
            self.words.append(" " if self.level or self.kind else _LINE_END)

    def leave(self, tag: str) -> None:
        if tag in _CELLS:
            self.words.append(" | ")
        elif tag in _BLOCKS and tag != "p":
            self.close_block()
            self.level, self.kind = 0, ""
        elif tag == "p":
            if self.kind:
                self.words.append(" ")
            else:
                self.close_block()

    def close_block(self) -> None:
        # A newline in the source is only a space.
        lines = (" ".join(line.split()) for line in "".join(self.words).split(_LINE_END))
        text = "\n".join(line for line in lines if line)
        self.words = []
        if self.kind == "row":
            text = text.strip("| ")
        if text:
            self._add(f"- {text}" if self.kind == "item" else text)

    def add_verbatim(self, text: str) -> None:
        self.close_block()
        text = normalise_newlines(text).strip("\n")
        if text.strip():
            self._add(text)

    def _add(self, text: str) -> None:
        if self.parts:
            together = self.kind and self.kind == self.last_kind
            gap = "\n" if together else "\n\n"
            self.parts.append(gap)
            self.length += len(gap)
        if self.level and not self.kind and "\n" not in text:
            self.headings.append(Heading(self.length, self.length + len(text), self.level))
        self.parts.append(text)
        self.length += len(text)
        self.last_kind = self.kind


def _level_of(tag: str) -> int:
    return int(tag[1]) if re.fullmatch("h[1-6]", tag) else 0
