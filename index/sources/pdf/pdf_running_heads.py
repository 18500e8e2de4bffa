"""Find the running heads, feet and page numbers of a PDF."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class PageLine:
    """The text of a row of words."""

    page: int
    """From 1."""
    text: str
    baseline: float
    """In points from the page's upper edge."""
    size: float
    """Size of its letters in points."""


# A running head or foot has at most this many lines, and recurs on at least this many pages.
_MAX_HEAD_LINES = 3
_MAX_HEAD_CHARS = 300
_MIN_HEAD_PAGES = 3
_MAX_HEAD_SIZE = 1.15  # of the body text's size; larger letters are those of a heading
_HEIGHT = 3.0  # points by which its height on the page may differ

_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxl]{1,8}", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"[\W_]*(?:(?:page|p\.|seite|página|pagina|стр\.)\s*)?(\d{1,5})(?:\s*(?:/|of|von|de|sur)\s*"
    r"\d{1,5})?[\W_]*",
    re.IGNORECASE,
)


def running_heads(lines: Sequence[PageLine], pages: int, body_size: float) -> set[int]:
    """Return the indices of the lines that are running heads and feet of pages.

    These have the same text on several pages, or the same but for a number that increases with
    the page. A line in larger letters is a heading unless it is on most pages, or at the same
    height of several pages in succession. A page's own number is always one.
    """
    removed: set[int] = set()
    for edges in _edges(lines):
        heads = _heads(lines, edges, pages, body_size)
        for edge in edges:
            for at in edge:
                if not _is_head(lines[at], heads) and not _is_own_number(lines[at]):
                    break
                removed.add(at)
    return removed


def _edges(lines: Sequence[PageLine]) -> tuple[list[list[int]], list[list[int]]]:
    """Return the outermost lines of each page's top and bottom, as indices, outermost first."""
    by_page: defaultdict[int, list[int]] = defaultdict(list)
    for at, line in enumerate(lines):
        by_page[line.page].append(at)
    downwards = [sorted(some, key=lambda at: lines[at].baseline) for some in by_page.values()]
    tops = [some[:_MAX_HEAD_LINES] for some in downwards]
    return tops, [some[: -_MAX_HEAD_LINES - 1 : -1] for some in downwards]


def _heads(
    lines: Sequence[PageLine], edges: list[list[int]], pages: int, body_size: float
) -> dict[str, float]:
    """Return the keys of the running heads, and the size of their letters."""
    places: defaultdict[str, list[PageLine]] = defaultdict(list)
    for edge in edges:
        own = {key: lines[at] for at in edge for key in _keys(lines[at])}
        for key, line in own.items():
            places[key].append(line)
    heads: dict[str, float] = {}
    for key, found in places.items():
        size = median(line.size for line in found)
        is_large = size > _MAX_HEAD_SIZE * body_size
        is_often = "\0" not in key and (2 * len(found) > pages or _is_in_succession(found))
        if len(found) >= _MIN_HEAD_PAGES and (not is_large or is_often):
            heads[key] = size
    return heads


def _is_in_succession(lines: Sequence[PageLine]) -> bool:
    """Return whether three pages in succession, or every second, have a line at one height."""
    heights = {line.page: line.baseline for line in lines}
    return any(
        abs(heights.get(page + step, -_HEIGHT) - height) < _HEIGHT
        and abs(heights.get(page + 2 * step, -_HEIGHT) - height) < _HEIGHT
        for page, height in heights.items()
        for step in (1, 2)
    )


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
