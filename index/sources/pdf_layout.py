"""Turn the lines of a PDF's pages into paragraphs, headings and page starts."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from index.limits import LoadLimits
from index.sources.document import ParsedDocument
from index.sources.plain_text import plain_text_headings
from index.types import Heading

Outline = dict[int, dict[str, int]]
"""For each page, the levels of its bookmarks by their titles in lower case."""


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of text. Positions are in points from the page's lower left corner."""

    page: int
    """From 1."""
    text: str
    left: float
    right: float
    baseline: float
    size: float
    """Size of its letters in points."""


# A running head or foot has at most this many lines, and recurs on at least this many pages.
_MAX_HEAD_LINES = 3
_MAX_HEAD_CHARS = 300
_MIN_HEAD_PAGES = 3
_MAX_HEAD_SIZE = 1.1  # of the body text's size

_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxl]{1,8}", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"[\W_]*(?:(?:page|p\.|seite|página|pagina|стр\.)\s*)?(\d{1,5})(?:\s*(?:/|of|von|de|sur)\s*"
    r"\d{1,5})?[\W_]*",
    re.IGNORECASE,
)


def remove_running_heads(lines: Sequence[PageLine], pages: int, body_size: float) -> list[PageLine]:
    """Return ``lines`` without the running heads and feet of pages.

    These have the same text on several pages, or the same but for a number that increases with
    the page. A line in larger letters is a heading unless it is on most pages. A page's own
    number is always removed.
    """
    removed: set[int] = set()
    for edges in _edges(lines):
        heads = _heads(lines, edges, pages, body_size)
        for edge in edges:
            for at in edge:
                if not _is_head(lines[at], heads) and not _is_own_number(lines[at]):
                    break
                removed.add(at)
    return [line for at, line in enumerate(lines) if at not in removed]


def _edges(lines: Sequence[PageLine]) -> tuple[list[list[int]], list[list[int]]]:
    """Return the outermost lines of each page's top and bottom, as indices, outermost first."""
    by_page: defaultdict[int, list[int]] = defaultdict(list)
    for at, line in enumerate(lines):
        by_page[line.page].append(at)
    downwards = [sorted(some, key=lambda at: -lines[at].baseline) for some in by_page.values()]
    tops = [some[:_MAX_HEAD_LINES] for some in downwards]
    return tops, [some[: -_MAX_HEAD_LINES - 1 : -1] for some in downwards]


def _heads(
    lines: Sequence[PageLine], edges: list[list[int]], pages: int, body_size: float
) -> dict[str, float]:
    """Return the keys of the running heads, and the size of their letters."""
    sizes: defaultdict[str, list[float]] = defaultdict(list)
    for edge in edges:
        own = {key: lines[at].size for at in edge for key in _keys(lines[at])}
        for key, size in own.items():
            sizes[key].append(size)
    heads = {key: median(found) for key, found in sizes.items() if len(found) >= _MIN_HEAD_PAGES}
    return {
        key: size
        for key, size in heads.items()
        if size <= _MAX_HEAD_SIZE * body_size or (2 * len(sizes[key]) > pages and "\0" not in key)
    }


def _keys(line: PageLine) -> Iterator[str]:
    """Yield the text of a line, and its text with each number taken relative to the page."""
    if len(line.text) > _MAX_HEAD_CHARS:
        return
    yield line.text
    for number in _NUMBER.finditer(line.text):
        if len(number[0]) <= len("99999"):
            shift = int(number[0]) - line.page
            yield f"{line.text[: number.start()]}\0{shift}\0{line.text[number.end() :]}"
    if _ROMAN.fullmatch(line.text):
        yield f"\0roman {_roman(line.text) - line.page}"


def _is_head(line: PageLine, heads: dict[str, float]) -> bool:
    return any(line.size <= _MAX_HEAD_SIZE * heads[key] for key in _keys(line) if key in heads)


def _is_own_number(line: PageLine) -> bool:
    found = _PAGE_NUMBER.fullmatch(line.text) if len(line.text) <= _MAX_HEAD_CHARS else None
    return found is not None and int(found[1]) == line.page


def _roman(numeral: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10, "l": 50}[letter] for letter in numeral.lower()]
    following = [*values[1:], 0]
    return sum(-one if one < other else one for one, other in zip(values, following, strict=True))


# In sizes of the letters; chosen on manuals, reports and articles of one and two columns.
_HEADING_SIZE = 1.15
_SAME_SIZE = 1.1
_FAR = 1.25
_INDENT = 0.8
_FULL_LINE = 0.75
_MAX_HEADING_CHARS = 200
_USUAL_LEADING = 1.2
_LARGEST_LEADING = 3.0

_SENTENCE_END = re.compile(r"[.!?:…。！？][\"'”’»)\]]*$")
_ITEM = re.compile(r"(?:[•◦▪‣·*–—-]|\(?(?:\d{1,3}|[A-Za-z])[.)])\s")
_LETTER = re.compile(r"[^\W\d_]")
_COMPOUND = re.compile(r"\b\w+(?:-\w+)+")
_HYPHENATED = re.compile(r"(?<=[^\W_])[-\u00ad\u2010]$")
_LAST_WORD = re.compile(r"[\w-]+$")
_FIRST_WORD = re.compile(r"[\w-]+")
_LONGEST_WORD = 100


@dataclass(frozen=True, slots=True)
class _Layout:
    """The usual measures of a document, in points."""

    size: float
    """Size of most letters."""
    leadings: dict[int, float]
    """Median distance of baselines, by the size of the letters."""
    rights: dict[tuple[int, int], float]
    """Right edge of each column; see :func:`_columns`."""
    compounds: frozenset[str]
    """Words with a hyphen inside a line."""


def lay_out(
    lines: Sequence[PageLine], pages: int, outline: Outline, limits: LoadLimits
) -> ParsedDocument:
    """Join the lines of a document of ``pages`` pages to paragraphs and headings.

    A line is a heading if its letters are large, or if it is a title in ``outline``.

    Raises:
        TooLarge: It has more characters than the limit.
    """
    layout = _measure(lines)
    body = remove_running_heads(lines, pages, layout.size)
    levels = _heading_levels(body, layout, outline)
    parts: list[str] = []
    length = 0
    starts: list[int] = []
    headings: list[Heading] = []
    for before, line, level_before, level in zip(
        [None, *body], body, [0, *levels], levels, strict=False
    ):
        gap = _gap(before, line, layout, (level_before, level)) if before else ""
        if before and gap == "" and parts:
            length -= len(parts[-1])
            parts[-1] = _without_hyphen(before.text, line.text, layout.compounds)
            length += len(parts[-1])
        parts.append(gap)
        length += len(gap)
        starts += [length] * (line.page - len(starts))
        if level:
            start = headings.pop().start if gap == " " and headings else length
            headings.append(Heading(start, length + len(line.text), level))
        parts.append(line.text)
        length += len(line.text)
        limits.check_chars(length)
    text = "".join(parts)
    starts += [length] * (pages - len(starts))
    return ParsedDocument(text, "", tuple(headings) or plain_text_headings(text), tuple(starts))


def _measure(lines: Sequence[PageLine]) -> _Layout:
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


def _columns(line: PageLine) -> list[tuple[int, int]]:
    """Return the columns a line may belong to, as (page, left edge in steps of two letters)."""
    step = round(line.left / (2 * line.size or 1.0))
    return [(line.page, step - 1), (line.page, step), (line.page, step + 1)]


def _heading_levels(lines: Sequence[PageLine], layout: _Layout, outline: Outline) -> list[int]:
    """Return the level of each line as a heading, or 0."""
    large = {round(line.size) for line in lines if _is_large(line, layout)}
    by_size = {size: level for level, size in enumerate(sorted(large, reverse=True), start=1)}
    return [
        _outline_level(line, outline)
        or (by_size[round(line.size)] if _is_large(line, layout) else 0)
        for line in lines
    ]


def _outline_level(line: PageLine, outline: Outline) -> int:
    return outline.get(line.page, {}).get(line.text.casefold(), 0)


def _is_large(line: PageLine, layout: _Layout) -> bool:
    return (
        line.size > _HEADING_SIZE * layout.size
        and len(line.text) <= _MAX_HEADING_CHARS
        and len(_LETTER.findall(line.text)) > 1
    )


def _gap(before: PageLine, line: PageLine, layout: _Layout, levels: tuple[int, int]) -> str:
    """Return what to put between two lines: "" inside a word, a space, or one or two newlines."""
    same_size = 1 / _SAME_SIZE < line.size / (before.size or 1.0) < _SAME_SIZE
    if any(levels):
        same_heading = levels[0] == levels[1] and same_size and before.page == line.page
        return " " if same_heading and not _is_far(before, line, layout) else "\n\n"
    if not same_size:
        return "\n\n"
    if before.page == line.page and line.baseline < before.baseline - 1:
        ends = _is_far(before, line, layout) or _ends_paragraph(before, line, layout)
        if not ends and _ITEM.match(line.text) and not _HYPHENATED.search(before.text):
            return "\n"
    elif before.page == line.page and line.baseline < before.baseline + before.size / 2:
        ends = False  # one line in two pieces
    else:  # a new column or page
        ends = _SENTENCE_END.search(before.text) is not None or not _is_full(before, layout)
        ends = ends and not line.text[:1].islower()
    if ends:
        return "\n\n"
    return "" if _HYPHENATED.search(before.text) and line.text[:1].isalnum() else " "


def _is_far(before: PageLine, line: PageLine, layout: _Layout) -> bool:
    leading = layout.leadings.get(round(before.size), _USUAL_LEADING * before.size)
    return before.baseline - line.baseline > _FAR * max(leading, before.size)


def _ends_paragraph(before: PageLine, line: PageLine, layout: _Layout) -> bool:
    """Return whether an indent or a short line between two near lines ends a paragraph."""
    if _HYPHENATED.search(before.text) and line.text[:1].isalnum():
        return False
    sentence_ends = _SENTENCE_END.search(before.text) is not None
    indented = line.left - before.left > _INDENT * line.size
    if indented and sentence_ends and not _ITEM.match(before.text):
        return True
    return not _is_full(before, layout) and (sentence_ends or not line.text[:1].islower())


def _is_full(line: PageLine, layout: _Layout) -> bool:
    """Return whether a line reaches the right edge of its column."""
    width = max(layout.rights[column] for column in _columns(line)) - line.left
    return line.right - line.left >= _FULL_LINE * width


def _without_hyphen(before: str, after: str, compounds: frozenset[str]) -> str:
    """Return ``before`` without its final hyphen, unless that belongs to a compound."""
    whole, hyphen = before[:-1], before[-1]
    left, right = _LAST_WORD.search(whole[-_LONGEST_WORD:]), _FIRST_WORD.match(after)
    if hyphen == "\u00ad" or left is None or right is None:
        return whole if hyphen == "\u00ad" else before
    compound = f"{left[0]}-{right[0]}"
    is_compound = compound.casefold() in compounds or "-" in left[0] or "-" in right[0]
    one_word = left[0][-1].isalpha() and right[0][0].islower()
    return whole if one_word and not is_compound else before
