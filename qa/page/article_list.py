"""The list of articles, and what a visitor can do with them."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Any, Self

from index.types import MAX_TITLE_CHARS, ArticleInfo
from qa.output.error_messages import error_message
from qa.page.messages import render
from qa.page.reading_time import minutes_of_reading, reading_time
from qa.page.undo import Removal, Removals
from qa.page.view import Order, View
from qa.visitors.caller_qa import CallerQA
from qa.visitors.tags import MAX_TAG_CHARS, MAX_TAGS, checked_tags

IN_MEMORY = "Articles are kept in memory only. To keep them, start the page with --library FOLDER."
ON_DISK = "Articles are saved on disk. Everyone who uses this page sees them."
OWN_SHELF = "Only you see the articles that you add, unless you share them."
# Where the panel may scroll to, besides the id of a place: an edge of the shown part.
START, END = "start", "end"
LONG_LIST = 12
"""From how many articles the list can be searched and sorted."""
_MAX_TAGS_TYPED = MAX_TAGS * (MAX_TAG_CHARS + 2)
ALREADY_REMOVED = "Somebody else has removed this article."
_NUMBER = re.compile(r"[0-9]+")
_DIGITS_COMPARED = 20
_MEGABYTE_SHOWN = 950_000
UNDO_TOO_LATE = "It is too late to undo this. To get the article back, add it again."


class Action(StrEnum):
    """What can be done in the list, by the names that the browser sends."""

    CHOOSE = "choose"
    SORT = "sort"
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
    tags: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Return the list of articles.

    Args:
        articles: The articles.
        view: What the visitor has chosen.
        undoable: The removals that can be undone, each with the seconds left.
        is_saved: Whether the articles outlive the program.
        fixed: The ids of those that the visitor may neither rename nor remove.
        is_own: Whether the visitor has a shelf of their own.
        tags: The tags of those that have any, by their ids.
    """
    tags = tags or {}
    return render(
        "shelf.html",
        articles=in_order(articles, view.order),
        orders=Order,
        is_long=len(articles) >= LONG_LIST,
        tags=tags,
        all_tags=_counted(tags.get(article.id, ()) for article in articles),
        view=view,
        open_id=view.open_id(articles),
        details=_details,
        undoable=[(removal, math.ceil(seconds)) for removal, seconds in undoable],
        max_title=MAX_TITLE_CHARS,
        max_tags=_MAX_TAGS_TYPED,
        fixed=fixed,
        storage=_storage(articles, OWN_SHELF if is_own else ON_DISK if is_saved else IN_MEMORY),
    )


def in_order(articles: Sequence[ArticleInfo], order: Order) -> list[ArticleInfo]:
    """Return the articles, which are in the order of addition, in another order."""
    if order is Order.NEWEST:
        return list(reversed(articles))
    if order is Order.TITLE:
        return sorted(articles, key=_title_key)
    if order in {Order.SHORTEST, Order.LONGEST}:
        return sorted(articles, key=minutes_of_reading, reverse=order is Order.LONGEST)
    return list(articles)


def _title_key(article: ArticleInfo) -> str:
    """Return by what titles are sorted: without accents and case, and numbers by their value."""
    letters = unicodedata.normalize("NFKD", article.title).casefold()
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    return _NUMBER.sub(lambda number: number[0].zfill(_DIGITS_COMPARED), plain)


def _counted(tags: Iterable[Sequence[str]]) -> list[tuple[str, int]]:
    """Return each tag with the number of its articles; case makes no difference."""
    spelled: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for tag in chain.from_iterable(tags):
        spelled.setdefault(tag.lower(), tag)
        counts[tag.lower()] += 1
    return [(spelled[tag], count) for tag, count in sorted(counts.items())]


def _details(article: ArticleInfo) -> tuple[str, str]:
    """Return how long it is, and what else is known of it.

    Such as ``25 min`` and ``· 12 pages · 2026-11-25 · report.pdf · 2.1 MB``.
    """
    pages = f"{article.pages:,} page{'s' if article.pages > 1 else ''}" if article.pages else ""
    added = (article.added_at or "")[:10]
    known = filter(None, (pages, added, article.source, _size(article.file_bytes)))
    return reading_time(article), " ".join(f"· {each}" for each in known)


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
    tags: tuple[str, ...] = ()
    order: Order = Order.OLDEST
    unselected: frozenset[str] = frozenset()

    @classmethod
    def of(cls, data: object) -> Self:
        """Return the event in the data of a Gradio event; invalid values become empty ones."""
        values: Mapping[str, Any] = data if isinstance(data, dict) else {}
        name = str(values.get("action", ""))
        unticked, order = values.get("unselected"), str(values.get("order", ""))
        tags = str(values.get("tags", ""))[: 2 * _MAX_TAGS_TYPED].split(",")
        return cls(
            action=Action(name) if name in set(Action) else None,
            article_id=str(values.get("id", "")),
            title=str(values.get("title", "")),
            tags=tuple(tag for tag in tags if tag.strip()),
            order=Order(order) if order in set(Order) else Order.OLDEST,
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
    # What is hidden keeps its tick, for when its removal is undone.
    unselected = (event.unselected & titles.keys()) | (view.unselected & view.hidden)
    view = replace(view, unselected=unselected, unselected_shown=unselected)
    if action in {Action.CHOOSE, Action.SORT}:
        return replace(view, order=event.order) if action is Action.SORT else view
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
            _save(library, event)
        except Exception as error:
            return replace(view, problem=error_message(error))
    return view.without_form(article_id)


def _save(library: CallerQA, event: ShelfEvent) -> None:
    """Store the title and the tags in a form; an error in the tags changes neither."""
    tags = checked_tags(event.tags)
    library.rename(event.article_id, event.title)
    if set(tags) != set(library.tags().get(event.article_id, ())):
        library.tags_to_change(event.article_id).set(event.article_id, tags)


def _undo_removal(library: CallerQA, removals: Removals, view: View, article_id: str) -> View:
    """Return the view with an article restored that this visitor removed just now."""
    removal = next((r for r in view.removals if r.article_id == article_id), None)
    if removal is None or not removals.undo(removal):
        return replace(view.without_form(), problem=UNDO_TOO_LATE)
    view = replace(view, removals=tuple(r for r in view.removals if r is not removal))
    if article_id not in library.titles([article_id]):
        return replace(view.without_form(), problem=ALREADY_REMOVED)
    return view.without_form(article_id)
