"""Where the headings of a text stand: plain text and Markdown.

Plain text has no mark for a heading, so only a line that can hardly be anything
else counts; a heading missed costs less than a sentence taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from index.interruption import check_interruption
from index.types import Heading

MAX_HEADING_CHARS = 120
_LONG_LINE_CHARS = 80
_MAX_STACKED = 2
_SHORT_WORD_CHARS = 3

_SENTENCE_ENDS = tuple(".!?…:;,。！？：；，、।॥؟،؛۔．")
_CLOSERS = "\"'”’»)]）」』 "
_NOT_IN_A_HEADING = re.compile(r"[@|=<>{}\\\t\u2022]|\s\s|://|^[Bb]y ")
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,4})[.)]?[ \u00a0]")
_CHAPTER = re.compile(
    r"(?:chapter|part|section|appendix|kapitel|teil|chapitre|partie|cap[ií]tulo|parte|capitolo"
    r"|hoofdstuk|rozdział|глава|часть|розділ)[ \u00a0](?:\d{1,4}|[ivxlc]{1,8}|[a-z])\b"
    r"|第[0-9０-９一二三四五六七八九十百零〇]{1,6}[章节節部回編]",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_LINE = re.compile(r"[^\n]+")

_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")


def plain_text_headings(text: str) -> tuple[Heading, ...]:
    r"""Return the lines of ``text`` that are headings, in order.

    A heading is a short capitalised line without a full stop, over a line of
    longer prose. Of several such lines in a row, two are a title and a heading
    if a blank line parts them; more, or two without it, are a list, an address
    or a verse. ``text`` must have ``\n`` newlines. Linear in its length.
    """
    found: list[Heading] = []
    stacked: list[Heading] = []
    parted = True
    last_end = 0
    for start, end in _filled_lines(text):
        check_interruption()
        line = text[start:end]
        level = _heading_level(line)
        if level:
            if stacked and text.count("\n", last_end, start) < 2:  # noqa: PLR2004 - a blank line
                parted = False
            stacked.append(Heading(start, end, level))
        else:
            if stacked and parted and len(stacked) <= _MAX_STACKED and _is_prose(line, stacked[-1]):
                found.extend(stacked)
            stacked, parted = [], True
        last_end = end
    return tuple(found)


def _filled_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each line that is not blank, without its outer spaces."""
    for match in _LINE.finditer(text):
        line = match.group()
        words = line.strip()
        if words:
            start = match.start() + len(line) - len(line.lstrip())
            yield start, start + len(words)


def _heading_level(line: str) -> int:
    """Return the level the line would have as a heading, or 0 if it cannot be one."""
    if len(line) > MAX_HEADING_CHARS or _NOT_IN_A_HEADING.search(line):
        return 0
    if line.rstrip(_CLOSERS).endswith(_SENTENCE_ENDS):
        return 0
    if _CHAPTER.match(line):
        return 1
    number = _NUMBER.match(line)
    words = line[number.end() :].lstrip() if number else line
    if not words[:1].isupper() or not _is_capitalised(words):
        return 0
    return number.group(1).count(".") + 1 if number else 1


def _is_capitalised(line: str) -> bool:
    words = _WORD.findall(line)
    long_words = [word for word in words if len(word) > _SHORT_WORD_CHARS] or words
    capitalised = sum(word[0].isupper() for word in long_words)
    return any(len(word) > 1 for word in words) and 2 * capitalised > len(long_words)


def _is_prose(line: str, heading: Heading) -> bool:
    if len(line) <= heading.end - heading.start:
        return False
    return len(line) >= _LONG_LINE_CHARS or line.rstrip(_CLOSERS).endswith(_SENTENCE_ENDS)


def markdown_headings(text: str) -> tuple[Heading, ...]:
    r"""Return the headings of a Markdown text (``# …`` and underlined), in order.

    Each covers the heading's words without the marks; of an underlined heading
    over several lines, the first. Headings within lists and quotations are not
    counted. ``text`` must have ``\n`` newlines.
    """
    # 140 ms to import.
    from markdown_it import MarkdownIt

    # Only blocks are wanted, and parsing inline marks takes quadratic time on
    # hostile text.
    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["block"])
    front_matter = _FRONT_MATTER.match(text)
    offset = front_matter.end() if front_matter else 0
    body = text[offset:]
    tokens = parser.parse(body)
    starts = [0, *(match.end() for match in re.finditer("\n", body))]
    found = []
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open" or opening.level or not opening.map:
            continue
        words = inline.content.split("\n", 1)[0].strip()
        start = offset + body.find(words, starts[opening.map[0]])
        if words and start >= offset:
            found.append(Heading(start, start + len(words), int(opening.tag[1:])))
    return tuple(found)
