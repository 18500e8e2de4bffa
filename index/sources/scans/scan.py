"""Turn the picture of a page into words that are laid out like those of a printed page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.limits import LoadLimits
from index.source_file import PageLayout
from index.sources.document import ParsedDocument, clean
from index.sources.pdf.pdf_layout import Outline, lay_out
from index.sources.pdf.pdf_page import PrintedPage, PrintedWord
from index.sources.scans import ocr
from index.sources.scans.scan_columns import columns_of

if TYPE_CHECKING:
    from PIL import Image

Boxes: TypeAlias = NDArray[np.float64]

POINTS_PER_INCH = 72
# Sizes are measured in whole pixels. Those within these shares of the usual one are equal to it.
_LOWEST, _HIGHEST = 0.85, 1.18
# In sizes of the letters.
_WIDEST_SPACE = 2.0
_SPACE = 0.5


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """The lines of a page that was recognised, upright and straight, and how it was shown."""

    columns: Sequence[Sequence[ocr.RecognisedLine]]
    """In reading order; in points, as turned and straightened."""
    width: float
    """In points, as turned."""
    height: float
    confidence: float | None
    """The mean probability of its letters; None if none was found."""
    turns: int = 0
    """By how many quarter turns clockwise it was made upright."""
    skew: float = 0.0
    """By how many degrees its lines ran downwards."""

    @property
    def words(self) -> int:
        """The number of its words."""
        return sum(len(line.words) for lines in self.columns for line in lines)

    @property
    def letters(self) -> int:
        """The number of its letters."""
        return sum(line.letters for lines in self.columns for line in lines)


def scan_page(picture: Image.Image, width: float, height: float) -> ScannedPage:
    """Return the words on the picture of a page of this size in points.

    Raises:
        UnreadableFile: The extra ``ocr`` is not installed.
    """
    pixels = np.asarray(picture.convert("RGB"))[..., ::-1]
    turns, found = ocr.recognise_lines(np.ascontiguousarray(pixels))
    lines = ocr.legible(found)
    # Low if no line is legible, so that readers are warned of the page.
    confidence = ocr.confidence(lines or found)
    skew = ocr.skew(lines)
    scale = np.array([width / picture.width, height / picture.height])
    if turns % 2:
        width, height, scale = height, width, scale[::-1]
    turn = _rotation(-skew)
    middle = np.array([width, height]) / 2

    def straight(points: ocr.Points) -> ocr.Points:
        placed: ocr.Points = (points * scale - middle) @ turn.T + middle
        return placed

    lines = [
        replace(
            line,
            corners=straight(line.corners),
            size=line.size * scale[1],
            baseline=straight(line.baseline),
            words=tuple(word._replace(corners=straight(word.corners)) for word in line.words),
        )
        for line in lines
    ]
    return ScannedPage(columns_of(lines), width, height, confidence, turns, skew)


def unread_page(width: float, height: float) -> ScannedPage:
    """Return a page of this size in points whose picture was not read."""
    return ScannedPage((), width, height, 0.0)


def lay_out_pages(
    pages: Sequence[PrintedPage | ScannedPage], outline: Outline, limits: LoadLimits
) -> ParsedDocument:
    """Return the text of pages of which some were recognised, with its structure and places.

    A column of a scan is laid out as a page of its own, as its lines are known to belong together.

    Raises:
        TooLarge: It has more characters than the limit.
    """
    sizes = _even_sizes([page for page in pages if isinstance(page, ScannedPage)])
    parts: list[PrintedPage] = []
    firsts: list[int] = []
    for page in pages:
        firsts.append(len(parts))
        if isinstance(page, ScannedPage):
            columns = page.columns or [()]
            parts += [_printed(lines, sizes, page.width, page.height) for lines in columns]
        else:
            parts.append(page)
    ends = [*firsts[1:], len(parts)]
    of_parts = {
        part + 1: outline[number]
        for number, (first, end) in enumerate(zip(firsts, ends, strict=True), start=1)
        for part in range(first, end)
        if number in outline
    }
    found = lay_out(parts, of_parts, limits)
    layouts = []
    for page, first, end in zip(pages, firsts, ends, strict=True):
        layout = _merged(found.layouts[first:end])
        if isinstance(page, ScannedPage):
            layout = _layout_as_shown(layout, page)
        layouts.append(layout)
    starts = tuple(found.pages[first] for first in firsts)
    return replace(found, pages=starts, layouts=tuple(layouts))


def _even_sizes(pages: Sequence[ScannedPage]) -> dict[float, float]:
    """Return for the size of each line the one that it is laid out with."""
    lines = [line for page in pages for lines in page.columns for line in lines]
    if not lines:
        return {}
    sizes = np.array([line.size for line in lines])
    evened = _evened(sizes, np.array([line.letters for line in lines]))
    return dict(zip(sizes.tolist(), evened.tolist(), strict=True))


def _merged(layouts: Sequence[PageLayout]) -> PageLayout:
    """Return the layout of a page that was laid out in parts, by the place in the text."""
    offsets = np.concatenate([layout.offsets for layout in layouts])
    boxes = np.concatenate([layout.boxes for layout in layouts])
    order = np.argsort(offsets[:, 0], kind="stable")
    packed = offsets[order].astype("<i4").tobytes() + boxes[order].astype("<u2").tobytes()
    return replace(layouts[0], packed=packed)


def _printed(
    lines: Sequence[ocr.RecognisedLine], even: Mapping[float, float], width: float, height: float
) -> PrintedPage:
    parts: list[str] = []
    printed: list[PrintedWord] = []
    length = 0
    for line in lines:
        for word in line.words:
            text = "".join(clean(word.text).split()) or "\N{REPLACEMENT CHARACTER}"
            space = "" if word.is_joined else "\n" if word is line.words[0] else " "
            parts += [space, text]
            length += len(space)
            low, high = word.corners.min(axis=0).tolist(), word.corners.max(axis=0).tolist()
            left = low[0]
            if word is not line.words[0] and left - printed[-1].right < _WIDEST_SPACE * line.size:
                # The spaces of justified lines must not look like gutters.
                excess = max(0.0, left - printed[-1].right - _SPACE * line.size) / 2
                printed[-1] = printed[-1]._replace(right=printed[-1].right + excess)
                left -= excess
            printed.append(
                PrintedWord(
                    length,
                    length + len(text),
                    left,
                    low[1],
                    high[0],
                    high[1],
                    left,
                    float(line.baseline[1]),
                    even[line.size],
                    style=0,
                    direction=0,
                    is_joined=word.is_joined,
                )
            )
            length += len(text)
    return PrintedPage.of(width, height, "".join(parts), printed)


def _evened(sizes: Boxes, lengths: NDArray[np.int64]) -> Boxes:
    """Return sizes with those near to the most frequent one made equal to it, and so on."""
    evened = sizes.copy()
    left = np.ones(len(sizes), np.bool_)
    while left.any():
        order = np.flatnonzero(left)[np.argsort(sizes[left])]
        reach = np.cumsum(lengths[order])
        usual = float(sizes[order[np.searchsorted(reach, reach[-1] / 2)]])
        near = left & (sizes >= _LOWEST * usual) & (sizes <= _HIGHEST * usual)
        evened[near] = usual
        left &= ~near
    return evened


def _layout_as_shown(layout: PageLayout, scan: ScannedPage) -> PageLayout:
    """Return the places of words before the page was turned and straightened."""
    size = np.array([layout.width, layout.height])
    share = layout.boxes / 65_535
    centres = (share[:, :2] + share[:, 2:]) / 2 * size
    halves = (share[:, 2:] - share[:, :2]) / 2 * size
    centres = (centres - size / 2) @ _rotation(scan.skew).T + size / 2
    for _ in range(scan.turns % 4):  # back, one quarter turn at a time
        centres = np.stack([centres[:, 1], size[0] - centres[:, 0]], axis=1)
        halves, size = halves[:, ::-1], size[::-1]
    boxes = np.concatenate([centres - halves, centres + halves], axis=1)
    words = np.concatenate([layout.offsets, boxes], axis=1)
    return PageLayout.of_words(
        float(size[0]), float(size[1]), [tuple(word) for word in words.tolist()], scan.confidence
    )


def _rotation(degrees: float) -> Boxes:
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
