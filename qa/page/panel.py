"""The article beside the chat, as HTML: whole, with the cited places marked.

Each place that was ever cited in a chat keeps an element with an id made of its
offsets, so that the links of older answers go on working. Everything that comes
from an article is escaped; the only markup is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.types import Article
from qa.page.marked import Mark, article_body, opens_with_title
from qa.rendering import escape_html

NO_ARTICLE = "There is no article to ask yet. Add one under “Add articles”."


def panel_html(articles: Sequence[Article], marks: Sequence[Mark]) -> str:
    """Return the panel: the first of ``articles`` open, the others folded below it.

    A browser opens a closed ``<details>`` when a link leads into it, so a citation
    of an article that is not in view needs no script.
    """
    if not articles:
        return f'<div class="paper"><p>{NO_ARTICLE}</p></div>'
    first, *others = articles
    if others:
        sections = [_folded(article, marks, is_open=article is first) for article in articles]
    else:
        sections = [_article_html(first, marks)]
    return (
        f'<div class="paper">{"".join(sections)}</div>'
        '<p id="back"><a href="#chat">↑ Back to the conversation</a></p>'
    )


def status_html(state: str, text: str, turn: int = 0) -> str:
    """Return the line that says what the page is doing; ``state`` is one word."""
    return (
        f'<p class="status" role="status" data-state="{escape_html(state)}" '
        f'data-turn="{turn}">{escape_html(text)}</p>'
    )


def landing_html(land: str, turn: int) -> str:
    """Return what tells the panel's script where to go: the id of a place, or nothing.

    ``turn`` makes the way to the same place a new one after another answer.
    """
    return f'<span hidden data-land="{land}" data-turn="{turn}"></span>' if land else ""


def _folded(article: Article, marks: Sequence[Mark], *, is_open: bool) -> str:
    return (
        f'<details name="article"{" open" if is_open else ""}>'
        f"<summary>{escape_html(article.title)}</summary>{_article_html(article, marks)}</details>"
    )


def _article_html(article: Article, marks: Sequence[Mark]) -> str:
    title = "" if opens_with_title(article) else f'<h2 dir="auto">{escape_html(article.title)}</h2>'
    body = article_body(article, marks).html
    return f'<article aria-label="{escape_html(article.title)}">{title}{body}</article>'
