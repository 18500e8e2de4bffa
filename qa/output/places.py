"""Where a quote is, in words: its article with the page or the paragraph."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from index.errors import ArticleNotFound
from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.output.article_html import blocks
from qa.output.escape import flat

NEAREST_SHOWN = 3
# Two or three sentences: enough to see whether a passage is about the question.
EXCERPT_CHARS = 240
_QUOTATION_MARKS = '"“”„‟«»‹›「」『』'

Paragraphs: TypeAlias = Mapping[Citation | Passage, int]
"""The number of the paragraph, from 1, that a quote or a passage begins in."""


def nearest(answer: Answer, limit: int = NEAREST_SHOWN) -> tuple[Citation, ...]:
    """Return the best passages of ``answer`` as citations, shortened to whole sentences."""
    places = dict.fromkeys(_excerpt(passage) for passage in answer.passages)
    return tuple(places)[:limit]


def places_of(answer: Answer) -> tuple[Citation, ...]:
    """Return the citations of an answer, or the nearest passages of a refusal."""
    return answer.citations if answer.answered else nearest(answer)


def paragraphs_of(
    found: Iterable[Citation | Passage], article_of: Callable[[str], Article]
) -> Paragraphs:
    """Return the paragraph that each quote or passage begins in, headings not counted.

    Those with a page number need no paragraph and are left out, like those of an article
    that ``article_of`` does not find (ArticleNotFound).
    """
    ends: dict[str, list[int]] = {}
    numbers: dict[Citation | Passage, int] = {}
    for each in found:
        if each.page is not None:
            continue
        if each.article_id not in ends:
            ends[each.article_id] = _paragraph_ends(each.article_id, article_of)
        before = bisect_right(ends[each.article_id], each.start)
        if before < len(ends[each.article_id]):
            numbers[each] = before + 1
    return numbers


def place(found: Citation | Passage, paragraph: int | None = None) -> str:
    """Return where a quote or a passage is: ``The title, p. 7`` or ``The title, paragraph 3``.

    Without a page or a paragraph it gives the offsets: ``The title, characters 120–180``.
    """
    title = flat(found.title)
    if found.page is not None:
        return f"{title}, p. {found.page}"
    if paragraph is not None:
        return f"{title}, paragraph {paragraph}"
    return f"{title}, characters {found.start}–{found.end}"


def in_quotation_marks(text: str) -> str:
    """Return ``text`` in quotation marks, unless it begins or ends with one of its own.

    A second mark beside the first would read as a slip, and changing the inner marks would
    no longer be the exact words.
    """
    if text[:1] in _QUOTATION_MARKS or text[-1:] in _QUOTATION_MARKS:
        return text
    return f"“{text}”"


def _paragraph_ends(article_id: str, article_of: Callable[[str], Article]) -> list[int]:
    try:
        article = article_of(article_id)
    except ArticleNotFound:
        return []
    return [block.span.end for block in blocks(article) if not block.level]


def _excerpt(passage: Passage) -> Citation:
    start, end = _first_sentences(passage)
    return Citation(
        article_id=passage.article_id,
        title=passage.title,
        start=start,
        end=end,
        quote=passage.text[start - passage.start : end - passage.start],
        heading=passage.heading,
        page=passage.page_of(start),
    )


def _first_sentences(passage: Passage) -> Span:
    """Return the first whole sentences of a passage that fit into EXCERPT_CHARS, at least one.

    Headings at the top are skipped, unless there is nothing else.
    """
    first, *more = passage.sentences or (Span(passage.start, passage.end),)
    while more and passage.is_heading(first):
        first, *more = more
    end = first.end
    for sentence in more:
        if sentence.end - first.start > EXCERPT_CHARS:
            break
        end = sentence.end
    return Span(first.start, end)
