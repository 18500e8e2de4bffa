"""The article beside the chat, as HTML: whole, with the cited places marked.

Each place that was ever cited in a chat keeps an element with an id made of its
offsets, so that the links of older answers go on working. Everything that comes
from an article is escaped; the only markup is ours.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.types import Article, Span
from qa.citations import Citation
from qa.page.style import ACTIVE_MARK

# A title is the second heading of the page, so those of an article start at h3.
_HEADING_BELOW_TITLE = 2
_LOWEST_HEADING = 6
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


@dataclass(frozen=True, slots=True)
class Mark:
    """A place of an article that an answer rests on, or that a refusal names."""

    article_id: str
    start: int
    end: int
    number: int = 0
    """Its number in the newest answer; 0 where an older answer cites it."""
    cited: bool = True
    """False for the nearest passages of a refusal."""

    @property
    def id(self) -> str:
        """The id of the element, the same in every turn: ``s120-180-0a1b2c3d``."""
        return place_id(self.article_id, self.start, self.end)


def place_id(article_id: str, start: int, end: int) -> str:
    """Return the id of the element that holds ``text[start:end]`` of an article."""
    return f"s{start}-{end}-{article_id[:8]}"


def place_link(citation: Citation) -> str:
    """Return the address of a cited place within the page."""
    return f"#{place_id(citation.article_id, citation.start, citation.end)}"


def panel_html(articles: Sequence[Article], marks: Sequence[Mark]) -> str:
    """Return the panel: the first of ``articles`` open, the others folded below it.

    A browser opens a closed ``<details>`` when a link leads into it, so a citation
    of an article that is not in view needs no script.
    """
    if not articles:
        return '<div class="paper"><p>There is no article in this library yet.</p></div>'
    first, *others = articles
    if others:
        sections = [_folded(article, marks, is_open=article is first) for article in articles]
    else:
        sections = [_article_html(first, marks)]
    return (
        f'<div class="paper">{_split_rules(sections)}{"".join(sections)}</div>'
        '<p id="back"><a href="#chat">↑ Back to the conversation</a></p>'
    )


def status_html(state: str, text: str, turn: int = 0) -> str:
    """Return the line that says what the page is doing; ``state`` is one word."""
    return (
        f'<p class="status" role="status" data-state="{html.escape(state)}" '
        f'data-turn="{turn}">{html.escape(text)}</p>'
    )


def _folded(article: Article, marks: Sequence[Mark], *, is_open: bool) -> str:
    return (
        f'<details name="article"{" open" if is_open else ""}>'
        f"<summary>{html.escape(article.title)}</summary>{_article_html(article, marks)}</details>"
    )


def _article_html(article: Article, marks: Sequence[Mark]) -> str:
    pieces = [f'<article aria-label="{html.escape(article.title)}">']
    if not _opens_with_title(article):
        pieces.append(f'<h2 dir="auto">{html.escape(article.title)}</h2>')
    kept = _merged([mark for mark in marks if mark.article_id == article.id], len(article.text))
    begun: set[str] = set()
    for span, tag in _blocks(article):
        inner = _marked_text(article.text, span, kept, begun)
        pieces.append(f'<{tag} dir="auto">{inner}</{tag}>')
    return "".join([*pieces, "</article>"])


def _opens_with_title(article: Article) -> bool:
    opening = article.text.lstrip()[: len(article.title) + 1]
    return opening.rstrip("\n") == article.title


def _merged(marks: Sequence[Mark], length: int) -> list[Mark]:
    """Return one mark for each place, outermost first; a citation beats a mere mention."""
    best: dict[Span, Mark] = {}
    for mark in marks:
        span = Span(mark.start, mark.end)
        known = best.get(span)
        if mark.end <= length and (known is None or _weight(mark) >= _weight(known)):
            best[span] = mark
    return [best[span] for span in sorted(best, key=lambda span: (span.start, -span.end))]


def _weight(mark: Mark) -> tuple[bool, bool]:
    return (mark.cited, mark.number > 0)


def _blocks(article: Article) -> Iterator[tuple[Span, str]]:
    """Yield the headings and paragraphs of an article, in order, and the tag of each."""
    position = 0
    separator = _paragraph_separator(article.text)
    for heading in sorted(article.headings, key=lambda heading: heading.start):
        if not position <= heading.start < heading.end <= len(article.text):
            continue
        for span in _paragraphs(article.text, position, heading.start, separator):
            yield span, "p"
        level = min(heading.level + _HEADING_BELOW_TITLE, _LOWEST_HEADING)
        yield Span(heading.start, heading.end), f"h{level}"
        position = heading.end
    for span in _paragraphs(article.text, position, len(article.text), separator):
        yield span, "p"


def _paragraph_separator(text: str) -> re.Pattern[str]:
    """Return what parts the paragraphs: blank lines, or line ends where there are none."""
    return re.compile(r"\n\s*\n" if re.search(r"\S[^\S\n]*\n\s*\n\s*\S", text) else r"\n")


def _paragraphs(text: str, start: int, end: int, separator: re.Pattern[str]) -> Iterator[Span]:
    position = start
    for match in separator.finditer(text, start, end):
        if text[position : match.start()].strip():
            yield Span(position, match.start())
        position = match.end()
    if text[position:end].strip():
        yield Span(position, end)


def _marked_text(text: str, block: Span, marks: Sequence[Mark], begun: set[str]) -> str:
    """Return the escaped text of a block, its marks nested.

    Where two marks cross, the inner one is closed and taken up again; ``begun``
    remembers whose id is given already, over all blocks.
    """
    inside = [mark for mark in marks if mark.start < block.end and mark.end > block.start]
    cuts = {block.start, block.end}
    for mark in inside:
        cuts |= {max(mark.start, block.start), min(mark.end, block.end)}
    edges = sorted(cuts)
    pieces: list[str] = []
    stack: list[Mark] = []
    for start, end in itertools.pairwise(edges):
        wanted = [mark for mark in inside if mark.start < end and mark.end > start]
        kept = _common_prefix(stack, wanted)
        pieces.extend(_closing(mark) for mark in reversed(stack[kept:]))
        pieces.extend(_opening(mark, begun) for mark in wanted[kept:])
        pieces.append(html.escape(text[start:end]))
        stack = wanted
    pieces.extend(_closing(mark) for mark in reversed(stack))
    return "".join(pieces)


def _common_prefix(one: Sequence[Mark], other: Sequence[Mark]) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _opening(mark: Mark, begun: set[str]) -> str:
    kind = "" if mark.cited else "near "
    names = f' class="{kind}{"new" if mark.number else "old"}"'
    if mark.id in begun:
        return f'<{_tag(mark)}{names} data-part="{mark.id}">'
    begun.add(mark.id)
    number = f' data-number="{mark.number}"' if mark.number and mark.cited else ""
    return f'<{_tag(mark)}{names} id="{mark.id}" tabindex="-1"{number}>'


def _closing(mark: Mark) -> str:
    return f"</{_tag(mark)}>"


def _tag(mark: Mark) -> str:
    return "mark" if mark.cited else "span"


def _split_rules(sections: Sequence[str]) -> str:
    """Return the style that lights every part of a place that had to be split."""
    split = sorted(
        {name for part in sections for name in re.findall(r' data-part="([\w-]+)"', part)}
    )
    if not split:
        return ""
    rules = "".join(
        f'.paper:has(#{name}:target) [data-part="{name}"]{{{ACTIVE_MARK}}}' for name in split
    )
    return f"<style>{rules}</style>"
