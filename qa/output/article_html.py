"""Write the text of an article as HTML, with cited places marked in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from index.types import Article, Passage, Span, overlap
from qa.answers.citation import Citation
from qa.output.escape import escape_html

_TARGET_STYLE = "background:var(--mark-active);box-shadow:0 0 0 .14em var(--mark-active)"
# A title is the second heading of the page, so those of an article start at h3.
_HEADING_BELOW_TITLE = 2
_LOWEST_HEADING = 6
_LINE_END = re.compile(r"\n")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_BLANK_LINES = re.compile(r"\n\s*\n")


class Block(NamedTuple):
    """A heading or a paragraph of an article."""

    span: Span
    level: int = 0
    """The level of the heading, from 1; 0 for a paragraph."""


def blocks(article: Article) -> Iterator[Block]:
    """Yield the headings and paragraphs of an article, in order."""
    position = 0
    separator = _paragraph_separator(article.text)
    for heading in sorted(article.headings, key=lambda heading: heading.start):
        if not position <= heading.start < heading.end <= len(article.text):
            continue
        for span in _paragraphs(article.text, position, heading.start, separator):
            yield Block(span)
        yield Block(Span(heading.start, heading.end), heading.level)
        position = heading.end
    for span in _paragraphs(article.text, position, len(article.text), separator):
        yield Block(span)


def tagged(blocks: Iterable[Block | None]) -> Iterator[tuple[Block | None, str]]:
    """Yield each block with its tag; the level of headings never rises by more than one."""
    above: list[int] = []
    for block in blocks:
        if block is None or not block.level:
            yield block, "p"
            continue
        while above and above[-1] >= block.level:
            above.pop()
        above.append(block.level)
        yield block, f"h{min(len(above) + _HEADING_BELOW_TITLE, _LOWEST_HEADING)}"


def _paragraph_separator(text: str) -> re.Pattern[str]:
    """Return what separates paragraphs: blank lines, or line ends if there are no blank lines."""
    return _BLANK_LINES if _BLANK_LINE.search(text.strip()) else _LINE_END


def _paragraphs(text: str, start: int, end: int, separator: re.Pattern[str]) -> Iterator[Span]:
    position = start
    for match in separator.finditer(text, start, end):
        if text[position : match.start()].strip():
            yield Span(position, match.start())
        position = match.end()
    if text[position:end].strip():
        yield Span(position, end)


# About a printed page: the text shown before and after each place in an excerpt. A longer
# paragraph is cut.
AROUND_CHARS = 1_500

_PLACE = re.compile(r"s(\d{1,9})-(\d{1,9})-([0-9a-f]{8})", re.ASCII)
_LONG_WORD = 60
_GAP = '<p class="gap">…</p>'


@dataclass(frozen=True, slots=True)
class Highlight:
    """A place in an article that an answer cites, or that a refusal names."""

    article_id: str
    start: int
    end: int
    number: int = 0
    """Its number in the newest answer; 0 if only an older answer cites it."""
    cited: bool = True
    """False for the nearest passages of a refusal."""
    found: bool = False
    """Whether it is a retrieved passage that is a link target but is not highlighted."""

    @property
    def id(self) -> str:
        """The id of the element, stable between turns: ``s120-180-0a1b2c3d``."""
        return place_id(self.article_id, self.start, self.end)


def place_id(article_id: str, start: int, end: int) -> str:
    """Return the id of the element that contains ``text[start:end]`` of an article."""
    return f"s{start}-{end}-{article_id[:8]}"


def place_link(source: Citation | Passage) -> str:
    """Return the address, within the page, of a quote or a passage."""
    return f"#{place_id(source.article_id, source.start, source.end)}"


class Place(NamedTuple):
    """The parts of a place's id, which has only the first characters of the article's id."""

    name: str
    start: int
    end: int
    article: str


def place_of(name: str) -> Place | None:
    """Parse the id of a place; return None for any other text."""
    match = _PLACE.fullmatch(name)
    if match is None or int(match[1]) >= int(match[2]):
        return None
    return Place(name, int(match[1]), int(match[2]), match[3])


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
    every = list(blocks(article))
    begun: set[str] = set()
    pieces = [
        _element(article.text, block, tag, kept, begun) if block else _GAP
        for block, tag in tagged(_near(article.text, every, kept) if is_excerpt else every)
    ]
    return Body("".join(pieces), frozenset(begun), is_excerpt)


def article_part(article: Article, marks: Sequence[Highlight], part: Span) -> str:
    """Return ``text[part.start:part.end]`` of an article with those of ``marks`` that are in it.

    A mark that crosses an edge of the part is clipped to it.
    """
    kept = _merged(article, marks)
    begun: set[str] = set()
    pieces = []
    for block, tag in tagged(blocks(article)):
        if block and overlap(block.span, part):
            start, end = max(block.span.start, part.start), min(block.span.end, part.end)
            shown = Block(Span(start, end), block.level)
            pieces.append(_element(article.text, shown, tag, kept, begun))
    return "".join(pieces)


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


def _element(text: str, block: Block, tag: str, marks: Sequence[Highlight], begun: set[str]) -> str:
    return f'<{tag} dir="auto">{_marked_text(text, block.span, marks, begun)}</{tag}>'


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


def _near(text: str, blocks: Iterable[Block], marks: Sequence[Highlight]) -> Iterator[Block | None]:
    """Yield the blocks near a mark, and None for each omitted run of text."""
    windows = _windows(marks)
    left_out = False
    for block in blocks:
        near = [window for window in windows if overlap(window, block.span)]
        if near and block.span.end - block.span.start <= AROUND_CHARS:
            near = [block.span]
        position = block.span.start
        for window in near:
            shown = _to_words(text, block.span, window)
            if shown.start == shown.end:
                continue
            if left_out or shown.start > position:
                yield None
            yield Block(shown, block.level)
            position, left_out = shown.end, False
        left_out = left_out or position < block.span.end
    if left_out:
        yield None


def _windows(marks: Sequence[Highlight]) -> list[Span]:
    """Return the windows around the marks, in order; those that touch are joined."""
    windows: list[Span] = []
    for mark in marks:  # by their start
        start, end = max(0, mark.start - AROUND_CHARS), mark.end + AROUND_CHARS
        if windows and start <= windows[-1].end:
            start, end = windows[-1].start, max(windows.pop().end, end)
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


def _marked_text(text: str, block: Span, marks: Sequence[Highlight], begun: set[str]) -> str:
    """Return the escaped text of a block, its marks nested.

    Where two marks cross, the inner one is closed and opened again. ``begun`` holds the ids that
    have been given to an element, in this and earlier blocks.
    """
    inside = [mark for mark in marks if mark.start < block.end and mark.end > block.start]
    cuts = {block.start, block.end}
    for mark in inside:
        cuts |= {max(mark.start, block.start), min(mark.end, block.end)}
    edges = sorted(cuts)
    pieces: list[str] = []
    stack: list[Highlight] = []
    for start, end in itertools.pairwise(edges):
        wanted = [mark for mark in inside if mark.start < end and mark.end > start]
        kept = _common_prefix(stack, wanted)
        pieces.extend(_closing(mark) for mark in reversed(stack[kept:]))
        pieces.extend(_opening(mark, begun) for mark in wanted[kept:])
        pieces.append(escape_html(text[start:end]))
        stack = wanted
    pieces.extend(_closing(mark) for mark in reversed(stack))
    return "".join(pieces)


def _common_prefix(one: Sequence[Highlight], other: Sequence[Highlight]) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _opening(mark: Highlight, begun: set[str]) -> str:
    kind = "" if mark.cited else "near "
    name = "found" if mark.found else f"{kind}{'new' if mark.number else 'old'}"
    names = f' class="{name}"'
    if mark.id in begun:
        return f'<{_tag(mark)}{names} data-part="{mark.id}">'
    begun.add(mark.id)
    number = f' data-number="{mark.number}"' if mark.number and mark.cited else ""
    return f'<{_tag(mark)}{names} id="{mark.id}" tabindex="-1"{number}>'


def _closing(mark: Highlight) -> str:
    return f"</{_tag(mark)}>"


def _tag(mark: Highlight) -> str:
    return "mark" if mark.cited else "span"
