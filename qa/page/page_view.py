"""What the browser needs to show an article's pages as printed, with the cited words boxed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence

from index.source_file import DOUBTFUL, PageShape
from index.types import Article, Span
from qa.output.places import Highlight
from qa.output.printed_pages import Box, PrintedPages
from qa.page.messages import render

MAX_PLACES = 400
"""The places of a long conversation whose boxes are sent, the newest."""

_DIGITS = 4


def page_view_html() -> str:
    """Return the choice between the two views, and the frame of the pages, which a script fills."""
    return render("pages.html")


def printed_html(printed: PrintedPages, article: Article, marks: Sequence[Highlight]) -> str:
    """Return the hidden element that describes an article's pages; empty if it has none to show.

    Its JSON has the sizes of the pages, and the boxes of the marked places alone.
    """
    shapes = printed.shapes(article.id)
    if not shapes:
        return ""
    places = _places(article.id, marks)
    spans = [Span(mark.start, mark.end) for mark in places]
    values = {
        "id": article.id,
        "version": printed.version(article.id),
        "title": article.title,
        "sizes": _runs(shapes),
        "bad": round(100 * DOUBTFUL),
        "places": {
            mark.id: _place(article, mark, boxes)
            for mark, boxes in zip(places, printed.boxes_of(article, spans), strict=True)
        },
    }
    return render("printed.html", values=json.dumps(values, separators=(",", ":")))


def _places(article_id: str, marks: Sequence[Highlight]) -> list[Highlight]:
    """Return one mark for each place; a citation is preferred to a retrieved passage."""
    best: dict[str, Highlight] = {}
    for mark in marks:
        if mark.article_id == article_id and (
            mark.id not in best or _weight(mark) >= _weight(best[mark.id])
        ):
            best.pop(mark.id, None)
            best[mark.id] = mark
    return list(best.values())[-MAX_PLACES:]


def _weight(mark: Highlight) -> tuple[bool, bool, bool]:
    return (mark.cited, not mark.found, mark.number > 0)


def _place(article: Article, mark: Highlight, boxes: Sequence[Box]) -> dict[str, object]:
    return {
        "kind": "found" if mark.found else "near" if not mark.cited else "cited",
        "number": mark.number if mark.cited else 0,
        "page": boxes[0].page if boxes else article.page_of(mark.start) or 1,
        "boxes": [_percent(box) for box in boxes],
    }


def _percent(box: Box) -> list[float]:
    """Return page, left, top, width and height of a box; all but the page in percent."""
    sides = (box.left, box.top, box.right - box.left, box.bottom - box.top)
    return [box.page, *(round(100 * side, _DIGITS - 2) for side in sides)]


def _runs(shapes: Iterable[PageShape]) -> list[list[float | None]]:
    """Return width, height, confidence in percent, and number of pages, for pages in succession."""
    return [
        [*shape, len(list(same))]
        for shape, same in itertools.groupby(
            (
                round(shape.width, 1),
                round(shape.height, 1),
                None if shape.confidence is None else round(100 * shape.confidence),
            )
            for shape in shapes
        )
    ]
