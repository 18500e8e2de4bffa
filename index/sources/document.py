r"""Assemble the parsed text, headings and pages of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from index.limits import LoadLimits
from index.types import Heading, normalise_newlines

_LOWEST_LEVEL = 6
# No text needs these, and a terminal or a database may choke on them.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_LINE_END = re.compile(r"[\v\f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    r"""The content of a file: text with ``\n`` newlines, its headings and page starts."""

    text: str
    title: str = ""
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()


def clean(text: str) -> str:
    r"""Return ``text`` with ``\n`` newlines, whole surrogate pairs and no control characters."""
    text = _CONTROL.sub("", _LINE_END.sub("\n", normalise_newlines(text)))
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class TextBuilder:
    """Joins paragraphs with blank lines, and records where headings and pages start.

    Its methods raise TooLarge once the text or the pages exceed ``limits``.
    """

    def __init__(self, limits: LoadLimits) -> None:
        self._limits = limits
        self._parts: list[str] = []
        self._headings: list[Heading] = []
        self._pages: list[int] = []
        self._empty_pages = 0  # started, with no text so far
        self._length = 0
        self._group = ""

    def start_page(self) -> None:
        """Start a page with the next paragraph."""
        self._empty_pages += 1
        self._limits.check_pages(len(self._pages) + self._empty_pages)

    def add_paragraph(self, text: str, *, level: int = 0, group: str = "") -> None:
        """Add a paragraph unless it is blank.

        Args:
            text: May contain newlines, unless it is a heading.
            level: Its level if it is a heading, else 0.
            group: What it is one of, such as ``"row"``: those of one group in succession are
                joined without a blank line.
        """
        text = clean(text).strip()
        if level:
            text = " ".join(text.split())
        self._add(text, level, group)

    def add_item(self, text: str) -> None:
        """Add an item of a list unless it is blank."""
        text = text.strip()
        self.add_paragraph(f"- {text}" if text else "", group="item")

    def add_row(self, cells: Iterable[str]) -> None:
        """Add a row of a table unless it is blank."""
        self.add_paragraph(" | ".join(cells).strip(" |"), group="row")

    def add_verbatim(self, text: str, group: str = "") -> None:
        """Add a text with its indentation unless it is blank."""
        self._add(clean(text).strip("\n"), 0, group)

    def end_group(self) -> None:
        """Put a blank line before the next paragraph, whatever its group."""
        self._group = ""

    def build(self, title: str = "") -> ParsedDocument:
        """Return the document."""
        self._place_pages()
        pages = tuple(self._pages)
        return ParsedDocument("".join(self._parts), title.strip(), tuple(self._headings), pages)

    def _add(self, text: str, level: int, group: str) -> None:
        if not text.strip():
            return
        if self._parts:
            self._append("\n" if group and group == self._group else "\n\n")
        self._place_pages()
        if level:
            end = self._length + len(text)
            self._headings.append(Heading(self._length, end, min(level, _LOWEST_LEVEL)))
        self._append(text)
        self._group = group

    def _place_pages(self) -> None:
        self._pages += [self._length] * self._empty_pages
        self._empty_pages = 0

    def _append(self, text: str) -> None:
        self._length += len(text)
        self._limits.check_chars(self._length)
        self._parts.append(text)
