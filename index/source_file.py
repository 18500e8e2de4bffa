"""The file that an article was read from, and where its words are on the pages as printed."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    # Every file is read in a new process, and numpy takes 90 ms to import.
    import numpy as np
    from numpy.typing import NDArray

    Offsets: TypeAlias = NDArray[np.int32]
    Boxes: TypeAlias = NDArray[np.uint16]

_UNITS = 65_535
_MAX_WORDS_OF_A_PAGE = 1_000_000
_BYTES_PER_WORD = 16
DOUBTFUL = 0.9
"""Of a page recognised with less confidence, many letters may be wrong. Drawn pages with up to
0.4 % of wrong letters were at 0.99. Lines that are not found do not lower it."""


class PageShape(NamedTuple):
    """The size of a page as it is shown, in points, and how surely it was recognised."""

    width: float
    height: float
    confidence: float | None = None
    """In 0..1; None if the file itself names its letters."""


@dataclass(frozen=True, slots=True, eq=False)
class PageLayout:
    """Where the words of one page are.

    Word ``i`` is ``text[offsets[i, 0]:offsets[i, 1]]`` of the article. Its box is
    ``boxes[i] / 65535``: left, top, right and bottom as fractions of the page as it is shown,
    from its upper left corner.
    """

    width: float
    """Of the page as it is shown, in points."""
    height: float
    packed: bytes = field(repr=False)
    """The offsets of all words, then their boxes, little-endian."""
    confidence: float | None = None
    """In 0..1, how surely its letters were recognised; None if the file names them itself.

    0 if it is a picture that was not read.
    """

    @property
    def is_doubtful(self) -> bool:
        """Whether many of its letters may be wrong."""
        return self.confidence is not None and self.confidence < DOUBTFUL

    @classmethod
    def of_words(
        cls,
        width: float,
        height: float,
        words: Sequence[tuple[int, int, float, float, float, float]],
        confidence: float | None = None,
    ) -> PageLayout:
        """Return the layout of words (start, end, left, top, right, bottom), lengths in points.

        Boxes are clipped to the page.
        """
        offsets: list[int] = []
        boxes: list[int] = []
        shown_width, shown_height = max(width, 1e-6), max(height, 1e-6)
        for start, end, left, top, right, bottom in words:
            offsets += int(start), int(end)
            boxes += (
                _units(left / shown_width),
                _units(top / shown_height),
                _units(right / shown_width),
                _units(bottom / shown_height),
            )
        packed = struct.pack(f"<{len(offsets)}i{len(boxes)}H", *offsets, *boxes)
        return cls(width, height, packed, confidence)

    @property
    def offsets(self) -> Offsets:
        """``(words, 2)`` int32, in order, not overlapping."""
        import numpy as np

        words = len(self.packed) // _BYTES_PER_WORD
        found = np.frombuffer(self.packed, "<i4", 2 * words)
        return found.astype(np.int32, copy=False).reshape(words, 2)

    @property
    def boxes(self) -> Boxes:
        """``(words, 4)`` uint16."""
        import numpy as np

        words = len(self.packed) // _BYTES_PER_WORD
        found = np.frombuffer(self.packed, "<u2", 4 * words, 8 * words)
        return found.astype(np.uint16, copy=False).reshape(words, 4)

    @property
    def shape(self) -> PageShape:
        """Its size and confidence, without its words."""
        return PageShape(self.width, self.height, self.confidence)

    def boxes_between(self, start: int, end: int) -> NDArray[np.float64]:
        """Return ``(n, 4)``: the boxes of the words that share a character with [start, end)."""
        import numpy as np

        offsets = self.offsets
        first = int(np.searchsorted(offsets[:, 1], start, side="right"))
        last = int(np.searchsorted(offsets[:, 0], end, side="left"))
        return self.boxes[first : max(first, last)] / float(_UNITS)

    def to_bytes(self) -> bytes:
        """Return its words, compressed; :meth:`from_bytes` is the inverse."""
        return zlib.compress(self.packed, 6)

    @classmethod
    def from_bytes(
        cls, width: float, height: float, confidence: float | None, data: bytes
    ) -> PageLayout:
        """Return the layout with the words in ``data``.

        Raises:
            ValueError: The bytes are damaged.
        """
        inflate = zlib.decompressobj()
        try:
            packed = inflate.decompress(data, _MAX_WORDS_OF_A_PAGE * _BYTES_PER_WORD)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if len(packed) % _BYTES_PER_WORD or inflate.unconsumed_tail:
            msg = "The positions of a page's words have a wrong length."
            raise ValueError(msg)
        return cls(width, height, packed, confidence)


def _units(share: float) -> int:
    """Return a share of a length as a whole number of units; what is not a number is 0."""
    if 0.0 < share < 1.0:
        return round(share * _UNITS)
    return _UNITS if share >= 1.0 else 0


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """A file as it was given."""

    name: str
    """Its name, without folders; "" if it had none. Untrusted."""
    data: bytes
    layouts: tuple[PageLayout, ...] = ()
    """One for each page; empty if its pages cannot be shown as printed."""
