"""Show the open article beside the chat, with cited places marked and a strip that maps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from markupsafe import Markup

from index.types import Article, ArticleInfo, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.output.article_html import article_part, opens_with_title
from qa.output.places import Highlight, place_id, place_of
from qa.output.to_text import NO_PARAGRAPHS, Paragraphs
from qa.page.messages import render
from qa.page.reply import tip_text

# About 20 printed pages. Up to 65 kB go to the browser with each answer, and the browser's own
# search covers all of it. Of a book of 2 MB only 30 kB are sent each time.
WHOLE_CHARS = 60_000
BLOCK_CHARS = 8_000
BLOCKS_SHOWN = 3
"""Blocks in a part: the place that is looked for is in the middle one."""

_CUT_WITHIN = 2_000
_BREAKS = ("\n\n", "\n", " ")
# So that even the weakest passage is visible on the strip.
_MIN_STRENGTH = 0.3

HOW_TO_ADD = "Add one under “Add articles”: a file, a text, or the address of a web page."
NO_ARTICLE = f"There is no article to ask yet. {HOW_TO_ADD}"


@dataclass(frozen=True, slots=True)
class ArticlePart:
    """The part of a text that is shown: a few blocks, each of about ``BLOCK_CHARS``."""

    span: Span
    length: int
    """Of the whole text, in characters."""

    @classmethod
    def of(cls, text: str, block: int) -> Self:
        """Return the part that begins with a block; a short text is one part."""
        length = len(text)
        if length <= WHOLE_CHARS:
            return cls(Span(0, length), length)
        first = min(max(0, block), last_block(length))
        # The last block joins the part before it: it may be a single line.
        is_last = first + BLOCKS_SHOWN >= last_block(length)
        end = length if is_last else _block_start(text, first + BLOCKS_SHOWN)
        return cls(Span(_block_start(text, first), end), length)

    @property
    def has_before(self) -> bool:
        """Whether there is text before it."""
        return self.span.start > 0

    @property
    def has_after(self) -> bool:
        """Whether there is text after it."""
        return self.span.end < self.length

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole text."""
        return not (self.has_before or self.has_after)


def part_chars(length: int) -> int:
    """Return about how many characters of a text of this length are shown at a time."""
    return length if length <= WHOLE_CHARS else BLOCKS_SHOWN * BLOCK_CHARS


def last_block(length: int) -> int:
    """Return the number of the last block of a text, the first being 0."""
    return max(0, length - 1) // BLOCK_CHARS


def block_for(start: int, shown: int | None = None) -> int:
    """Return the first block of a part that shows ``text[start]`` with its surroundings.

    ``shown`` is the first block of the current part, which is kept if it shows the place too.
    """
    block = start // BLOCK_CHARS
    # A block may begin before its even division, so a place may be in the block after its own.
    if shown is not None and shown <= block < shown + BLOCKS_SHOWN - 1:
        return shown
    return max(0, block - 1)


def _block_start(text: str, block: int) -> int:
    """Return where a block begins: after the last good break before the even division."""
    even = block * BLOCK_CHARS
    if not 0 < even < len(text):
        return min(even, len(text))
    for separator in _BREAKS:
        position = text.rfind(separator, even - _CUT_WITHIN, even)
        if position >= 0:
            return position + len(separator)
    return even


@dataclass(frozen=True, slots=True)
class _Evidence:
    """A place of the article that the answer cites, or that was retrieved for it."""

    place: Citation | Passage
    label: str
    strength: float
    """In 0..1."""

    @property
    def span(self) -> Span:
        return Span(self.place.start, self.place.end)


def strip_html(
    article: Article,
    part: ArticlePart,
    answer: Answer | None,
    paragraphs: Paragraphs = NO_PARAGRAPHS,
) -> str:
    """Return the strip that maps the evidence of an answer in an article."""
    length = len(article.text)
    evidence = sorted(_evidence(article, answer) if answer else (), key=lambda each: each.span)
    return render(
        "strip.html",
        here="" if part.is_whole else _position(part.span, length),
        links=[
            _link(each, length, paragraphs.get(each.place))
            for each in evidence
            if each.span.end <= length
        ],
    )


def _evidence(article: Article, answer: Answer) -> Iterator[_Evidence]:
    best = max((passage.score for passage in answer.passages), default=0)
    for passage in answer.passages:
        if passage.article_id == article.id:
            share = passage.score / best if best > 0 else 0
            strength = _MIN_STRENGTH + (1 - _MIN_STRENGTH) * max(0, share)
            label = f"Passage {passage.rank} of {len(answer.passages)}"
            yield _Evidence(passage, label, strength)
    for number, citation in enumerate(answer.citations, start=1):
        if citation.article_id == article.id:
            yield _Evidence(citation, f"Cited [{number}]", 1)


def _link(evidence: _Evidence, length: int, paragraph: int | None) -> dict[str, str]:
    place, span = evidence.place, evidence.span
    label = f"{evidence.label}, {100 * span.start / length:.0f} % into the article"
    return {
        "kind": "cited" if isinstance(place, Citation) else "found",
        "href": f"#{place_id(place.article_id, *span)}",
        "label": label,
        "tip": f"{tip_text(place, paragraph)} · {label}",
        "style": f"{_position(span, length)};--strength:{evidence.strength:.2f}",
    }


def _position(span: Span, length: int) -> str:
    """Return the style of a part of the article on the strip, in percent of its height."""
    start, end = (100 * offset / length for offset in span)
    return f"--at:{start:.2f};--long:{end - start:.2f}"


def articles_that_fit(
    open_id: str, marks: Sequence[Highlight], articles: Sequence[ArticleInfo]
) -> list[str]:
    """Return the ids of the articles to show: the open one, and cited ones while there is room.

    The articles of newer answers come first. Together they have at most ``WHOLE_CHARS``, so
    that each answer sends little; another article is sent when a link to it is followed.
    """
    lengths = {info.id: part_chars(info.characters) for info in articles}
    ids, room = [open_id], WHOLE_CHARS - lengths.get(open_id, 0)
    for article_id in dict.fromkeys(mark.article_id for mark in reversed(marks)):
        length = lengths.get(article_id, WHOLE_CHARS)
        if article_id != open_id and length <= room:
            ids.append(article_id)
            room -= length
    return ids


def target_marks(target: str, articles: Sequence[ArticleInfo]) -> list[Highlight]:
    """Return a mark of the place to scroll to, which no answer of this chat may cite."""
    place = place_of(target)
    ids = [info.id for info in articles if place and info.id.startswith(place.article)]
    return (
        [Highlight(ids[0], place.start, place.end, cited=False, found=True)]
        if place and ids
        else []
    )


def panel_html(
    articles: Sequence[Article],
    marks: Sequence[Highlight],
    block: int = 0,
    newest: Answer | None = None,
    paragraphs: Paragraphs = NO_PARAGRAPHS,
) -> str:
    """Return the panel: the first of ``articles`` open, the others folded below it.

    A browser unfolds an article when a link leads into it.

    Args:
        articles: The articles to show. Of a long one only a part is shown.
        marks: The places to mark.
        block: Where the shown part of the first article begins; that of another article is
            around its newest mark.
        newest: The newest answer, whose evidence the strip maps in the first article.
        paragraphs: Where that evidence is, see :func:`qa.output.to_text.paragraphs_of`.
    """
    strip, sections = "", []
    if articles:
        first, *others = articles
        part = ArticlePart.of(first.text, block)
        strip = strip_html(first, part, newest, paragraphs)
        sections = [_section(first, marks, part, has_buttons=True)]
        sections += [_section(each, marks, _around_newest(each, marks)) for each in others]
    # The strip is a template's output.
    return render("panel.html", sections=sections, strip=Markup(strip), no_article=NO_ARTICLE)  # noqa: S704


def scroll_target_html(target: str, turn: int) -> str:
    """Return the element that makes the panel's script scroll to a place, or nothing.

    With ``turn`` it differs for the same place after another answer.
    """
    return f'<span hidden data-target="{target}" data-answer="{turn}"></span>' if target else ""


def _around_newest(article: Article, marks: Sequence[Highlight]) -> ArticlePart:
    """Return the part of an article that holds the newest answer's first mark in it."""
    inside = [mark for mark in marks if mark.article_id == article.id]
    newest = [mark for mark in inside if mark.number] or inside[-1:]
    return ArticlePart.of(article.text, block_for(newest[0].start) if newest else 0)


def _section(
    article: Article, marks: Sequence[Highlight], part: ArticlePart, *, has_buttons: bool = False
) -> dict[str, object]:
    """Return the template's values for an article, or for the part of it that is shown."""
    return {
        "title": article.title,
        "text": Markup(article_part(article, marks, part.span)),  # noqa: S704 - escaped there
        "shows_title": part.has_before or not opens_with_title(article),
        "part": "" if part.is_whole else _part_name(article, part),
        "before": has_buttons and part.has_before,
        "after": has_buttons and part.has_after,
        "has_buttons": has_buttons,
    }


def _part_name(article: Article, part: ArticlePart) -> str:
    """Return which part a part is, in pages or percent: ``pages 31–40 of 512``."""
    start, end = part.span
    first, last = article.page_of(start), article.page_of(end - 1)
    if first is None or last is None:
        percent = (round(100 * start / part.length), round(100 * end / part.length))
        return f"{percent[0]}–{percent[1]} %"
    return f"pages {first:,}–{last:,} of {len(article.pages):,}"
