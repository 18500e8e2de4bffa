"""Find the headings of a plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.limits import check_cancelled
from index.types import Heading

MAX_HEADING_CHARS = 120
_LONG_LINE_CHARS = 80
_MAX_CANDIDATES = 2
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


def plain_text_headings(text: str) -> tuple[Heading, ...]:
    r"""Return the lines of ``text``, which has ``\n`` newlines, that are headings, in order.

    A heading is a short capitalised line without a full stop, above a line of longer prose. Two
    such lines with a blank line between them are a title and a heading. More of them, or two
    without a blank line, are a list, an address or a verse.
    """
    found: list[Heading] = []
    candidates: list[Heading] = []
    separated = True
    last_end = 0
    for start, end in _text_lines(text):
        check_cancelled()
        line = text[start:end]
        level = _heading_level(line)
        if level:
            if candidates and text.count("\n", last_end, start) < 2:  # noqa: PLR2004 - a blank line
                separated = False
            candidates.append(Heading(start, end, level))
        else:
            if (
                candidates
                and separated
                and len(candidates) <= _MAX_CANDIDATES
                and _is_prose(line, candidates[-1])
            ):
                found.extend(candidates)
            candidates, separated = [], True
        last_end = end
    return tuple(found)


def _text_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each line that is not blank, without its outer spaces."""
    for match in _LINE.finditer(text):
        line = match.group()
        words = line.strip()
        if words:
            start = match.start() + len(line) - len(line.lstrip())
            yield start, start + len(words)


def _heading_level(line: str) -> int:
    """Return the level of a line as a heading; 0 if it cannot be one."""
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
