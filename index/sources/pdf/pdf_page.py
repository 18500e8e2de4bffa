"""The words, ruling lines and links of one page of a PDF, with their positions."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.sources.document import clean

Floats: TypeAlias = NDArray[np.float64]

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
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
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


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """The words of a page in compact form; :meth:`words` returns them as objects."""

    width: float
    """Of the page as it is shown, in points."""
    height: float
    raw_text: str
    """In the order in which the page draws, with white space between words and lines."""
    spans: NDArray[np.int32]
    """``(n, 2)``: the parts of ``raw_text`` that are words."""
    boxes: Floats
    """``(n, 4)``: left, top, right, bottom in points on the page as it is shown."""
    baselines: Floats
    """``(n, 2)``: where each word's baseline starts, x and y, on the page as it is shown."""
    sizes: Floats
    styles: NDArray[np.int8]
    joined: NDArray[np.bool_]
    directions: NDArray[np.int8]
    """Quarter turns clockwise; 4 is a diagonal."""
    rules: Sequence[Rule] = ()
    links: Sequence[PageLink] = ()

    @property
    def main_direction(self) -> int:
        """The direction of most of its words."""
        counts = np.bincount(self.directions, minlength=1)
        return int(counts.argmax())

    @property
    def other_directions(self) -> list[int]:
        """The other directions of its words."""
        return sorted(set(self.directions.tolist()) - {self.main_direction})

    def words(self, direction: int = 0) -> list[Word]:
        """Return the words that run in this direction, in the order in which they are drawn."""
        chosen = np.flatnonzero(self.directions == direction)
        if not len(chosen):
            return []
        boxes, origin = self.boxes[chosen], self.baselines[chosen]
        left, right, baseline = self._along(direction, boxes, origin)
        text = self.raw_text
        texts = [_shown(text[start:end]) for start, end in self.spans[chosen].tolist()]
        found = map(
            Word,
            texts,
            left.tolist(),
            right.tolist(),
            baseline.tolist(),
            self.sizes[chosen].tolist(),
            self.styles[chosen].tolist(),
            chosen.tolist(),
            self.joined[chosen].tolist(),
            map(tuple, boxes.tolist()),
        )
        return [word for word in found if word.text]

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

    def _along(
        self, direction: int, boxes: Floats, origin: Floats
    ) -> tuple[Floats, Floats, Floats]:
        if direction == 1:
            return boxes[:, 1], boxes[:, 3], self.width - origin[:, 0]
        if direction == 2:  # noqa: PLR2004 - upside down
            return self.width - boxes[:, 2], self.width - boxes[:, 0], self.height - origin[:, 1]
        if direction == 3:  # noqa: PLR2004 - upwards
            return self.height - boxes[:, 3], self.height - boxes[:, 1], origin[:, 0]
        return boxes[:, 0], boxes[:, 2], origin[:, 1]


@functools.lru_cache(maxsize=20_000)
def _shown(text: str) -> str:
    """Return the text of a word, a hyphen at the end of a line as ``-``."""
    text = text.replace(_HYPHEN, "-")
    return text if text.isprintable() else "".join(clean(text).split())
