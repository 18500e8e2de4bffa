"""Divide the lines of a scanned page into columns, by the boxes in which they were found."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.sources.scans.ocr import PlacedWord, RecognisedLine

Boxes: TypeAlias = NDArray[np.float64]

_MIN_LINES = 3
_MAX_DEPTH = 6
# Widths in sizes of the letters: lines of columns, unlike cells of tables, are long.
_MIN_WIDTH = 6.0
_GAP = 0.8
_MAX_CROSSING = 0.25


def columns_of(lines: Sequence[RecognisedLine], depth: int = 0) -> list[list[RecognisedLine]]:
    """Return the lines of straight text in blocks that are read one after the other."""
    cut = _cut(lines) if depth < _MAX_DEPTH else None
    if cut is None:
        return [list(lines)] if lines else []
    pieces = [piece for line in lines for piece in _divided(line, cut)]
    boxes = _boxes(pieces)
    blocks: list[list[RecognisedLine]] = []
    crossing = [at for at in np.argsort(boxes[:, 1]) if boxes[at, 0] < cut < boxes[at, 2]]
    middles = boxes[:, 1::2].mean(axis=1)
    edges = [-np.inf, *(middles[at] for at in crossing), np.inf]
    for number, (top, bottom) in enumerate(pairwise(edges)):
        inside = (middles > top) & (middles < bottom)
        left = [pieces[at] for at in np.flatnonzero(inside & (boxes[:, 2] <= cut))]
        right = [pieces[at] for at in np.flatnonzero(inside & (boxes[:, 0] >= cut))]
        if min(len(left), len(right)) < _MIN_LINES:
            blocks += columns_of(left + right, depth + 1)
        else:
            blocks += columns_of(left, depth + 1) + columns_of(right, depth + 1)
        if number < len(crossing):
            blocks.append([pieces[crossing[number]]])
    return _joined(blocks)


def _cut(lines: Sequence[RecognisedLine]) -> float | None:
    """Return where a gutter between columns is, from the left; None if there is none."""
    if len(lines) < 2 * _MIN_LINES:
        return None
    boxes = _boxes([piece for line in lines for piece in _at_gaps(line)])
    size = float(np.median([line.size for line in lines]))
    best: tuple[int, float, float] | None = None
    for place in np.unique(boxes[:, 2]) + 0.01:
        left, right = boxes[boxes[:, 2] <= place], boxes[boxes[:, 0] >= place]
        if min(len(left), len(right)) < _MIN_LINES:
            continue
        crossing = len(boxes) - len(left) - len(right)
        if crossing > _MAX_CROSSING * len(boxes) or not _are_columns(left, right, size):
            continue
        rank = (crossing, -float(min(len(left), len(right))), float(place))
        best = min(best, rank) if best else rank
    if best is None:
        return None
    place = best[2]
    following = boxes[boxes[:, 0] >= place, 0].min()
    return float((place + following) / 2)


def _are_columns(left: Boxes, right: Boxes, size: float) -> bool:
    """Return whether most lines on either side are long, and the sides beside each other."""
    if min(np.median(side[:, 2] - side[:, 0]) for side in (left, right)) < _MIN_WIDTH * size:
        return False
    top = max(left[:, 1].min(), right[:, 1].min())
    bottom = min(left[:, 3].max(), right[:, 3].max())
    beside = [((side[:, 3] > top) & (side[:, 1] < bottom)).sum() for side in (left, right)]
    return bool(min(beside) >= _MIN_LINES)


def _divided(line: RecognisedLine, place: float) -> list[RecognisedLine]:
    """Return a line that was found across a gutter in two, others as they are."""
    pieces = _at_gaps(line)
    left = [word for one in pieces for word in one.words if _extent([word])[2] <= place]
    right = [word for one in pieces for word in one.words if _extent([word])[0] >= place]
    are_apart = bool(left and right) and (
        _extent(right)[0] - _extent(left)[2] >= _GAP * line.size
        and len(left) + len(right) == len(line.words)
    )
    return [_part(line, left), _part(line, right)] if are_apart else [line]


def _at_gaps(line: RecognisedLine) -> list[RecognisedLine]:
    """Return a line divided at its wide gaps."""
    parts: list[list[PlacedWord]] = []
    for word in line.words:
        if not parts or _extent([word])[0] - _extent(parts[-1])[2] >= _GAP * line.size:
            parts.append([])
        parts[-1].append(word)
    return [_part(line, words) for words in parts]


def _part(line: RecognisedLine, words: Sequence[PlacedWord]) -> RecognisedLine:
    if len(words) == len(line.words):
        return line
    return RecognisedLine(tuple(words), line.score, line.corners, line.size, line.baseline)


def _extent(words: Sequence[PlacedWord]) -> tuple[float, float, float, float]:
    corners = np.concatenate([word.corners for word in words])
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _boxes(lines: Sequence[RecognisedLine]) -> Boxes:
    return np.array([_extent(line.words) for line in lines], np.float64).reshape(-1, 4)


def _joined(blocks: Sequence[list[RecognisedLine]]) -> list[list[RecognisedLine]]:
    """Return the blocks, short ones joined with the short ones before them."""
    joined: list[list[RecognisedLine]] = []
    for block in blocks:
        if joined and max(len(joined[-1]), len(block)) < _MIN_LINES:
            joined[-1] = joined[-1] + block
        elif block:
            joined.append(block)
    return joined
