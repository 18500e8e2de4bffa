"""What a visitor does on the shelf: choose, open, rename, remove, and undo a removal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from qa.library import Library
from qa.page.problems import sentence
from qa.page.shelf import START, Action, View
from qa.page.undoing import Removals

GONE = "Somebody removed this article meanwhile."
TOO_LATE = (
    "It is too late to undo this: the article has been removed. Add it again to have it back."
)


@dataclass(frozen=True, slots=True)
class Request:
    """What the browser says was pressed. Anything at all may be in it."""

    action: Action | None
    article_id: str = ""
    title: str = ""
    left_out: frozenset[str] = frozenset()

    @classmethod
    def of(cls, data: object) -> Self:
        """Return the request in an event's data, with what is not as it should be left out."""
        known: Mapping[str, Any] = data if isinstance(data, dict) else {}
        name = str(known.get("action", ""))
        boxes = known.get("left_out")
        return cls(
            action=Action(name) if name in set(Action) else None,
            article_id=str(known.get("id", "")),
            title=str(known.get("title", "")),
            left_out=frozenset(map(str, boxes)) if isinstance(boxes, list) else frozenset(),
        )


def acted(library: Library, removals: Removals, view: View, request: Request) -> View:
    """Do what was asked for, in the library or in this visitor's view, and return the view.

    What goes wrong is a sentence in the view.
    """
    titles = {article.id: article.title for article in view.listed(library.catalogue())}
    action = request.action
    if action is not None:
        kept = view.left_out & view.hidden  # for when they are brought back
        view = replace(view, left_out=(request.left_out & titles.keys()) | kept)
    if action is Action.ALL or action is Action.NONE:
        return replace(view, left_out=frozenset(titles if action is Action.NONE else ()))
    if action is None or action is Action.CHOOSE:
        return view
    if action is Action.UNDO:
        return _undone(library, removals, view, request.article_id)
    if request.article_id not in titles:
        return replace(view.settled(), problem=GONE)
    if action is Action.REMOVE:
        removal = removals.begin(request.article_id, titles[request.article_id])
        view = view.settled(request.article_id)
        return replace(view, removals=(*view.removals, removal))
    return _acted_on(library, view, request, action)


def _acted_on(library: Library, view: View, request: Request, action: Action) -> View:
    article_id = request.article_id
    if action is Action.OPEN:
        return view.settled(article_id).showing(article_id, land=START)
    if action is Action.RENAME:
        return replace(view.settled(), edited=article_id)
    if action is Action.SAVE:
        try:
            library.rename(article_id, request.title)
        except Exception as error:
            return replace(view, problem=sentence(error))
    return view.settled(article_id)


def _undone(library: Library, removals: Removals, view: View, article_id: str) -> View:
    """Return the view with an article back that this visitor removed just now."""
    removal = next((r for r in view.removals if r.article_id == article_id), None)
    if removal is None or not removals.undo(removal):
        return replace(view.settled(), problem=TOO_LATE)
    view = replace(view, removals=tuple(r for r in view.removals if r is not removal))
    if article_id not in library.titles():
        return replace(view.settled(), problem=GONE)
    return view.settled(article_id)
