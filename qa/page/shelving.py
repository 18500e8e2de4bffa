"""What a visitor does on the shelf: choose, open, rename, remove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from qa.library import Library
from qa.page.problems import sentence
from qa.page.shelf import START, Action, View

GONE = "Somebody removed this article meanwhile."


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


def acted(library: Library, view: View, request: Request) -> View:
    """Do what was asked for, in the library or in this visitor's view, and return the view.

    What goes wrong is a sentence in the view.
    """
    ids = {article.id for article in library.catalogue()}
    action = request.action
    if action is not None:
        view = replace(view, left_out=request.left_out & ids)
    if action is Action.ALL or action is Action.NONE:
        return replace(view, left_out=frozenset(ids if action is Action.NONE else ()))
    if action is None or action is Action.CHOOSE:
        return view
    if request.article_id not in ids:
        return replace(view.settled(), problem=GONE)
    return _acted_on(library, view, request, action)


def _acted_on(library: Library, view: View, request: Request, action: Action) -> View:
    article_id = request.article_id
    if action is Action.OPEN:
        return view.settled(article_id).showing(article_id, land=START)
    if action in (Action.RENAME, Action.REMOVE):
        return replace(view.settled(), edited=article_id, editing=action)
    if action is Action.CANCEL:
        return view.settled(article_id)
    return _changed(library, view, request)


def _changed(library: Library, view: View, request: Request) -> View:
    try:
        if request.action is Action.SAVE:
            library.rename(request.article_id, request.title)
            return view.settled(request.article_id)
        library.remove(request.article_id)
    except Exception as error:
        return replace(view, problem=sentence(error))
    left = [article.id for article in library.catalogue()]
    return view.settled(left[0] if left else "")
