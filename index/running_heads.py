"""Running heads, running feet and page numbers: found, and left out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from index.pdf_lines import Line

# A head may have a few lines, and stands alike on at least so many pages.
_MOST_LINES = 3
_MOST_CHARS = 300
_LEAST_PAGES = 3
_LARGER = 1.1

_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxl]{1,8}", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"[\W_]*(?:(?:page|p\.|seite|página|pagina|стр\.)\s*)?(\d{1,5})(?:\s*(?:/|of|von|de|sur)\s*"
    r"\d{1,5})?[\W_]*",
    re.IGNORECASE,
)


def without_running_heads(lines: Sequence[Line], pages: int, usual_size: float) -> list[Line]:
    """Return ``lines`` without those at the top or bottom that many pages have alike.

    Alike is the same text, or the same but for a number that counts with the pages. A
    line in larger letters is a heading, unless the same is on most pages; a page's own
    number goes whatever other pages have.
    """
    gone: set[int] = set()
    for edges in _edges(lines):
        heads = _heads(lines, edges, pages, usual_size)
        for edge in edges:
            for at in edge:
                if not _is_head(lines[at], heads) and not _is_own_number(lines[at]):
                    break
                gone.add(at)
    return [line for at, line in enumerate(lines) if at not in gone]


def _edges(lines: Sequence[Line]) -> tuple[list[list[int]], list[list[int]]]:
    """Return the outermost lines of each page's top and bottom, as indices, outermost first."""
    by_page: defaultdict[int, list[int]] = defaultdict(list)
    for at, line in enumerate(lines):
        by_page[line.page].append(at)
    downwards = [sorted(some, key=lambda at: -lines[at].baseline) for some in by_page.values()]
    tops = [some[:_MOST_LINES] for some in downwards]
    return tops, [some[: -_MOST_LINES - 1 : -1] for some in downwards]


def _heads(
    lines: Sequence[Line], edges: list[list[int]], pages: int, usual_size: float
) -> dict[str, float]:
    """Return what running heads say, and in which size of letters."""
    sizes: defaultdict[str, list[float]] = defaultdict(list)
    for edge in edges:
        own = {key: lines[at].size for at in edge for key in _keys(lines[at])}
        for key, size in own.items():
            sizes[key].append(size)
    heads = {key: median(found) for key, found in sizes.items() if len(found) >= _LEAST_PAGES}
    return {
        key: size
        for key, size in heads.items()
        if size <= _LARGER * usual_size or (2 * len(sizes[key]) > pages and "\0" not in key)
    }


def _keys(line: Line) -> Iterator[str]:
    """Yield what a line says: as it is, and with each number that may be the page's told apart."""
    if len(line.text) > _MOST_CHARS:
        return
    yield line.text
    for number in _NUMBER.finditer(line.text):
        if len(number[0]) <= len("99999"):
            shift = int(number[0]) - line.page
            yield f"{line.text[: number.start()]}\0{shift}\0{line.text[number.end() :]}"
    if _ROMAN.fullmatch(line.text):
        yield f"\0roman {_roman(line.text) - line.page}"


def _is_head(line: Line, heads: dict[str, float]) -> bool:
    return any(line.size <= _LARGER * heads[key] for key in _keys(line) if key in heads)


def _is_own_number(line: Line) -> bool:
    found = _PAGE_NUMBER.fullmatch(line.text) if len(line.text) <= _MOST_CHARS else None
    return found is not None and int(found[1]) == line.page


def _roman(numeral: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10, "l": 50}[letter] for letter in numeral.lower()]
    following = [*values[1:], 0]
    return sum(-one if one < other else one for one, other in zip(values, following, strict=True))
