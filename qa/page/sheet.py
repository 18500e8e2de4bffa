"""What of an article is shown at a time: a short one whole, of a long one a sheet.

A long article is divided into leaves of about the same length, each cut at the end of a
paragraph where there is one; a sheet is a few leaves in a row. So whatever is read, sent
and laid out stays small, and going on from sheet to sheet leaves out nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from index.types import Span

# About 20 printed pages: up to 65 kB go to the browser at each answer, whose own search
# finds all of it. Of a book of 2 MB that is 30 kB, where the whole would be 2 MB each time.
WHOLE_CHARS = 60_000
LEAF_CHARS = 8_000
LEAVES = 3
"""Of a sheet: the place that is looked for lies in the one in the middle."""

_CUT_WITHIN = 2_000
_BREAKS = ("\n\n", "\n", " ")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of a text that is shown."""

    span: Span
    length: int
    """Of the whole text, in characters."""

    @classmethod
    def of(cls, text: str, leaf: int) -> Self:
        """Return the sheet that begins with a leaf; a short text is one sheet."""
        length = len(text)
        if length <= WHOLE_CHARS:
            return cls(Span(0, length), length)
        first = min(max(0, leaf), last_leaf(length))
        # The last leaf goes along with those before it: it may be a line.
        is_last = first + LEAVES >= last_leaf(length)
        end = length if is_last else _cut(text, first + LEAVES)
        return cls(Span(_cut(text, first), end), length)

    @property
    def has_before(self) -> bool:
        """Whether something comes before it."""
        return self.span.start > 0

    @property
    def has_after(self) -> bool:
        """Whether something comes after it."""
        return self.span.end < self.length

    @property
    def is_whole(self) -> bool:
        """Whether it is all there is."""
        return not (self.has_before or self.has_after)


def sent_chars(length: int) -> int:
    """Return how many characters of a text of this length are shown at a time, about."""
    return length if length <= WHOLE_CHARS else LEAVES * LEAF_CHARS


def last_leaf(length: int) -> int:
    """Return the number of the last leaf of a text, the first being 0."""
    return max(0, length - 1) // LEAF_CHARS


def leaf_for(start: int, shown: int | None = None) -> int:
    """Return the leaf to begin with, so that ``text[start]`` has its surroundings.

    ``shown`` is the one that the sheet begins with by now: it stays where it does as well.
    """
    leaf = start // LEAF_CHARS
    # Cuts come before the even division, so a place may be in the leaf after its own.
    if shown is not None and shown <= leaf < shown + LEAVES - 1:
        return shown
    return max(0, leaf - 1)


def _cut(text: str, leaf: int) -> int:
    """Return where a leaf begins: after the last good break before the even division."""
    even = leaf * LEAF_CHARS
    if not 0 < even < len(text):
        return min(even, len(text))
    for separator in _BREAKS:
        found = text.rfind(separator, even - _CUT_WITHIN, even)
        if found >= 0:
            return found + len(separator)
    return even
