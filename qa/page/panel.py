"""The article beside the chat, as HTML: whole, with the cited places marked.

Each place that was ever cited in a chat keeps an element with an id made of its
offsets, so that the links of older answers go on working. Everything that comes
from an article is escaped; the only markup is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.types import Article
from qa.page.marked import Mark, article_body, opens_with_title, split_rules
from qa.rendering import escape_html

# It scrolls, so the keyboard must get there.
_PAPER = '<div class="paper" tabindex="0" role="region" aria-label="Article">'
NO_ARTICLE = "There is no article to ask yet. Add one under “Add articles”."

# Brings the newest citation into view where the article scrolls by itself (wide screens).
SCROLL_TO_NEWEST = """
watch('value', () => {
  const paper = element.querySelector('.paper');
  const mark = element.querySelector('[data-number="1"]') || element.querySelector('.new');
  if (paper && mark && paper.scrollHeight > paper.clientHeight) {
    paper.scrollTop += mark.getBoundingClientRect().top - paper.getBoundingClientRect().top
      - paper.clientHeight / 4;
  }
});
"""


def panel_html(articles: Sequence[Article], marks: Sequence[Mark]) -> str:
    """Return the panel: the first of ``articles`` open, the others folded below it.

    A browser opens a closed ``<details>`` when a link leads into it, so a citation
    of an article that is not in view needs no script.
    """
    if not articles:
        return f"{_PAPER}<p>{NO_ARTICLE}</p></div>"
    first, *others = articles
    if others:
        sections = [_folded(article, marks, is_open=article is first) for article in articles]
    else:
        sections = [_article_html(first, marks)]
    return (
        f"{_PAPER}{split_rules(sections)}{''.join(sections)}</div>"
        '<p id="back"><a href="#chat">↑ Back to the conversation</a></p>'
    )


def status_html(state: str, text: str, turn: int = 0) -> str:
    """Return the line that says what the page is doing; ``state`` is one word."""
    return (
        f'<p class="status" role="status" data-state="{escape_html(state)}" '
        f'data-turn="{turn}">{escape_html(text)}</p>'
    )


def _folded(article: Article, marks: Sequence[Mark], *, is_open: bool) -> str:
    return (
        f'<details name="article"{" open" if is_open else ""}>'
        f"<summary>{escape_html(article.title)}</summary>{_article_html(article, marks)}</details>"
    )


def _article_html(article: Article, marks: Sequence[Mark]) -> str:
    title = "" if opens_with_title(article) else f'<h2 dir="auto">{escape_html(article.title)}</h2>'
    body = article_body(article, marks).html
    return f'<article aria-label="{escape_html(article.title)}">{title}{body}</article>'
