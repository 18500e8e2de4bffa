"""The headings and paragraphs of an article, and the elements of HTML that they become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from index.types import Article, Span

# A title is the second heading of the page, so those of an article start at h3.
_HEADING_BELOW_TITLE = 2
_LOWEST_HEADING = 6
_LINE_END = re.compile(r"\n")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_BLANK_LINES = re.compile(r"\n\s*\n")


class Block(NamedTuple):
    """A heading or a paragraph of an article."""

    span: Span
    level: int = 0
    """Of the heading, from 1; 0 for a paragraph."""


def blocks(article: Article) -> Iterator[Block]:
    """Yield the headings and paragraphs of an article, in order."""
    position = 0
    separator = _paragraph_separator(article.text)
    for heading in sorted(article.headings, key=lambda heading: heading.start):
        if not position <= heading.start < heading.end <= len(article.text):
            continue
        for span in _paragraphs(article.text, position, heading.start, separator):
            yield Block(span)
        yield Block(Span(heading.start, heading.end), heading.level)
        position = heading.end
    for span in _paragraphs(article.text, position, len(article.text), separator):
        yield Block(span)


def tagged(blocks: Iterable[Block | None]) -> Iterator[tuple[Block | None, str]]:
    """Yield each block with its tag: headings go down one level at a time, as HTML's should."""
    above: list[int] = []
    for block in blocks:
        if block is None or not block.level:
            yield block, "p"
            continue
        while above and above[-1] >= block.level:
            above.pop()
        above.append(block.level)
        yield block, f"h{min(len(above) + _HEADING_BELOW_TITLE, _LOWEST_HEADING)}"


def _paragraph_separator(text: str) -> re.Pattern[str]:
    """Return what parts the paragraphs: blank lines, or line ends where there are none."""
    return _BLANK_LINES if _BLANK_LINE.search(text.strip()) else _LINE_END


def _paragraphs(text: str, start: int, end: int, separator: re.Pattern[str]) -> Iterator[Span]:
    position = start
    for match in separator.finditer(text, start, end):
        if text[position : match.start()].strip():
            yield Span(position, match.start())
        position = match.end()
    if text[position:end].strip():
        yield Span(position, end)
