"""Turn the picture of a page into words that are laid out like those of a printed page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from index.source_file import PageLayout
from index.sources import ocr
from index.sources.document import ParsedDocument, clean
from index.sources.pdf_page import PrintedPage

Boxes: TypeAlias = NDArray[np.float64]

POINTS_PER_INCH = 72
# Sizes are measured in whole pixels. Those within these shares of the usual one are equal to it.
_LOWEST, _HIGHEST = 0.85, 1.18


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """The words of a page that was recognised, upright and straight, and how it was shown."""

    page: PrintedPage
    """As turned and straightened."""
    confidence: float | None
    """The mean probability of its letters; None if it has none."""
    turns: int
    """By how many quarter turns clockwise it was made upright."""
    skew: float
    """By how many degrees its lines ran downwards."""


def scan_page(picture: Image.Image, width: float, height: float) -> ScannedPage:
    """Return the words on the picture of a page of this size in points.

    Raises:
        UnreadableFile: The extra ``ocr`` is not installed.
    """
    pixels = np.asarray(picture.convert("RGB"))[..., ::-1]
    turns, lines = ocr.recognise_lines(np.ascontiguousarray(pixels))
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
    return ScannedPage(_printed(lines, width, height), ocr.confidence(lines), turns, skew)


def unread_page(width: float, height: float) -> ScannedPage:
    """Return a page of this size in points whose picture was not read."""
    return ScannedPage(_printed([], width, height), 0.0, 0, 0.0)


def with_even_sizes(pages: Sequence[ScannedPage]) -> list[ScannedPage]:
    """Return the pages of one document with one size for letters of about the same size."""
    if not pages:
        return []
    sizes = np.concatenate([scan.page.sizes for scan in pages])
    lengths = [np.diff(scan.page.spans, axis=1)[:, 0] for scan in pages]
    evened = _evened(sizes, np.concatenate(lengths))
    parts = np.split(evened, np.cumsum([len(scan.page.sizes) for scan in pages])[:-1])
    return [
        replace(scan, page=replace(scan.page, sizes=part))
        for scan, part in zip(pages, parts, strict=True)
    ]


def as_shown(found: ParsedDocument, pages: Sequence[ScannedPage | None]) -> ParsedDocument:
    """Return a document with the places of words on its pages as they are shown.

    ``pages`` has one for each page of the document, None for those that were not recognised.
    """
    layouts = tuple(
        _layout_as_shown(layout, scan) if scan else layout
        for layout, scan in zip(found.layouts, pages, strict=True)
    )
    return replace(found, layouts=layouts)


def _printed(lines: Sequence[ocr.RecognisedLine], width: float, height: float) -> PrintedPage:
    parts: list[str] = []
    spans, boxes, baselines, sizes, joined = [], [], [], [], []
    length = 0
    for line in lines:
        for word in line.words:
            text = "".join(clean(word.text).split()) or "\N{REPLACEMENT CHARACTER}"
            space = "" if word.is_joined else "\n" if word is line.words[0] else " "
            parts += [space, text]
            length += len(space)
            spans.append((length, length + len(text)))
            length += len(text)
            low, high = word.corners.min(axis=0), word.corners.max(axis=0)
            boxes.append((low[0], low[1], high[0], high[1]))
            baselines.append((low[0], line.baseline[1]))
            sizes.append(line.size)
            joined.append(word.is_joined)
    count = len(spans)
    return PrintedPage(
        width,
        height,
        "".join(parts),
        np.array(spans, np.int32).reshape(count, 2),
        np.array(boxes, np.float64).reshape(count, 4),
        np.array(baselines, np.float64).reshape(count, 2),
        np.array(sizes, np.float64),
        np.zeros(count, np.int8),
        np.array(joined, np.bool_),
        np.zeros(count, np.int8),
    )


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
