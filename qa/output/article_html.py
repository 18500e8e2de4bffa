"""Write the text of an article as HTML, with cited places marked in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.types import Article, Span, overlap
from qa.output.blocks import Block, BlockKind, blocks, header_rows
from qa.output.blocks_html import blocks_html
from qa.output.inline_html import InlineWriter
from qa.output.places import Highlight

_TARGET_STYLE = "background:var(--mark-active);box-shadow:0 0 0 .14em var(--mark-active)"
# About a printed page: the text shown before and after each place in an excerpt. A longer
# paragraph is cut.
AROUND_CHARS = 1_500

_LONG_WORD = 60


@dataclass(frozen=True, slots=True)
class Body:
    """The text of an article as HTML."""

    html: str
    ids: frozenset[str]
    """The ids that have an element; a place without a visible character has none."""
    is_excerpt: bool = False


def opens_with_title(article: Article) -> bool:
    """Return whether the first line of the text is the title, so that it need not be repeated."""
    opening = article.text.lstrip()[: len(article.title) + 1]
    return opening.rstrip("\n") == article.title


def article_body(
    article: Article, marks: Sequence[Highlight], *, whole_up_to: int | None = None
) -> Body:
    """Return the text of an article with those of ``marks`` that are in it.

    An article longer than ``whole_up_to`` characters becomes an excerpt: the paragraphs around
    the marks, with an ellipsis for each omitted run. None shows every article whole.
    """
    kept = _merged(article, marks)
    is_excerpt = whole_up_to is not None and len(article.text) > whole_up_to
    found = blocks(article)
    shown = _near(article.text, found, _windows(article, kept)) if is_excerpt else found
    writer = InlineWriter(article.text, kept, article.marks)
    html = blocks_html(_levelled(shown), writer)
    return Body(html, writer.ids, is_excerpt)


def article_part(article: Article, marks: Sequence[Highlight], part: Span) -> str:
    """Return ``text[part.start:part.end]`` of an article with those of ``marks`` that are in it.

    A mark that crosses an edge of the part is clipped to it.
    """
    writer = InlineWriter(article.text, _merged(article, marks), article.marks)
    shown = [
        block.clipped(part)
        for block in _levelled(blocks(article))
        if block and overlap(block.span, part)
    ]
    return blocks_html(shown, writer)


def split_highlight_css(sections: Sequence[str]) -> str:
    """Return the CSS that highlights all parts of a place that had to be split."""
    split = sorted(
        {name for part in sections for name in re.findall(r' data-part="([\w-]+)"', part)}
    )
    if not split:
        return ""
    rules = "".join(
        f'.paper:has(#{name}:target) [data-part="{name}"]{{{_TARGET_STYLE}}}' for name in split
    )
    return f"<style>{rules}</style>"


def _merged(article: Article, marks: Sequence[Highlight]) -> list[Highlight]:
    """Return one mark for each place in an article, outermost first.

    Where several marks are at one place, a citation is preferred to a retrieved passage, and the
    newest answer to an older one.
    """
    best: dict[Span, Highlight] = {}
    for mark in (mark for mark in marks if mark.article_id == article.id):
        span = Span(mark.start, mark.end)
        known = best.get(span)
        if mark.end <= len(article.text) and (known is None or _weight(mark) >= _weight(known)):
            best[span] = mark
    return [best[span] for span in sorted(best, key=lambda span: (span.start, -span.end))]


def _weight(mark: Highlight) -> tuple[bool, bool, bool]:
    return (mark.cited, not mark.found, mark.number > 0)


def _levelled(blocks: Iterable[Block | None]) -> Iterator[Block | None]:
    """Yield the blocks, the level of a heading being that below the headings above it.

    It never rises by more than one.
    """
    above: list[int] = []
    for block in blocks:
        if block is None or block.kind is not BlockKind.HEADING:
            yield block
            continue
        while above and above[-1] >= block.level:
            above.pop()
        above.append(block.level)
        yield block._replace(level=len(above))


def _near(text: str, blocks: Iterable[Block], windows: Sequence[Span]) -> Iterator[Block | None]:
    """Yield the parts of blocks in the windows, and None for each omitted run of text.

    A short block is shown whole.
    """
    left_out = False
    first = 0
    for block in blocks:
        while first < len(windows) and windows[first].end <= block.span.start:
            first += 1
        inside = itertools.islice(windows, first, None)
        near = list(itertools.takewhile(lambda window: window.start < block.span.end, inside))  # noqa: B023 - used at once
        if near and block.span.end - block.span.start <= AROUND_CHARS:
            near = [block.span]
        position = block.span.start
        for window in near:
            shown = _to_words(text, block.span, window)
            if shown.start == shown.end:
                continue
            if left_out or shown.start > position:
                yield None
            yield block.clipped(shown)
            position, left_out = shown.end, False
        left_out = left_out or position < block.span.end
    if left_out:
        yield None


def _windows(article: Article, marks: Sequence[Highlight]) -> list[Span]:
    """Return what is shown around the marks, in order, with the header of each table cited."""
    spans = [Span(mark.start, mark.end) for mark in marks]
    found = [Span(max(0, start - AROUND_CHARS), end + AROUND_CHARS) for start, end in spans]
    windows: list[Span] = []
    for start, end in sorted([*found, *header_rows(article, spans)]):
        if windows and start <= windows[-1].end:
            windows[-1] = Span(windows[-1].start, max(windows[-1].end, end))
        else:
            windows.append(Span(start, end))
    return windows


def _to_words(text: str, block: Span, window: Span) -> Span:
    """Return the part of a block that is in a window, cut at spaces if there are any."""
    start, end = max(block.start, window.start), min(block.end, window.end)
    if start > block.start:
        start = text.find(" ", start, min(start + _LONG_WORD, end)) + 1 or start
    if end < block.end:
        space = text.rfind(" ", max(start, end - _LONG_WORD), end)
        end = space if space >= 0 else end
    return Span(start, end)
