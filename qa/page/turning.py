"""What a visitor does in the article: follow a link to its place, turn to the next part."""

from __future__ import annotations

from dataclasses import replace

from qa.library import Library
from qa.page.marked import place_of
from qa.page.sheet import LEAVES, last_leaf
from qa.page.shelf import END, START, View, opened
from qa.page.shelving import GONE


def followed(library: Library, view: View, data: object) -> View:
    """Return the view at the place that a link names; that there is none is told in it.

    ``data`` is what the browser says; anything at all may be in it.
    """
    place = place_of(_value(data, "place"))
    ids = [info.id for info in view.listed(library.catalogue())]
    article_id = next((id_ for id_ in ids if place and id_.startswith(place.article)), None)
    if place is None or article_id is None:
        return replace(view.settled(), problem=GONE)
    return view.settled().showing(article_id, start=place.start, land=place.name)


def turned(library: Library, view: View, data: object) -> View:
    """Return the view with what comes before or after; it is read on from the near end."""
    articles = view.listed(library.catalogue())
    open_id = opened(view.article_id, articles)
    length = next((info.characters for info in articles if info.id == open_id), 0)
    if _value(data, "to") == "before":
        return replace(view, leaf=max(0, view.leaf - LEAVES), land=END)
    return replace(view, leaf=min(view.leaf + LEAVES, last_leaf(length)), land=START)


def _value(data: object, name: str) -> str:
    return str(data.get(name, "")) if isinstance(data, dict) else ""
