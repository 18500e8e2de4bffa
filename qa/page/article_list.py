"""The list of articles, and what a visitor can do with them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from index.types import MAX_TITLE_CHARS, ArticleInfo
from qa.output.error_messages import error_message
from qa.page.messages import render
from qa.page.undo import Removal, Removals
from qa.page.view import View
from qa.visitors.caller_qa import CallerQA

IN_MEMORY = "Articles are kept in memory only. To keep them, start the page with --library FOLDER."
ON_DISK = "Articles are saved on disk. Everyone who uses this page sees them."
OWN_SHELF = "Only you see the articles that you add, unless you share them."
# Where the panel may scroll to, besides the id of a place: an edge of the shown part.
START, END = "start", "end"
ALREADY_REMOVED = "Somebody else has removed this article."
_MEGABYTE_SHOWN = 950_000
UNDO_TOO_LATE = "It is too late to undo this. To get the article back, add it again."


class Action(StrEnum):
    """What can be done in the list, by the names that the browser sends."""

    CHOOSE = "choose"
    ALL = "all"
    NONE = "none"
    OPEN = "open"
    RENAME = "rename"
    SAVE = "save"
    REMOVE = "remove"
    UNDO = "undo"
    CANCEL = "cancel"


def digest(html: str) -> str:
    """Return a short hash of ``html``, to recognise it later without keeping it."""
    return hashlib.sha256(html.encode("utf-8", "replace")).hexdigest()[:16]


def article_list_html(  # noqa: PLR0913 - one for each thing that the list depends on
    articles: Sequence[ArticleInfo],
    view: View,
    undoable: Sequence[tuple[Removal, float]] = (),
    *,
    is_saved: bool,
    fixed: Collection[str] = (),
    is_own: bool = False,
) -> str:
    """Return the list of articles.

    Args:
        articles: The articles.
        view: What the visitor has chosen.
        undoable: The removals that can be undone, each with the seconds left.
        is_saved: Whether the articles outlive the program.
        fixed: The ids of those that the visitor may neither rename nor remove.
        is_own: Whether the visitor has a shelf of their own.
    """
    return render(
        "shelf.html",
        articles=articles,
        view=view,
        open_id=view.open_id(articles),
        details=_details,
        undoable=[(removal, math.ceil(seconds)) for removal, seconds in undoable],
        max_title=MAX_TITLE_CHARS,
        fixed=fixed,
        storage=_storage(articles, OWN_SHELF if is_own else ON_DISK if is_saved else IN_MEMORY),
    )


def _details(article: ArticleInfo) -> str:
    """Return what is known of it: ``added 2026-11-25 · report.pdf · 12 pages · 2.1 MB``."""
    added = f"added {article.added_at[:10]}" if article.added_at else ""
    length = f"{article.characters:,} characters"
    if article.pages:
        length = f"{article.pages:,} page{'s' if article.pages > 1 else ''}"
    return " · ".join(filter(None, (added, article.source, length, _size(article.file_bytes))))


def _size(size: int) -> str:
    """Return the size of a file that is kept, in words; empty if none is."""
    if not size:
        return ""
    return f"{size / 1e6:,.1f} MB" if size >= _MEGABYTE_SHOWN else f"{max(1, round(size / 1e3))} kB"


def _storage(articles: Sequence[ArticleInfo], where: str) -> str:
    """Return where the articles are, and how much room their files take."""
    total = _size(sum(article.file_bytes for article in articles))
    kept = f" The files kept with them take {total}." if total else ""
    return where + kept


@dataclass(frozen=True, slots=True)
class ShelfEvent:
    """A click or a submitted form in the list, as the browser sends it; it may say anything."""

    action: Action | None
    article_id: str = ""
    title: str = ""
    unselected: frozenset[str] = frozenset()

    @classmethod
    def of(cls, data: object) -> Self:
        """Return the event in the data of a Gradio event; invalid values become empty ones."""
        values: Mapping[str, Any] = data if isinstance(data, dict) else {}
        name = str(values.get("action", ""))
        unticked = values.get("unselected")
        return cls(
            action=Action(name) if name in set(Action) else None,
            article_id=str(values.get("id", "")),
            title=str(values.get("title", "")),
            unselected=frozenset(map(str, unticked)) if isinstance(unticked, list) else frozenset(),
        )


def apply_action(library: CallerQA, removals: Removals, view: View, event: ShelfEvent) -> View:
    """Change the library or this visitor's view as asked, and return the view.

    An error becomes a message in the view.
    """
    action, article_id = event.action, event.article_id
    if action is None:
        return view
    titles = {article.id: article.title for article in view.visible(library.catalogue())}
    unselected = {
        Action.ALL: frozenset(),
        Action.NONE: frozenset(titles),
    }.get(action, event.unselected & titles.keys())
    # What is hidden keeps its tick, for when its removal is undone.
    view = replace(view, unselected=unselected | (view.unselected & view.hidden))
    if action in {Action.CHOOSE, Action.ALL, Action.NONE}:
        return view
    if action is Action.UNDO:
        return _undo_removal(library, removals, view, article_id)
    if article_id not in titles:
        return replace(view.without_form(), problem=ALREADY_REMOVED)
    if action is Action.REMOVE:
        removal = removals.begin(article_id, titles[article_id])
        return replace(view.without_form(article_id), removals=(*view.removals, removal))
    return _change_article(library, view, event, action)


def _change_article(library: CallerQA, view: View, event: ShelfEvent, action: Action) -> View:
    article_id = event.article_id
    if action is Action.OPEN:
        return view.without_form(article_id).showing(article_id, target=START)
    if action is Action.RENAME:
        return replace(view.without_form(), renaming=article_id)
    if action is Action.SAVE:
        try:
            library.rename(article_id, event.title)
        except Exception as error:
            return replace(view, problem=error_message(error))
    return view.without_form(article_id)


def _undo_removal(library: CallerQA, removals: Removals, view: View, article_id: str) -> View:
    """Return the view with an article restored that this visitor removed just now."""
    removal = next((r for r in view.removals if r.article_id == article_id), None)
    if removal is None or not removals.undo(removal):
        return replace(view.without_form(), problem=UNDO_TOO_LATE)
    view = replace(view, removals=tuple(r for r in view.removals if r is not removal))
    if article_id not in library.titles():
        return replace(view.without_form(), problem=ALREADY_REMOVED)
    return view.without_form(article_id)
