r"""What a loader makes of a file, and how it is put together: text, headings, pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.errors import TooLarge
from index.limits import LoadLimits
from index.types import Heading, normalise_newlines

_LOWEST_LEVEL = 6
# What no text needs and a terminal or a database may stumble over.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_LINE_END = re.compile(r"[\v\f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    r"""What a loader makes of bytes: text with ``\n`` newlines, its headings and pages."""

    text: str
    title: str = ""
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()


def clean(text: str) -> str:
    r"""Return ``text`` with ``\n`` newlines, whole surrogate pairs and no control characters."""
    text = _CONTROL.sub("", _LINE_END.sub("\n", normalise_newlines(text)))
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class TextBuilder:
    """Puts paragraphs together, parted by a blank line, and remembers what starts where.

    Args:
        limits: Beyond ``max_chars`` and ``max_pages`` the file is refused.
    """

    def __init__(self, limits: LoadLimits) -> None:
        self._limits = limits
        self._parts: list[str] = []
        self._headings: list[Heading] = []
        self._pages: list[int] = []
        self._begun_pages = 0  # those that nothing was added to yet
        self._length = 0
        self._gathered = ""

    def start_page(self) -> None:
        """Let the next paragraph begin a page.

        Raises:
            TooLarge: There are more pages than the limit.
        """
        self._begun_pages += 1
        check_pages(len(self._pages) + self._begun_pages, self._limits)

    def add_paragraph(self, text: str, *, level: int = 0, gathered: str = "") -> None:
        """Add a paragraph, if there is anything in it.

        Args:
            text: Line ends within it are kept.
            level: That of the heading it is, if it is one; a heading is put on one line.
            gathered: What it is one of, such as ``"row"``; no blank line parts the
                rows of a table.

        Raises:
            TooLarge: The text has become longer than the limit.
        """
        text = clean(text).strip()
        if level:
            text = " ".join(text.split())
        if not text:
            return
        if self._parts:
            gap = "\n" if gathered and gathered == self._gathered else "\n\n"
            self._append(gap)
        self._settle_pages()
        if level:
            end = self._length + len(text)
            self._headings.append(Heading(self._length, end, min(level, _LOWEST_LEVEL)))
        self._append(text)
        self._gathered = gathered

    def loaded(self, title: str = "") -> ParsedDocument:
        """Return what was put together."""
        self._settle_pages()
        pages = tuple(self._pages)
        return ParsedDocument("".join(self._parts), title.strip(), tuple(self._headings), pages)

    def _settle_pages(self) -> None:
        self._pages += [self._length] * self._begun_pages
        self._begun_pages = 0

    def _append(self, text: str) -> None:
        self._length += len(text)
        check_chars(self._length, self._limits)
        self._parts.append(text)


def check_chars(chars: int, limits: LoadLimits) -> None:
    """Raise TooLarge, which names the limit, if a text has more characters than that."""
    if chars > limits.max_chars:
        msg = (
            f"Its text is over the limit of {limits.max_chars:,} characters. Split it, or raise "
            "the setting max_article_chars."
        )
        raise TooLarge(msg)


def check_pages(pages: int, limits: LoadLimits) -> None:
    """Raise TooLarge, which names the limit, if a file has more pages than that."""
    if pages > limits.max_pages:
        msg = (
            f"It has more pages than the limit of {limits.max_pages:,}. Split it, or raise the "
            "setting max_pages."
        )
        raise TooLarge(msg)
