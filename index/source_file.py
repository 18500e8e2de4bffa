"""The file that an article was read from, and where its words are on the pages as printed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    # Every file is read in a new process, and numpy takes 80 ms to import.
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
    offsets: Offsets
    """``(words, 2)`` int32, in order, not overlapping."""
    boxes: Boxes
    """``(words, 4)`` uint16."""
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
        import numpy as np

        table = np.array(words, dtype=np.float64).reshape(len(words), 6)
        size = np.array([width, height, width, height])
        share = np.nan_to_num(table[:, 2:] / np.maximum(size, 1e-6)).clip(0, 1)
        offsets = table[:, :2].astype(np.int32)
        return cls(width, height, offsets, (share * _UNITS).round().astype(np.uint16), confidence)

    @property
    def shape(self) -> PageShape:
        """Its size and confidence, without its words."""
        return PageShape(self.width, self.height, self.confidence)

    def boxes_between(self, start: int, end: int) -> NDArray[np.float64]:
        """Return ``(n, 4)``: the boxes of the words that share a character with [start, end)."""
        import numpy as np

        first = int(np.searchsorted(self.offsets[:, 1], start, side="right"))
        last = int(np.searchsorted(self.offsets[:, 0], end, side="left"))
        return self.boxes[first : max(first, last)] / float(_UNITS)

    def to_bytes(self) -> bytes:
        """Return its words, compressed; :meth:`from_bytes` is the inverse."""
        return zlib.compress(
            self.offsets.astype("<i4").tobytes() + self.boxes.astype("<u2").tobytes(), 6
        )

    @classmethod
    def from_bytes(
        cls, width: float, height: float, confidence: float | None, data: bytes
    ) -> PageLayout:
        """Return the layout with the words in ``data``.

        Raises:
            ValueError: The bytes are damaged.
        """
        import numpy as np

        inflate = zlib.decompressobj()
        try:
            raw = inflate.decompress(data, _MAX_WORDS_OF_A_PAGE * _BYTES_PER_WORD)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        words, rest = divmod(len(raw), _BYTES_PER_WORD)
        if rest or inflate.unconsumed_tail:
            msg = "The positions of a page's words have a wrong length."
            raise ValueError(msg)
        offsets = np.frombuffer(raw, "<i4", 2 * words).astype(np.int32).reshape(words, 2)
        boxes = np.frombuffer(raw, "<u2", 4 * words, 8 * words).astype(np.uint16)
        return cls(width, height, offsets, boxes.reshape(words, 4), confidence)


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """A file as it was given."""

    name: str
    """Its name, without folders; "" if it had none. Untrusted."""
    data: bytes
    layouts: tuple[PageLayout, ...] = ()
    """One for each page; empty if its pages cannot be shown as printed."""
