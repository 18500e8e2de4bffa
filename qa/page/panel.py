"""The article beside the chat, as HTML, with the cited places marked.

Each place that was ever cited in a chat and is in the part of the article that is shown
has an element with an id made of its offsets; another is brought when its link is
followed. Everything that comes from an article is escaped; the only markup is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.types import Article, ArticleInfo
from qa.answer import Answer
from qa.escaping import escape_html
from qa.page.marked import Mark, article_part, opens_with_title, place_of
from qa.page.sheet import WHOLE_CHARS, Sheet, leaf_for, sent_chars
from qa.page.strip import strip_html

# It scrolls, so the keyboard must get there.
_PAPER = '<div class="paper" tabindex="0" role="region" aria-label="Article">'
HOW_TO_ADD = "Add one under “Add articles”: a file, a text, or the address of a page."
NO_ARTICLE = f"There is no article to ask yet. {HOW_TO_ADD}"
_BEFORE = '<button type="button" data-turn="before">↑ What comes before</button>'
_AFTER = '<button type="button" data-turn="after">↓ What comes after</button>'
# Of all articles in the panel together, so that what is sent at each answer stays small.
ROOM_CHARS = WHOLE_CHARS


def fitting(first: str, marks: Sequence[Mark], articles: Sequence[ArticleInfo]) -> list[str]:
    """Return the ids of the articles to show: the first, and cited ones as far as there is room.

    Those of newer answers come before older ones. What is left out is brought when a
    link to it is followed.
    """
    lengths = {info.id: sent_chars(info.characters) for info in articles}
    ids, room = [first], ROOM_CHARS - lengths.get(first, 0)
    for article_id in dict.fromkeys(mark.article_id for mark in reversed(marks)):
        length = lengths.get(article_id, ROOM_CHARS)
        if article_id != first and length <= room:
            ids.append(article_id)
            room -= length
    return ids


def landing_marks(land: str, articles: Sequence[ArticleInfo]) -> list[Mark]:
    """Return the mark of the place to land on, which no answer of this chat may have."""
    place = place_of(land)
    ids = [info.id for info in articles if place and info.id.startswith(place.article)]
    return [Mark(ids[0], place.start, place.end, cited=False, found=True)] if place and ids else []


def panel_html(
    articles: Sequence[Article],
    marks: Sequence[Mark],
    leaf: int = 0,
    newest: Answer | None = None,
) -> str:
    """Return the panel: the first of ``articles`` open, the others folded below it.

    Of a long article a part is shown: of the first the one that begins with ``leaf``, of
    another the one around its newest mark. A browser opens a closed ``<details>`` when a
    link leads into it. The strip tells where the evidence of the ``newest`` answer lies
    in the first.
    """
    if not articles:
        return f"{_PAPER}<p>{NO_ARTICLE}</p></div>"
    first, *others = articles
    sheet = Sheet.of(first.text, leaf)
    if others:
        sections = [_folded(first, marks, sheet, is_open=True)]
        sections += [_folded(other, marks, _around(other, marks)) for other in others]
    else:
        sections = [_article_html(first, marks, sheet, can_turn=True)]
    return (
        f"{_PAPER}{''.join(sections)}</div>{strip_html(first, sheet, newest)}"
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
    return f'<span hidden data-land="{land}" data-answer="{turn}"></span>' if land else ""


def _around(article: Article, marks: Sequence[Mark]) -> Sheet:
    """Return the part of an article that holds the first mark of the newest answer in it."""
    inside = [mark for mark in marks if mark.article_id == article.id]
    newest = [mark for mark in inside if mark.number] or inside[-1:]
    return Sheet.of(article.text, leaf_for(newest[0].start) if newest else 0)


def _folded(article: Article, marks: Sequence[Mark], sheet: Sheet, *, is_open: bool = False) -> str:
    shown = _article_html(article, marks, sheet, can_turn=is_open)
    return (
        f'<details name="article"{" open" if is_open else ""}>'
        f"<summary>{escape_html(article.title)}</summary>{shown}</details>"
    )


def _article_html(article: Article, marks: Sequence[Mark], sheet: Sheet, *, can_turn: bool) -> str:
    name = escape_html(article.title)
    is_said = sheet.span.start == 0 and opens_with_title(article)
    title = "" if is_said else f'<h2 dir="auto">{name}</h2>'
    body = article_part(article, marks, sheet.span)
    before, after = turning_html(article, sheet) if can_turn else (part_html(article, sheet), "")
    return f'<article aria-label="{name}">{title}{before}{body}{after}</article>'


def part_html(article: Article, sheet: Sheet) -> str:
    """Return a line that tells which part of an article is shown; nothing for the whole."""
    if sheet.is_whole:
        return ""
    return f'<p class="where part">A part of a long article: {_where(article, sheet)}</p>'


def turning_html(article: Article, sheet: Sheet) -> tuple[str, str]:
    """Return what stands above and below a part: which it is, and buttons to read on."""
    before = _BEFORE if sheet.has_before else ""
    above = f'<div class="turning" tabindex="-1">{part_html(article, sheet)}{before}</div>'
    below = f'<div class="turning">{_AFTER}</div>' if sheet.has_after else ""
    return "" if sheet.is_whole else above, below


def _where(article: Article, sheet: Sheet) -> str:
    """Return where a part lies, in pages or in hundredths: ``pages 31–40 of 512``."""
    start, end = sheet.span
    first, last = article.page_of(start), article.page_of(end - 1)
    if first is None or last is None:
        hundredths = (round(100 * start / sheet.length), round(100 * end / sheet.length))
        return f"{hundredths[0]}–{hundredths[1]} %"
    return f"pages {first:,}–{last:,} of {len(article.pages):,}"
