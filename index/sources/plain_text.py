"""Find the title and the headings of a plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.limits import check_cancelled
from index.types import Heading

MAX_HEADING_CHARS = 120
_TITLE_WITHIN_CHARS = 4_000
_GUTENBERG = re.compile(r"Project Gutenberg", re.IGNORECASE)
_GUTENBERG_TITLE = re.compile(
    r"^(?:Title:[ \t]*(?P<field>\S.*(?:\n[ \t]+\S.*)*)"
    r"|.{0,40}Project Gutenberg(?:'s)?\s*(?:e-?(?:book|text))?\s*of (?P<line>.+?)(?:, by .*|,)?)$",
    re.IGNORECASE | re.MULTILINE,
)
_UNDERLINE = re.compile(r"[=\-~*_#]{3,}\s*")
# A date, a salutation, a path, code, a row of a list or of a table.
_NOT_A_TITLE = re.compile(
    r"\A(?:[\W\d_]*\Z|[-*•–—#>/\\]|(?:dear|hi|hello)\b|\w{3,9}\.?\s\d{1,2},?\s\d{4}\Z)"
    r"|[@|=<>{}\\\t;_]|\s\s\s|://|\w\.\w+\Z|\w\(|,.*,.*,",
    re.IGNORECASE,
)
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


def plain_text_title(text: str) -> str:
    r"""Return the title that a text with ``\n`` newlines gives itself; "" if it has none.

    It is that in the header of Project Gutenberg, else the first line if it is short, is no
    sentence, and has a blank line and then prose below it.
    """
    head = text[:_TITLE_WITHIN_CHARS].lstrip("\ufeff")
    if _GUTENBERG.search(head[:1000]):
        titles = list(_GUTENBERG_TITLE.finditer(head))
        found = next((match for match in titles if match["field"]), next(iter(titles), None))
        if found:
            return " ".join((found["field"] or found["line"]).split())
    lines = head.strip().split("\n")
    first = re.sub(r"\ATitle:\s*", "", lines[0].strip(), flags=re.IGNORECASE)
    below = [line.strip() for line in lines[1:]]
    if below and _UNDERLINE.fullmatch(below[0]):
        below[0] = ""
    if not first or not below or below[0] or not _may_be_title(first):
        return ""
    following = next(filter(None, below), "")
    body = Heading(0, len(first), 1)
    return first if _is_prose(following, body) else ""


def _may_be_title(line: str) -> bool:
    if len(line) > MAX_HEADING_CHARS or _NOT_A_TITLE.search(line) or _CHAPTER.match(line):
        return False
    if line.rstrip(_CLOSERS).endswith((".", "…", ":", ";", ",", "。", "：", "，", "、", "।")):
        return False
    return not line[0].islower()


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
