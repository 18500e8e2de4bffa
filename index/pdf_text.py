"""Lines of a PDF's pages → paragraphs, headings and page starts.

A PDF knows no paragraphs, only where letters stand. Repeated heads and feet are left out
(see :mod:`index.running_heads`), lines are joined where a paragraph goes on, also over a
column or a page, and words that were divided at a line's end are made whole.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from index.headings import plain_text_headings
from index.limits import LoadLimits
from index.loaded import Loaded, check_chars
from index.pdf_lines import Line, Outline
from index.running_heads import without_running_heads
from index.types import Heading

# All in widths of the letter m or heights of the letters, as found on manuals, reports
# and articles of one and two columns.
_HEADING_SIZE = 1.15
_SAME_SIZE = 1.1
_GAP = 1.25
_INDENT = 0.8
_FULL_LINE = 0.75
_MAX_HEADING_CHARS = 200
_USUAL_LEADING = 1.2
_LARGEST_LEADING = 3.0

_SENTENCE_END = re.compile(r"[.!?:…。！？][\"'”’»)\]]*$")
_ITEM = re.compile(r"(?:[•◦▪‣·*–—-]|\(?(?:\d{1,3}|[A-Za-z])[.)])\s")
_LETTER = re.compile(r"[^\W\d_]")
_COMPOUND = re.compile(r"\b\w+(?:-\w+)+")
_DIVIDED = re.compile(r"(?<=[^\W_])[-\u00ad\u2010]$")
_LAST_WORD = re.compile(r"[\w-]+$")
_FIRST_WORD = re.compile(r"[\w-]+")
_LONGEST_WORD = 100


@dataclass(frozen=True, slots=True)
class _Layout:
    """What is usual in a document."""

    size: float
    """Of most letters."""
    leadings: dict[int, float]
    """From line to line, by the size of the letters."""
    rights: dict[tuple[int, int], float]
    """How far the lines of a page reach that begin at the same place."""
    compounds: frozenset[str]
    """The words that are written with a hyphen within a line."""


def text_of_lines(
    lines: Sequence[Line], pages: int, outline: Outline, limits: LoadLimits
) -> Loaded:
    """Return the text of a document of ``pages`` pages, its headings and page starts.

    ``outline`` has the titles of bookmarks, which are headings where a line says the same.

    Raises:
        TooLarge: It has more characters than the limit.
    """
    layout = _layout(lines)
    kept = without_running_heads(lines, pages, layout.size)
    levels = _heading_levels(kept, layout, outline)
    parts: list[str] = []
    length = 0
    starts: list[int] = []
    headings: list[Heading] = []
    for before, line, level_before, level in zip(
        [None, *kept], kept, [0, *levels], levels, strict=False
    ):
        glue = _glue(before, line, layout, (level_before, level)) if before else ""
        if before and glue == "" and parts:
            length -= len(parts[-1])
            parts[-1] = _undivided(before.text, line.text, layout.compounds)
            length += len(parts[-1])
        parts.append(glue)
        length += len(glue)
        starts += [length] * (line.page - len(starts))
        if level:
            start = headings.pop().start if glue == " " and headings else length
            headings.append(Heading(start, length + len(line.text), level))
        parts.append(line.text)
        length += len(line.text)
        check_chars(length, limits)
    text = "".join(parts)
    starts += [length] * (pages - len(starts))
    return Loaded(text, "", tuple(headings) or plain_text_headings(text), tuple(starts))


def _layout(lines: Sequence[Line]) -> _Layout:
    letters: Counter[float] = Counter()
    gaps: defaultdict[int, list[float]] = defaultdict(list)
    rights: defaultdict[tuple[int, int], float] = defaultdict(float)
    compounds: set[str] = set()
    for line in lines:
        letters[round(line.size * 2) / 2] += len(line.text)
        for column in _columns(line):
            rights[column] = max(rights[column], line.right)
        compounds.update(word.casefold() for word in _COMPOUND.findall(line.text))
    for one, other in pairwise(lines):
        gap = one.baseline - other.baseline
        if one.page == other.page and 0 < gap < _LARGEST_LEADING * one.size:
            gaps[round(one.size)].append(gap)
    size = letters.most_common(1)[0][0] if letters else 1.0
    leadings = {size: median(some) for size, some in gaps.items()}
    return _Layout(size, leadings, dict(rights), frozenset(compounds))


def _columns(line: Line) -> list[tuple[int, int]]:
    """Return the columns a line may belong to: its left edge, in steps, and the next step."""
    step = round(line.left / (2 * line.size or 1.0))
    return [(line.page, step - 1), (line.page, step), (line.page, step + 1)]


def _heading_levels(lines: Sequence[Line], layout: _Layout, outline: Outline) -> list[int]:
    """Return each line's level as a heading; 0 for a line that is none."""
    large = {round(line.size) for line in lines if _is_large(line, layout)}
    by_size = {size: level for level, size in enumerate(sorted(large, reverse=True), start=1)}
    return [
        _outline_level(line, outline)
        or (by_size[round(line.size)] if _is_large(line, layout) else 0)
        for line in lines
    ]


def _outline_level(line: Line, outline: Outline) -> int:
    return outline.get(line.page, {}).get(line.text.casefold(), 0)


def _is_large(line: Line, layout: _Layout) -> bool:
    return (
        line.size > _HEADING_SIZE * layout.size
        and len(line.text) <= _MAX_HEADING_CHARS
        and len(_LETTER.findall(line.text)) > 1
    )


def _glue(before: Line, line: Line, layout: _Layout, levels: tuple[int, int]) -> str:
    """Return what parts two lines: nothing within a divided word, a space, or a blank line."""
    same_size = 1 / _SAME_SIZE < line.size / (before.size or 1.0) < _SAME_SIZE
    if any(levels):
        goes_on = levels[0] == levels[1] and same_size and before.page == line.page
        return " " if goes_on and not _is_parted(before, line, layout) else "\n\n"
    if not same_size:
        return "\n\n"
    if before.page == line.page and line.baseline < before.baseline - 1:
        ends = _is_parted(before, line, layout) or _ends_paragraph(before, line, layout)
        if not ends and _ITEM.match(line.text) and not _DIVIDED.search(before.text):
            return "\n"
    elif before.page == line.page and line.baseline < before.baseline + before.size / 2:
        ends = False  # the same line, in two pieces
    else:  # a new column or page
        ends = _SENTENCE_END.search(before.text) is not None or not _is_full(before, layout)
        ends = ends and not line.text[:1].islower()
    if ends:
        return "\n\n"
    return "" if _DIVIDED.search(before.text) and line.text[:1].isalnum() else " "


def _is_parted(before: Line, line: Line, layout: _Layout) -> bool:
    leading = layout.leadings.get(round(before.size), _USUAL_LEADING * before.size)
    return before.baseline - line.baseline > _GAP * max(leading, before.size)


def _ends_paragraph(before: Line, line: Line, layout: _Layout) -> bool:
    """Whether an indent or a short line between two near lines ends a paragraph."""
    if _DIVIDED.search(before.text) and line.text[:1].isalnum():
        return False
    sentence_ends = _SENTENCE_END.search(before.text) is not None
    indented = line.left - before.left > _INDENT * line.size
    if indented and sentence_ends and not _ITEM.match(before.text):
        return True
    return not _is_full(before, layout) and (sentence_ends or not line.text[:1].islower())


def _is_full(line: Line, layout: _Layout) -> bool:
    """Whether a line reaches about as far as those that begin at the same place."""
    width = max(layout.rights[column] for column in _columns(line)) - line.left
    return line.right - line.left >= _FULL_LINE * width


def _undivided(before: str, after: str, compounds: frozenset[str]) -> str:
    """Return ``before`` without the hyphen at its end, unless the word is written with one."""
    whole, hyphen = before[:-1], before[-1]
    left, right = _LAST_WORD.search(whole[-_LONGEST_WORD:]), _FIRST_WORD.match(after)
    if hyphen == "\u00ad" or left is None or right is None:
        return whole if hyphen == "\u00ad" else before
    compound = f"{left[0]}-{right[0]}"
    written_so = compound.casefold() in compounds or "-" in left[0] or "-" in right[0]
    one_word = left[0][-1].isalpha() and right[0][0].islower()
    return whole if one_word and not written_so else before
