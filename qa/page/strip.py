"""The strip beside the article: where in it the evidence of the newest answer lies.

What is cited and what was retrieved stand as far down the strip as in the article, and
as long; the stronger a passage, the darker. Each is a link to its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from index.types import Article, Span
from qa.answer import Answer
from qa.escaping import escape_html
from qa.page.marked import place_id
from qa.page.sheet import Sheet
from qa.page.tips import tip_text

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
    links = "".join(_link(article, one, length) for one in found if one.span.end <= length)
    here = (
        "" if sheet.is_whole else f'<span class="here" style="{_place(sheet.span, length)}"></span>'
    )
    if not links:
        return f'<div class="strip" aria-hidden="true">{here}</div>'
    name = "Where the evidence lies in the article"
    return f'<nav class="strip" aria-label="{name}">{here}{links}</nav>'


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


def _link(article: Article, one: _Evidence, length: int) -> str:
    kind = "cited" if one.is_cited else "found"
    label = f"{one.label}, {100 * one.span.start / length:.0f} % into the article"
    return (
        f'<a class="{kind}" href="#{place_id(article.id, *one.span)}" aria-label="{label}" '
        f'title="{escape_html(f"{one.tip} · {label}")}" '
        f'style="{_place(one.span, length)};--strength:{one.strength:.2f}"></a>'
    )


def _place(span: Span, length: int) -> str:
    """Return where a part of the article lies along the strip, in hundredths of its height."""
    start, end = (100 * offset / length for offset in span)
    return f"--at:{start:.2f};--long:{end - start:.2f}"
