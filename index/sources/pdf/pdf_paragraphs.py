"""Join the lines of a PDF's blocks to paragraphs, headings, list items and code."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from index.sources.pdf.pdf_lines import BULLETS, Line, is_wide_script
from index.sources.pdf.pdf_page import BOLD, MONOSPACED
from index.sources.pdf.pdf_tables import TableBlock


class PartKind(Enum):
    """What a part of a document is."""

    TEXT = "text"
    ITEM = "item"
    CODE = "code"
    HEADING = "heading"
    TABLE = "table"


class PlacedLine(NamedTuple):
    """A line with its page and the right edge of its column."""

    line: Line
    page: int
    """From 1."""
    right: float
    starts_block: bool


@dataclass
class Part:
    """A paragraph, heading, item, block of code or table."""

    kind: PartKind
    page: int
    """Where it starts, from 1."""
    lines: list[PlacedLine] = field(default_factory=list)
    level: int = 0
    """Of a heading; of an item, how deep it is nested."""
    table: TableBlock | None = None

    @property
    def size(self) -> float:
        """The size of its first line's letters; 0 for a table."""
        return self.lines[0].line.size if self.lines else 0.0

    @property
    def text(self) -> str:
        """Its plain text, by lines."""
        return "\n".join(placed.line.text for placed in self.lines)


@dataclass(frozen=True)
class BodyStyle:
    """The usual measures of a document."""

    size: float
    """Size of most letters, in points."""
    style: int
    """BOLD and MONOSPACED where most letters are."""
    leadings: Mapping[int, float]
    """Median distance of baselines, by the size of the letters."""

    def leading(self, size: float) -> float:
        """Return the usual distance of baselines of letters of this size."""
        return max(self.leadings.get(round(size), _USUAL_LEADING * size), size)


# In sizes of the letters; chosen on manuals, reports and articles of one and two columns.
_SAME_SIZE = 1.1
_FAR = 1.25
_SPACED_OUT = 2.2
_INDENT = 0.8
_MAX_HANGING = 3.0
_FULL_LINE = 0.75
_SPACE = 0.3
_SLACK = 0.5
_USUAL_LEADING = 1.2
_MAX_BOLD_HEADING = 120
MAX_HEADING_CHARS = 200
_LOOK_AHEAD = 10

SENTENCE_END = re.compile(r"[.!?:…。！？؟۔][\"'”’»)\]⁰¹²³⁴-⁹]*$")
HYPHENATED = re.compile(r"(?<=[^\W_])[-\u00ad\u2010–—]$")
# WordPerfect printed an exclamation mark for a bullet whose font was missing.
ITEM = re.compile(rf"([{BULLETS}!–—-]|\(?(?:\d{{1,3}}|[A-Za-z]|[ivx]{{1,4}})[.)])\s+(?=\S)")
LEADER = re.compile(r"(?:[.…·]\s?){4,}\s*\S{1,8}$")
_NO_HEADING = re.compile(r"[.,;:!?]$")
_LETTER = re.compile(r"[^\W\d_]")

Levels = Callable[[int, Line], int]


class ParagraphReader:
    """Joins lines to parts.

    Args:
        body: The usual measures.
        levels: Returns the level of a line of a page as a heading, or 0.
        bold_level: The level of headings that are bold but not large.
    """

    def __init__(self, body: BodyStyle, levels: Levels, bold_level: int) -> None:
        self._body, self._levels, self._bold_level = body, levels, bold_level
        self._item_lefts: list[float] = []

    def parts(self, blocks: Iterable[PlacedLine | tuple[int, TableBlock]]) -> Iterator[Part]:
        """Yield the parts in the order of the blocks."""
        return self._with_bold_headings(self._plain_parts(blocks))

    def _plain_parts(self, blocks: Iterable[PlacedLine | tuple[int, TableBlock]]) -> Iterator[Part]:
        part: Part | None = None
        for found in blocks:
            if not isinstance(found, PlacedLine):
                if part:
                    yield part
                    part = None
                self._item_lefts = []
                page, table = found
                yield Part(PartKind.TABLE, page, table=table)
                continue
            kind, level = self._kind(found, part)
            if part and self._goes_on(part, found, kind, level):
                part.lines.append(found)
                continue
            if part:
                yield part
            part = self._begin(kind, level, found)
        if part:
            yield part

    def _kind(self, placed: PlacedLine, part: Part | None) -> tuple[PartKind, int]:
        """Return what a line would begin: its kind, and its level as a heading."""
        line = placed.line
        level = self._levels(placed.page, line)
        if level and not (part and self._continues_item(part, placed)):
            return PartKind.HEADING, level
        if line.is_monospaced and not self._body.style & MONOSPACED:
            return PartKind.CODE, 0
        if self._is_item(placed, part):
            return PartKind.ITEM, 0
        return PartKind.TEXT, 0

    def _continues_item(self, part: Part, placed: PlacedLine) -> bool:
        """Return whether a line is set below the text of an item, in letters of its size."""
        item, line = part.lines[0].line, placed.line
        return (
            part.kind is PartKind.ITEM
            and item.left < line.left < item.left + _MAX_HANGING * item.size
            and _is_same_size(line.size, part.lines[-1].line.size)
            and part.page == placed.page
            and not self._is_far(part.lines[-1], placed)
        )

    def _is_item(self, placed: PlacedLine, part: Part | None) -> bool:
        bullet = ITEM.match(placed.line.text)
        if bullet is None:
            return False
        if bullet[1] in f"{BULLETS}!" or part is None or part.kind is not PartKind.TEXT:
            return True
        before = part.lines[-1]
        ends = SENTENCE_END.search(before.line.text) is not None and not _fits_not(before, placed)
        return ends or placed.starts_block or self._is_far(before, placed)

    def _begin(self, kind: PartKind, level: int, placed: PlacedLine) -> Part:
        if kind is PartKind.ITEM:
            level = self._depth(placed.line)
        else:
            self._item_lefts = []
        return Part(kind, placed.page, [placed], level)

    def _depth(self, line: Line) -> int:
        """Return how deep an item is nested, by its left edge."""
        margin = 0.5 * line.size
        while self._item_lefts and self._item_lefts[-1] > line.left + margin:
            self._item_lefts.pop()
        if not self._item_lefts or self._item_lefts[-1] < line.left - margin:
            self._item_lefts.append(line.left)
        return len(self._item_lefts)

    def _goes_on(self, part: Part, placed: PlacedLine, kind: PartKind, level: int) -> bool:
        """Return whether a line goes on with a part."""
        before = part.lines[-1]
        one, line = before.line, placed.line
        same_size = _is_same_size(line.size, one.size) or (
            kind is part.kind and _is_same_size(one.words[-1].size, line.words[0].size)
        )
        if PartKind.HEADING in {kind, part.kind}:
            is_next = before.page == placed.page and line.baseline > one.baseline
            same = kind is part.kind and level == part.level and same_size and is_next
            return same and not self._is_far(before, placed)
        if PartKind.CODE in {kind, part.kind}:
            return kind is part.kind and not placed.starts_block
        if not same_size or kind is PartKind.ITEM:
            return False
        if placed.starts_block or before.page != placed.page:
            return self._goes_on_elsewhere(part, placed)
        is_same_line = line.baseline < one.baseline + one.size / 2  # in two pieces
        return is_same_line or not (
            (self._is_far(before, placed) and not self._is_spaced_out(before, placed))
            or LEADER.search(one.text)
            or LEADER.search(line.text)
            or self._ends(part, placed)
        )

    def _is_far(self, before: PlacedLine, placed: PlacedLine) -> bool:
        gap = placed.line.baseline - before.line.baseline
        if gap < 0 or placed.starts_block:
            return True
        return gap > _FAR * self._body.leading(before.line.size)

    def _is_spaced_out(self, before: PlacedLine, placed: PlacedLine) -> bool:
        """Return whether a sentence goes on in a line that is further away than usual."""
        gap = placed.line.baseline - before.line.baseline
        if not 0 < gap < _SPACED_OUT * self._body.leading(before.line.size):
            return False
        goes_on = placed.line.text[:1].islower() and not SENTENCE_END.search(before.line.text)
        return goes_on and _fits_not(before, placed)

    def _goes_on_elsewhere(self, part: Part, placed: PlacedLine) -> bool:
        """Return whether a paragraph goes on in another column or on another page."""
        before = part.lines[-1]
        if placed.line.text[:1].islower() or HYPHENATED.search(before.line.text):
            return True
        return is_open(part) and not placed.line.is_bold

    def _ends(self, part: Part, placed: PlacedLine) -> bool:
        """Return whether an indent or a short line between two near lines ends a paragraph."""
        before, line = part.lines[-1], placed.line
        if HYPHENATED.search(before.line.text) and line.text[:1].isalnum():
            return False
        sentence_ends = SENTENCE_END.search(before.line.text) is not None
        indented = line.left - before.line.left > _INDENT * line.size
        if indented and sentence_ends and not (part.kind is PartKind.ITEM and len(part.lines) == 1):
            return True
        if _fits_not(before, placed):
            return False
        if part.kind is PartKind.ITEM and line.left < part.lines[0].line.left - _INDENT * line.size:
            return True
        if sentence_ends:
            return True
        width = before.right - before.line.left
        is_short = before.line.right - before.line.left < _FULL_LINE * width
        return is_short and not line.text[:1].islower()

    def _with_bold_headings(self, parts: Iterator[Part]) -> Iterator[Part]:
        """Yield the parts; a short paragraph in bold above one that is not is a heading.

        A long one in large letters is none.
        """
        before: Part | None = None
        for part in parts:
            if part.kind is PartKind.HEADING and len(part.text) > MAX_HEADING_CHARS:
                part.kind, part.level = PartKind.TEXT, 0
            if before:
                if self._is_bold_heading(before, part):
                    before.kind, before.level = PartKind.HEADING, self._bold_level
                yield before
            before = part
        if before:
            yield before

    def _is_bold_heading(self, part: Part, below: Part) -> bool:
        if self._body.style & BOLD or part.kind is not PartKind.TEXT or len(part.lines) > 2:  # noqa: PLR2004
            return False
        text = part.text
        return (
            all(placed.line.is_bold for placed in part.lines)
            and len(text) <= _MAX_BOLD_HEADING
            and _NO_HEADING.search(text) is None
            and len(_LETTER.findall(text)) > 1
            and below.kind in {PartKind.TEXT, PartKind.ITEM}
            and not below.lines[0].line.is_bold
            # Most letters of a heading in small capitals are smaller than the text.
            and max(word.size for word in part.lines[0].line.words) >= 0.97 * below.size
        )


def _is_same_size(one: float, other: float) -> bool:
    return 1 / _SAME_SIZE < one / other < _SAME_SIZE


def _fits_not(before: PlacedLine, placed: PlacedLine) -> bool:
    """Return whether a line is full: the first word of the next would not have fitted."""
    line = before.line
    first = placed.line.words[0]
    width = line.size if is_wide_script(first.text[:1]) else first.right - first.left
    needed = width + (_SPACE + _SLACK) * line.size
    return line.right + needed > before.right


def is_open(part: Part) -> bool:
    """Return whether a paragraph breaks off inside a sentence at the end of its column."""
    last = part.lines[-1]
    if SENTENCE_END.search(last.line.text):
        return False
    width = last.right - last.line.left
    return last.line.right - last.line.left >= _FULL_LINE * width


def in_reading_order(parts: Iterator[Part]) -> Iterator[Part]:
    """Yield the parts with notes, captions and tables out of the sentences they stand in.

    A paragraph that breaks off at such a part, and goes on after it, is joined. What stood in
    between comes before the paragraph if that starts on the same page, else after it.
    """
    ahead: deque[Part] = deque()
    for part in parts:
        ahead.append(part)
        if len(ahead) > _LOOK_AHEAD:
            yield from _joined(ahead)
    while ahead:
        yield from _joined(ahead)


def _joined(ahead: deque[Part]) -> list[Part]:
    """Take the first part, and what belongs before it, from those ahead."""
    first = ahead.popleft()
    between = _parts_inside(first, ahead)
    if not between:
        return [first]
    for _ in between:
        ahead.popleft()
    rest = ahead.popleft()
    first.lines += rest.lines
    if all(part.page == first.page for part in between):
        ahead.appendleft(first)
        return between
    ahead.extendleft(reversed([first, *between]))
    # The joined paragraph may go on again.
    return _joined(ahead) if _parts_inside(first, deque(list(ahead)[1:])) else [ahead.popleft()]


def _parts_inside(first: Part, ahead: Sequence[Part] | deque[Part]) -> list[Part]:
    """Return the parts between a paragraph that breaks off and its rest; none if it does not."""
    if first.kind not in {PartKind.TEXT, PartKind.ITEM} or not is_open(first):
        return []
    between: list[Part] = []
    for part in ahead:
        is_other = part.kind is PartKind.TABLE or not 0.97 < part.size / first.size < 1.03  # noqa: PLR2004
        if part.kind is PartKind.TEXT and not is_other:
            begins = part.text[:1]
            are_notes = all(
                one.kind is not PartKind.TABLE and one.size < first.size for one in between
            )
            goes_on = begins.islower() or (
                are_notes
                and part.page - first.lines[-1].page in {0, 1}
                and part.lines[0].starts_block
            )
            return between if between and goes_on else []
        if part.kind in {PartKind.HEADING, PartKind.CODE} or not is_other:
            return []
        between.append(part)
    return []
