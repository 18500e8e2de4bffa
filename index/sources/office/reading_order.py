"""Order the boxes of a page as they are read: from top to bottom, then from left to right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

_T = TypeVar("_T")
_MAX_CUTS = 30
# Boxes that overlap by less of their own size are beside or below each other.
_SLACK = 0.2


class Box(NamedTuple):
    """Where something is on a page, in any unit, from the upper left corner."""

    left: float = 0.0
    top: float = 0.0
    width: float = 0.0
    height: float = 0.0


def reading_order(items: Sequence[_T], box_of: Callable[[_T], Box]) -> list[_T]:
    """Return items in reading order.

    A page is cut where a straight line crosses no box: across into bands, each of these into
    columns, and so on (recursive XY-cut, Nagy and Seth 1984).
    """
    ordered: list[_T] = []
    waiting: list[tuple[list[_T], bool, int]] = [(list(items), True, 0)]
    while waiting:
        group, across, depth = waiting.pop()
        parts = _cut(group, box_of, across=across) if depth < _MAX_CUTS else [group]
        if len(parts) == 1:
            # Neither cut helps if this one was preceded by the other in vain.
            other = _cut(group, box_of, across=not across) if depth < _MAX_CUTS else [group]
            if len(other) == 1:
                ordered += sorted(group, key=lambda item: box_of(item)[1::-1])
                continue
            parts, across = other, not across
        waiting += [(part, not across, depth + 1) for part in reversed(parts)]
    return ordered


def _cut(group: list[_T], box_of: Callable[[_T], Box], *, across: bool) -> list[list[_T]]:
    """Return the bands of a group, or its columns if ``across`` is False."""

    def extent(item: _T) -> tuple[float, float]:
        box = box_of(item)
        start, size = (box.top, box.height) if across else (box.left, box.width)
        return start + _SLACK / 2 * size, start + (1 - _SLACK / 2) * size

    parts: list[list[_T]] = []
    end = 0.0
    for item in sorted(group, key=extent):
        start, item_end = extent(item)
        if parts and start < end:
            parts[-1].append(item)
            end = max(end, item_end)
        else:
            parts.append([item])
            end = item_end
    return parts
