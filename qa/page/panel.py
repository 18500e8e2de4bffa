"""The open article beside the chat, with its cited places and a strip that shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from markupsafe import Markup

from index.types import Article, ArticleInfo, Span
from qa.answers.answer import Answer
from qa.output.article_html import Mark, article_part, opens_with_title, place_id, place_of
from qa.output.escape import escape_html
from qa.page.assets import render
from qa.page.reply import tip_text

# About 20 printed pages: up to 65 kB go to the browser at each answer, whose own search
# finds all of it. Of a book of 2 MB that is 30 kB, where the whole would be 2 MB each time.
WHOLE_CHARS = 60_000
LEAF_CHARS = 8_000
LEAVES = 3
"""Of a sheet: the place that is looked for lies in the one in the middle."""

_CUT_WITHIN = 2_000
_BREAKS = ("\n\n", "\n", " ")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of a text that is shown."""

    span: Span
    length: int
    """Of the whole text, in characters."""

    @classmethod
    def of(cls, text: str, leaf: int) -> Self:
        """Return the sheet that begins with a leaf; a short text is one sheet."""
        length = len(text)
        if length <= WHOLE_CHARS:
            return cls(Span(0, length), length)
        first = min(max(0, leaf), last_leaf(length))
        # The last leaf goes along with those before it: it may be a line.
        is_last = first + LEAVES >= last_leaf(length)
        end = length if is_last else _cut(text, first + LEAVES)
        return cls(Span(_cut(text, first), end), length)

    @property
    def has_before(self) -> bool:
        """Whether something comes before it."""
        return self.span.start > 0

    @property
    def has_after(self) -> bool:
        """Whether something comes after it."""
        return self.span.end < self.length

    @property
    def is_whole(self) -> bool:
        """Whether it is all there is."""
        return not (self.has_before or self.has_after)


def sent_chars(length: int) -> int:
    """Return how many characters of a text of this length are shown at a time, about."""
    return length if length <= WHOLE_CHARS else LEAVES * LEAF_CHARS


def last_leaf(length: int) -> int:
    """Return the number of the last leaf of a text, the first being 0."""
    return max(0, length - 1) // LEAF_CHARS


def leaf_for(start: int, shown: int | None = None) -> int:
    """Return the leaf to begin with, so that ``text[start]`` has its surroundings.

    ``shown`` is the one that the sheet begins with by now: it stays where it does as well.
    """
    leaf = start // LEAF_CHARS
    # Cuts come before the even division, so a place may be in the leaf after its own.
    if shown is not None and shown <= leaf < shown + LEAVES - 1:
        return shown
    return max(0, leaf - 1)


def _cut(text: str, leaf: int) -> int:
    """Return where a leaf begins: after the last good break before the even division."""
    even = leaf * LEAF_CHARS
    if not 0 < even < len(text):
        return min(even, len(text))
    for separator in _BREAKS:
        found = text.rfind(separator, even - _CUT_WITHIN, even)
        if found >= 0:
            return found + len(separator)
    return even


# So that the weakest can still be seen.
_LEAST_STRENGTH = 0.3


@dataclass(frozen=True, slots=True)
class _Evidence:
    """A place of the article that the answer cites, or that was retrieved for it."""

    span: Span
    label: str
    tip: str
    strength: float
    """In 0..1."""
    is_cited: bool


def strip_html(article: Article, sheet: Sheet, answer: Answer | None) -> str:
    """Return the strip of an article; empty where the answer rests on none of it."""
    length = len(article.text)
    found = sorted(_evidence(article, answer) if answer else (), key=lambda one: one.span)
    return render(
        "strip.html",
        here="" if sheet.is_whole else _place(sheet.span, length),
        links=[_link(article, one, length) for one in found if one.span.end <= length],
    )


def _evidence(article: Article, answer: Answer) -> Iterator[_Evidence]:
    best = max((passage.score for passage in answer.passages), default=0)
    for passage in answer.passages:
        if passage.article_id == article.id:
            share = passage.score / best if best > 0 else 0
            strength = _LEAST_STRENGTH + (1 - _LEAST_STRENGTH) * max(0, share)
            label = f"Passage {passage.rank} of {len(answer.passages)}"
            span = Span(passage.start, passage.end)
            yield _Evidence(span, label, tip_text(passage), strength, is_cited=False)
    for number, citation in enumerate(answer.citations, start=1):
        if citation.article_id == article.id:
            span = Span(citation.start, citation.end)
            yield _Evidence(span, f"Cited [{number}]", tip_text(citation), 1, is_cited=True)


def _link(article: Article, one: _Evidence, length: int) -> dict[str, str]:
    label = f"{one.label}, {100 * one.span.start / length:.0f} % into the article"
    return {
        "kind": "cited" if one.is_cited else "found",
        "href": f"#{place_id(article.id, *one.span)}",
        "label": label,
        "tip": f"{one.tip} · {label}",
        "style": f"{_place(one.span, length)};--strength:{one.strength:.2f}",
    }


def _place(span: Span, length: int) -> str:
    """Return where a part of the article lies along the strip, in hundredths of its height."""
    start, end = (100 * offset / length for offset in span)
    return f"--at:{start:.2f};--long:{end - start:.2f}"


HOW_TO_ADD = "Add one under “Add articles”: a file, a text, or the address of a page."
NO_ARTICLE = f"There is no article to ask yet. {HOW_TO_ADD}"
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
    sections = [
        _Section.of(article, marks, Sheet.of(article.text, leaf), can_turn=True)
        if article is articles[0]
        else _Section.of(article, marks, _around(article, marks))
        for article in articles
    ]
    strip = strip_html(articles[0], Sheet.of(articles[0].text, leaf), newest) if articles else ""
    # The strip is a template's output.
    return render("panel.html", sections=sections, strip=Markup(strip), nothing=NO_ARTICLE)  # noqa: S704


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


@dataclass(frozen=True, slots=True)
class _Section:
    """An article, or a part of it, as the panel shows it."""

    title: str
    text: Markup
    shows_title: bool
    part: str
    """Which part is shown, such as ``pages 31–40 of 512``; empty for the whole article."""
    can_turn: bool
    """Whether there are buttons for the part before and the part after."""
    has_before: bool
    has_after: bool

    @classmethod
    def of(
        cls, article: Article, marks: Sequence[Mark], sheet: Sheet, *, can_turn: bool = False
    ) -> Self:
        return cls(
            title=article.title,
            text=Markup(article_part(article, marks, sheet.span)),  # noqa: S704 - escaped there
            shows_title=sheet.span.start > 0 or not opens_with_title(article),
            part="" if sheet.is_whole else _where(article, sheet),
            can_turn=can_turn,
            has_before=sheet.has_before,
            has_after=sheet.has_after,
        )


def _where(article: Article, sheet: Sheet) -> str:
    """Return where a part lies, in pages or in hundredths: ``pages 31–40 of 512``."""
    start, end = sheet.span
    first, last = article.page_of(start), article.page_of(end - 1)
    if first is None or last is None:
        hundredths = (round(100 * start / sheet.length), round(100 * end / sheet.length))
        return f"{hundredths[0]}–{hundredths[1]} %"
    return f"pages {first:,}–{last:,} of {len(article.pages):,}"
