"""Answer questions about the document itself: its title, its author and its date."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.types import Article, Passage, Span
from qa.answers.answer import Answer, Kind
from qa.answers.compose import NO_ARTICLE
from qa.conversation.intent import Intent
from qa.output.escape import single_line

ABOUT_DOCUMENT = frozenset({Intent.AUTHOR, Intent.DATE, Intent.TITLE})
BYLINE_QUESTIONS = {Intent.AUTHOR: "Who is the author?", Intent.DATE: "What is the date?"}
"""What the reader is asked of a byline, whatever the wording of the question."""
MAX_BYLINES = 5
"""The most articles whose bylines are read."""
MAX_TITLES = 5
"""The most titles that are listed."""
_MAX_LINE_CHARS = 100
_LINES_AT_START, _LINES_AT_END = 8, 4
_TYPICAL_SCORE, _TYPICAL_SIMILARITY = 0.5, 0.3
"""A byline is not retrieved; the reader expects the scores of a passage that was."""
_NAMES_NONE = {
    Intent.AUTHOR: ("The article does not name its author.", "The articles do not name an author."),
    Intent.DATE: (
        "The article does not say when it was written.",
        "The articles do not say when they were written.",
    ),
}
_LINE = re.compile(r"[^\n]*\S")


def byline_passages(article: Article) -> list[Passage]:
    """Return the short lines at the start and at the end of an article, without its title.

    That is where author and date are; a longer line is prose, and ends the search.
    """
    lines = [Span(*match.span()) for match in _LINE.finditer(article.text)]
    first = _short_lines(lines[:_LINES_AT_START])
    last = _short_lines(lines[len(first) :][::-1][:_LINES_AT_END])[::-1]
    if first and single_line(article.text[slice(*first[0])]) == single_line(article.title):
        first = first[1:]
    return [_passage(article, found) for found in (first, last) if found]


def title_answer(question: str, titles: Sequence[str], articles: int) -> Answer:
    """Return the titles of articles as an answer without citations; without one, a refusal.

    ``titles`` are those of the first of so many ``articles``.
    """
    if not titles:
        return _without_citations(question, NO_ARTICLE, kind=Kind.ANSWER, answered=False)
    shown = [f"“{single_line(title)}”" for title in titles[:MAX_TITLES]]
    if articles > len(shown):
        shown.append(f"{articles - len(shown)} more")
    *most, last = shown
    text = f"The titles are {', '.join(most)} and {last}." if most else f"The title is {last}."
    return _without_citations(question, text, kind=Kind.DOCUMENT, answered=True)


def no_byline(question: str, intent: Intent, articles: int) -> Answer:
    """Return the refusal of a question for the author or the date of this many articles."""
    text = _NAMES_NONE[intent][articles > 1] if articles else NO_ARTICLE
    return _without_citations(question, text, kind=Kind.ANSWER, answered=False)


def _short_lines(lines: Sequence[Span]) -> list[Span]:
    """Return the first lines up to one that is long."""
    for number, (start, end) in enumerate(lines):
        if end - start > _MAX_LINE_CHARS:
            return list(lines[:number])
    return list(lines)


def _passage(article: Article, lines: Sequence[Span]) -> Passage:
    start, end = lines[0].start, lines[-1].end
    return Passage(
        article_id=article.id,
        title=article.title,
        text=article.text[start:end],
        start=start,
        end=end,
        score=_TYPICAL_SCORE,
        rank=1,
        sentences=tuple(lines),
        similarity=_TYPICAL_SIMILARITY,
        page=article.page_of(start),
    )


def _without_citations(question: str, text: str, *, kind: Kind, answered: bool) -> Answer:
    return Answer(
        question=question,
        text=text,
        short=None,
        citations=(),
        answered=answered,
        confidence=float(answered),
        passages=(),
        kind=kind,
    )
