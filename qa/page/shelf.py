"""The list of articles as HTML, and what a visitor does with it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from index.types import MAX_TITLE_CHARS, ArticleInfo
from qa.library import Library
from qa.output.escape import escape_html
from qa.page.arrival import WHEN_ARRIVED
from qa.page.messages import sentence
from qa.page.undo import Removal, Removals
from qa.page.view import View

IN_MEMORY = (
    "Kept in memory until the program ends. Start it with --library and a folder to keep them."
)
ON_DISK = "Kept on disk. Everyone who uses this page sees the same articles."
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
    rows = "".join(_row(article, view, is_open=article.id == open_id) for article in articles)
    where = ON_DISK if lasts else IN_MEMORY
    return (
        '<section class="shelf" aria-labelledby="shelf-title">'
        f'<h2 id="shelf-title">Articles</h2>{_choices(articles)}{_removed(undoable, view)}'
        f"<ul>{rows}</ul>{'' if view.edited else _problem(view)}"
        f'<p class="where">{where}</p></section>'
    )


def opened(article_id: str, articles: Collection[ArticleInfo]) -> str:
    """Return the id of the article to show: the wanted one, or the first if it is gone."""
    ids = [article.id for article in articles]
    return article_id if article_id in ids else next(iter(ids), "")


def _choices(articles: Sequence[ArticleInfo]) -> str:
    if len(articles) < 2:  # noqa: PLR2004 - there is nothing to choose
        return ""
    return (
        '<p class="choices">Ask <button type="button" data-do="all" aria-label="Ask all articles">'
        'all</button> <button type="button" data-do="none" aria-label="Ask no article">none'
        "</button></p>"
    )


def _removed(undoable: Sequence[tuple[Removal, float]], view: View) -> str:
    """Return what was removed and can be brought back; the script takes it away in time."""
    lines = ""
    for removal, left in undoable:
        title = escape_html(removal.title)
        focus = " data-focus" if view.focused == removal.article_id else ""
        lines += (
            f'<p data-id="{removal.article_id}" data-removal="{removal.number}" '
            f'data-left="{math.ceil(left)}">Removed “{title}”. '
            f'<button type="button" data-do="undo" aria-label="Undo: bring {title} back"{focus}>'
            "Undo</button></p>"
        )
    return f'<div class="removed" role="status">{lines}</div>'


def _row(article: ArticleInfo, view: View, *, is_open: bool) -> str:
    title = escape_html(article.title)
    focus = " data-focus" if view.focused == article.id else ""
    checked = "" if article.id in view.left_out else " checked"
    current = ' aria-current="true"' if is_open else ""
    return (
        f'<li data-id="{article.id}"{current}><input type="checkbox" data-do="choose" '
        f'aria-label="Ask {title}"{checked}><div>'
        f'<button type="button" class="title" data-do="open" dir="auto"{current}{focus}>{title}'
        f'</button><p class="where">{escape_html(_facts(article))}</p>{_editing(article, view)}'
        "</div></li>"
    )


def _problem(view: View) -> str:
    return f'<p class="wrong" role="alert">{escape_html(view.problem)}</p>' if view.problem else ""


def _facts(article: ArticleInfo) -> str:
    """Return source, length and date in words: ``report.pdf · 12 pages · 2026-11-25``."""
    facts = [article.source or "", f"{article.characters:,} characters"]
    if article.pages:
        facts.append(f"{article.pages:,} page{'s' if article.pages > 1 else ''}")
    facts.append((article.added_at or "")[:10])
    return " · ".join(filter(None, facts))


def _editing(article: ArticleInfo, view: View) -> str:
    """Return the buttons of a row, or the step that one of them has led to."""
    title = escape_html(article.title)
    if view.edited != article.id:
        return (
            f'<p class="edit"><button type="button" data-do="rename" aria-label="Rename {title}">'
            f'Rename</button> <button type="button" data-do="remove" aria-label="Remove {title}">'
            "Remove</button></p>"
        )
    return (
        f'<form data-do="save"><label>New title<input name="title" value="{title}" '
        f'maxlength="{MAX_TITLE_CHARS}" autocomplete="off" data-focus></label>{_problem(view)}'
        '<p class="edit"><button type="submit">Save</button> '
        '<button type="button" data-do="cancel">Cancel</button></p></form>'
    )


# Tells the server what was pressed. The list of boxes goes along whole, so that two quick
# clicks cannot undo one another.
SHELF_SCRIPT = (
    """
const send = async (source, title) => {
  window.shelfPending = (window.shelfPending || 0) + 1;
  const pressed = {
    action: source.dataset.do,
    id: source.closest('[data-id]')?.dataset.id || '',
    title: title || '',
    left_out: [...element.querySelectorAll('input[type=checkbox]:not(:checked)')]
      .map(box => box.closest('li').dataset.id),
  };
"""
    + WHEN_ARRIVED
    + """
  trigger('click', pressed);
};
element.addEventListener('click', event => {
  const source = event.target.closest('[data-do]');
  if (source && source.tagName !== 'FORM') send(source);
});
element.addEventListener('submit', event => {
  event.preventDefault();
  send(event.target, event.target.elements.title.value);
});
// Its Undo goes when it is too late; the server is asked what the list is like by then.
const timed = new Set();
const time = line => {
  const number = line.dataset.removal;
  if (timed.has(number)) return;
  timed.add(number);
  setTimeout(() => {
    const late = element.querySelector(`[data-removal="${number}"]`);
    if (!late) return;
    const had = late.contains(document.activeElement);
    late.remove();
    if (had) document.querySelector('#shelf .title, #question textarea')?.focus();
    send({dataset: {do: 'choose'}, closest: () => null});
  }, 1000 * Number(line.dataset.left));
};
watch('value', () => {
  for (const line of element.querySelectorAll('[data-left]')) time(line);
  // Gradio keeps the elements, and so what was ticked in them.
  for (const box of element.querySelectorAll('input[type=checkbox]')) {
    box.checked = box.defaultChecked;
  }
  const next = element.querySelector('[data-focus]');
  next?.focus();
  if (next?.select) next.select();
});
"""
)
# A question that follows a tick at once is asked of what is ticked: it waits until that is noted.
SHELF_NOTED = "() => { window.shelfPending -= 1; }"
WHEN_NOTED = (
    "async (...given) => {"
    + WHEN_ARRIVED
    + """
  for (let wait = 0; window.shelfPending > 0 && wait < 100; wait += 1) {
    await new Promise(done => setTimeout(done, 50));
  }
  return given;
}
"""
)


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
