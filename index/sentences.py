"""Split text into sentences.

sentencex (Apache-2.0, Wikimedia) finds the boundaries in a line, which sentence_ends corrects;
this module decides which newlines are boundaries.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

from index.limits import check_cancelled
from index.sentence_ends import QUOTATION_MARKS, correct_boundaries
from index.types import Span

# For scripts that determine the rules for full stops and abbreviations. The English rules are
# used for Latin text.
_LANGUAGE_OF_SCRIPT = {
    "CJK": "zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "ARABIC": "ar",
    "HEBREW": "he",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARMENIAN": "hy",
    "THAI": "th",
    "ETHIOPIC": "am",
}
_SCRIPT_SAMPLE_CHARS = 2_000
_BRACKETS_QUOTE = {"ja", "zh"}
"""The languages whose quotations sentencex handles."""

# A paragraph is hard-wrapped (e-mail, Project Gutenberg) if all lines but the last fill most of a
# usual line width.
_WRAP_WIDTH = range(45, 101)
_WRAP_FILL = 0.7

# sentencex takes time with the square of the quotation marks in a line: 19 s for 200,000 of them
# at once, under 1 s in windows of this size.
_WINDOW_CHARS = 8_000
_MAX_READ_AGAIN = 7_000

_LINE = re.compile(r"[^\n]+")
_ENDS_OPEN = re.compile(r"[\w,‐–—-]\Z")
_LIST_ITEM = re.compile(r"\s*(?:[-*•‣◦–—]|\(?(?:\d{1,3}|[^\W\d_]|[ivxlc]{2,4}|[IVXLC]{2,4})[.)])\s")


def split_sentences(text: str, language: str | None = None) -> list[Span]:
    """Return the sentences of ``text``, trimmed of white space.

    The spans are in order, do not overlap, and cover all but white space. ``language`` is an ISO
    639-1 code, by default that of the script.
    """
    language = language or guess_language(text)
    spans: list[Span] = []
    for lines in _blocks(text):
        for start, end in _logical_lines(text, lines):
            spans.extend(_split_line(text, start, end, language))
    return spans


def guess_language(text: str) -> str:
    """Return an ISO 639-1 code for the main script of ``text``; ``en`` for any Latin text."""
    sample = text[:_SCRIPT_SAMPLE_CHARS]
    if sample.isascii():
        return "en"
    counts: dict[str, int] = {}
    for character in sample:
        if character.isalpha():
            script = unicodedata.name(character, "").split(" ", 1)[0]
            language = _LANGUAGE_OF_SCRIPT.get(script, "en")
            counts[language] = counts.get(language, 0) + 1
    if counts.get("ja", 0) * 10 > sum(counts.values()):
        return "ja"  # Japanese text is mostly Chinese characters
    return max(counts, key=lambda code: counts[code], default="en")


def _blocks(text: str) -> Iterator[list[Span]]:
    """Yield the lines of each block between blank lines."""
    block: list[Span] = []
    for match in _LINE.finditer(text):
        line = Span(match.start(), match.end())
        if match.group().isspace():
            continue
        if block and line.start != block[-1].end + 1:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _logical_lines(text: str, lines: list[Span]) -> Iterator[Span]:
    """Yield the lines of a block, after joining those that a hard wrap has split."""
    wrapped = _is_hard_wrapped(lines)
    first = 0
    for i in range(1, len(lines) + 1):
        if i == len(lines) or not _is_soft(text, lines[i - 1], lines[i], wrapped=wrapped):
            yield Span(lines[first].start, lines[i - 1].end)
            first = i


def _is_hard_wrapped(lines: list[Span]) -> bool:
    widths = [end - start for start, end in lines]
    widest = max(widths)
    return (
        len(lines) > 1
        and widest in _WRAP_WIDTH
        and all(width >= _WRAP_FILL * widest for width in widths[:-1])
    )


def _is_soft(text: str, line: Span, following: Span, *, wrapped: bool) -> bool:
    """Return whether the newline between two lines of a block is inside a sentence."""
    after = text[following.start : following.end]
    if _LIST_ITEM.match(after):
        return False
    before = text[line.start : line.end].rstrip()
    return wrapped or (bool(_ENDS_OPEN.search(before[-1:])) and after.lstrip()[:1].islower())


def _split_line(text: str, start: int, end: int, language: str) -> Iterator[Span]:
    # A space instead of a soft newline keeps the offsets.
    line = text[start:end].replace("\n", " ")
    cuts = [*_boundaries(line, language), len(line)]
    for left, right in itertools.pairwise(cuts):
        piece = line[left:right]
        lead = len(piece) - len(piece.lstrip())
        body = piece.strip()
        if body:
            yield Span(start + left + lead, start + left + lead + len(body))


def _boundaries(line: str, language: str) -> Iterator[int]:
    """Yield the starts of the sentences of ``line``, in order, 0 first."""
    import sentencex

    start = 0
    while start < len(line):
        check_cancelled()
        window = line[start : start + _WINDOW_CHARS]
        hidden = window if language in _BRACKETS_QUOTE else window.translate(QUOTATION_MARKS)
        found = sentencex.get_sentence_boundaries(language, hidden)
        starts = correct_boundaries(window, (boundary["start_index"] for boundary in found))
        at_end = start + len(window) == len(line)
        # The window may have cut its last sentence, so that is read again, unless it is so long
        # that the windows would advance by short steps only.
        is_read_again = not at_end and starts[-1] >= _WINDOW_CHARS - _MAX_READ_AGAIN
        complete = starts[:-1] if is_read_again else starts
        yield from (start + boundary for boundary in complete)
        start += len(window) if complete == starts else starts[-1]
