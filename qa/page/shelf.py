"""The list of articles, and the actions on it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from index.types import MAX_TITLE_CHARS, ArticleInfo
from qa.article_qa import ArticleQA
from qa.page.assets import render
from qa.page.messages import sentence
from qa.page.undo import Removal, Removals
from qa.page.view import View

IN_MEMORY = "Kept in memory only. To keep them, use --library FOLDER."
ON_DISK = "Kept on disk. Everyone who uses this page sees them."
# Where to land in the panel, besides the id of a place: at an edge of what is shown.
START, END = "start", "end"


class Action(StrEnum):
    """What can be done on the shelf, by the names that the browser sends."""

    CHOOSE = "choose"
    ALL = "all"
    NONE = "none"
    OPEN = "open"
    RENAME = "rename"
    SAVE = "save"
    REMOVE = "remove"
    UNDO = "undo"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class _Row:
    """An article as the list shows it."""

    id: str
    title: str
    facts: str
    is_open: bool
    is_asked: bool
    is_edited: bool
    is_focused: bool

    @classmethod
    def of(cls, article: ArticleInfo, view: View, *, is_open: bool) -> Self:
        return cls(
            id=article.id,
            title=article.title,
            facts=_facts(article),
            is_open=is_open,
            is_asked=article.id not in view.left_out,
            is_edited=article.id == view.edited,
            is_focused=article.id == view.focused,
        )


@dataclass(frozen=True, slots=True)
class _Undo:
    """A removal that can be undone; the script takes it away when ``seconds`` are over."""

    article_id: str
    number: int
    title: str
    seconds: int
    is_focused: bool

    @classmethod
    def of(cls, removal: Removal, left: float, view: View) -> Self:
        is_focused = removal.article_id == view.focused
        return cls(removal.article_id, removal.number, removal.title, math.ceil(left), is_focused)


def digest(html: str) -> str:
    """Return a short name of ``html``, to know it again without keeping it."""
    return hashlib.sha256(html.encode("utf-8", "replace")).hexdigest()[:16]


def shelf_html(
    articles: Sequence[ArticleInfo],
    view: View,
    undoable: Sequence[tuple[Removal, float]] = (),
    *,
    lasts: bool,
) -> str:
    """Return the list of articles.

    ``undoable`` are the removals that can be undone, with the seconds left for each; ``lasts``
    says whether the articles outlive the program.
    """
    open_id = opened(view.article_id, articles)
    return render(
        "shelf.html",
        rows=[_Row.of(article, view, is_open=article.id == open_id) for article in articles],
        removals=[_Undo.of(removal, left, view) for removal, left in undoable],
        is_editing=bool(view.edited),
        problem=view.problem,
        max_title=MAX_TITLE_CHARS,
        where=ON_DISK if lasts else IN_MEMORY,
    )


def opened(article_id: str, articles: Collection[ArticleInfo]) -> str:
    """Return the id of the article to show: the wanted one, or the first if it is gone."""
    ids = [article.id for article in articles]
    return article_id if article_id in ids else next(iter(ids), "")


def _facts(article: ArticleInfo) -> str:
    """Return date, source and length: ``added 2026-11-25 · report.pdf · 12 pages``."""
    added = f"added {article.added_at[:10]}" if article.added_at else ""
    length = f"{article.characters:,} characters"
    if article.pages:
        length = f"{article.pages:,} page{'s' if article.pages > 1 else ''}"
    return " · ".join(filter(None, (added, article.source, length)))


GONE = "Somebody else has removed this article."
TOO_LATE = "It is too late to undo this. To get the article back, add it again."


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


def acted(library: ArticleQA, removals: Removals, view: View, request: Request) -> View:
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


def _acted_on(library: ArticleQA, view: View, request: Request, action: Action) -> View:
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


def _undone(library: ArticleQA, removals: Removals, view: View, article_id: str) -> View:
    """Return the view with an article back that this visitor removed just now."""
    removal = next((r for r in view.removals if r.article_id == article_id), None)
    if removal is None or not removals.undo(removal):
        return replace(view.settled(), problem=TOO_LATE)
    view = replace(view, removals=tuple(r for r in view.removals if r is not removal))
    if article_id not in library.titles():
        return replace(view.settled(), problem=GONE)
    return view.settled(article_id)
