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
_GAP_AT_GUTTER = 0.4  # A gap is half the blank between two words.
_MAX_CROSSING = 0.25
# For columns on a part of a page only.
_MIN_FULL_LINES = 6
_FULL = 0.8
_WIDE = 0.6  # of the width of the text


def columns_of(lines: Sequence[RecognisedLine], depth: int = 0) -> list[list[RecognisedLine]]:
    """Return the lines of straight text in blocks that are read one after the other."""
    cut = _cut(lines) if depth < _MAX_DEPTH else None
    if cut is None:
        parts = _around_columns(lines) if depth < _MAX_DEPTH else ()
        if parts:
            return [block for part in parts for block in columns_of(part, depth + 1)]
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


def _around_columns(lines: Sequence[RecognisedLine]) -> Sequence[list[RecognisedLine]]:
    """Return the lines above, in and below columns between lines of full width; () if none are."""
    if len(lines) < 2 * _MIN_FULL_LINES:
        return ()
    boxes = _boxes(lines)
    middles = boxes[:, 1::2].mean(axis=1)
    width = boxes[:, 2].max() - boxes[:, 0].min()
    is_wide = boxes[:, 2] - boxes[:, 0] > _WIDE * width
    edges = [-np.inf, *np.sort(middles[is_wide]), np.inf]
    stretches = [(middles > top) & (middles < bottom) for top, bottom in pairwise(edges)]
    within = max(stretches, key=np.count_nonzero)
    place = _cut([lines[int(at)] for at in np.flatnonzero(within)])
    if place is None:
        return ()
    sides = [within & (boxes[:, 2] <= place), within & (boxes[:, 0] >= place)]
    if not all(_are_full(boxes[side]) for side in sides):
        return ()
    is_above, is_below = middles < middles[within].min(), middles > middles[within].max()
    # One or two lines above or below only one column end or begin what is around them.
    at_head = within & (boxes[:, 3] < max(boxes[side, 1].min() for side in sides))
    at_foot = within & (boxes[:, 1] > min(boxes[side, 3].max() for side in sides))
    if at_head.sum() < _MIN_LINES and is_above.any():
        is_above |= at_head
    if at_foot.sum() < _MIN_LINES and is_below.any():
        is_below |= at_foot
    return [
        [lines[int(at)] for at in np.flatnonzero(chosen)]
        for chosen in (is_above, within & ~is_above & ~is_below, is_below)
    ]


def _are_full(column: Boxes) -> bool:
    """Return whether most lines reach the right edge, unlike the cells of a table."""
    widths = column[:, 2] - column[:, 0]
    return len(column) >= _MIN_FULL_LINES and bool(np.median(widths) > _FULL * widths.max())


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
        _extent(right)[0] - _extent(left)[2] >= _GAP_AT_GUTTER * line.size
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
