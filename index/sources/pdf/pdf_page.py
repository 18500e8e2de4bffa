"""The words, ruling lines and links of one page of a PDF, with their positions."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import NamedTuple, TypeAlias

from index.sources.document import clean

Box: TypeAlias = tuple[float, float, float, float]
"""Two opposite corners: left, bottom, right and top in the page's own space, or left, top, right
and bottom on the page as it is shown."""

BOLD, ITALIC, MONOSPACED = 1, 2, 4
DIAGONAL = 4
_HYPHEN = "\x02"  # PDFium's sign for a hyphen at the end of a line


class Word(NamedTuple):
    """A word, or a part of one in the same letters.

    ``left``, ``right`` and ``baseline`` are in points along and across its direction: for upright
    text, from the page's left and upper edge.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    style: int
    """BOLD | ITALIC | MONOSPACED."""
    order: int
    """Its number in the order in which the page draws."""
    is_joined: bool
    """Whether no space is drawn between it and the one before it in that order."""
    box: Box = (0.0, 0.0, 0.0, 0.0)
    """Left, top, right and bottom on the page as it is shown."""


class Rule(NamedTuple):
    """A straight line, or an edge of a rectangle, in the coordinates of words."""

    left: float
    top: float
    right: float
    bottom: float


class PageLink(NamedTuple):
    """An area of the page as it is shown that leads to an address."""

    left: float
    top: float
    right: float
    bottom: float
    target: str


class PrintedWord(NamedTuple):
    """A word as a page has it, or a part of one in the same letters.

    Its place is in points from the upper left corner of the page as it is shown.
    """

    start: int
    """Its text is ``raw_text[start:end]`` of its page."""
    end: int
    left: float
    top: float
    right: float
    bottom: float
    x: float
    """Where its baseline starts."""
    y: float
    size: float
    style: int
    direction: int
    """Quarter turns clockwise; 4 is a diagonal."""
    is_joined: bool


# A page of a long document keeps 67 bytes per word, without the 300 of an object.
_PACKED = struct.Struct("=2i7d2b?")
_DIRECTION_AT = _PACKED.size - 2


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """The words of a page in compact form; :meth:`words` returns them as objects."""

    width: float
    """Of the page as it is shown, in points."""
    height: float
    raw_text: str
    """In the order in which the page draws, with white space between words and lines."""
    packed: bytes
    rules: Sequence[Rule] = ()
    links: Sequence[PageLink] = ()

    @classmethod
    def of(  # noqa: PLR0913 - the parts of a page
        cls,
        width: float,
        height: float,
        raw_text: str,
        words: Iterable[PrintedWord],
        *,
        rules: Sequence[Rule] = (),
        links: Sequence[PageLink] = (),
    ) -> PrintedPage:
        """Return the page with these words."""
        packed = b"".join(starmap(_PACKED.pack, words))
        return cls(width, height, raw_text, packed, rules, links)

    @property
    def word_count(self) -> int:
        """The number of its words."""
        return len(self.packed) // _PACKED.size

    @property
    def letters(self) -> int:
        """The number of letters of its words."""
        return sum(record[1] - record[0] for record in _PACKED.iter_unpack(self.packed))

    def printed_words(self) -> Iterator[PrintedWord]:
        """Yield its words in the order in which they are drawn."""
        return starmap(PrintedWord, _PACKED.iter_unpack(self.packed))

    @property
    def main_direction(self) -> int:
        """The direction of most of its words."""
        return max(range(DIAGONAL + 1), key=self._directions.count)

    @property
    def other_directions(self) -> list[int]:
        """The other directions of its words."""
        return sorted(set(self._directions) - {self.main_direction})

    @property
    def _directions(self) -> bytes:
        return self.packed[_DIRECTION_AT :: _PACKED.size]

    def words(self, direction: int = 0) -> list[Word]:
        """Return the words that run in this direction, in the order in which they are drawn."""
        text = self.raw_text
        found: list[Word] = []
        for order, record in enumerate(_PACKED.iter_unpack(self.packed)):
            start, end, left, top, right, bottom, x, y, size, style, turn, is_joined = record
            shown = _shown(text[start:end]) if turn == direction else ""
            if shown:
                box = left, top, right, bottom
                along = self._along(direction, box, x, y)
                found.append(Word(shown, *along, size, style, order, is_joined, box))
        return found

    def rules_along(self, direction: int) -> list[Rule]:
        """Return the rules in the coordinates of words that run in this direction."""
        if direction in (0, DIAGONAL):
            return list(self.rules)
        width, height = self.width, self.height
        if direction == 1:
            return [Rule(r.top, width - r.right, r.bottom, width - r.left) for r in self.rules]
        if direction == 2:  # noqa: PLR2004 - upside down
            return [
                Rule(width - r.right, height - r.bottom, width - r.left, height - r.top)
                for r in self.rules
            ]
        return [Rule(height - r.bottom, r.left, height - r.top, r.right) for r in self.rules]

    def _along(self, direction: int, box: Box, x: float, y: float) -> tuple[float, float, float]:
        """Return left, right and baseline of a word in its direction."""
        left, top, right, bottom = box
        if direction == 1:
            return top, bottom, self.width - x
        if direction == 2:  # noqa: PLR2004 - upside down
            return self.width - right, self.width - left, self.height - y
        if direction == 3:  # noqa: PLR2004 - upwards
            return self.height - bottom, self.height - top, x
        return left, right, y


@functools.lru_cache(maxsize=20_000)
def _shown(text: str) -> str:
    """Return the text of a word, a hyphen at the end of a line as ``-``."""
    text = text.replace(_HYPHEN, "-")
    return text if text.isprintable() else "".join(clean(text).split())
