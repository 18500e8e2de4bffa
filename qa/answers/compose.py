"""Compose the Answer that every surface shows from what the reader found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from index.errors import CitationError
from index.types import Article, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.reading.reader import Reading

REFUSAL = "No sentence answers this question."
NO_ARTICLE = "There is no article. Add one first."


def compose_answer(
    question: str,
    reading: Reading,
    articles: Mapping[str, Article],
    min_confidence: float,
) -> Answer:
    """Return the answer that quotes the reader's sentences, or a refusal.

    Args:
        question: What was asked.
        reading: What the reader found.
        articles: The articles that it quotes, by id.
        min_confidence: Probability in 0..1, below which the question is refused.

    Raises:
        CitationError: The reader's offsets are not in the article.
    """
    if not reading.quotes or reading.confidence < min_confidence:
        return _refusal(question, reading)
    citations = tuple(
        Citation.of(articles[quote.article_id], quote.start, quote.end, heading=quote.heading)
        for quote in reading.quotes
    )
    text, marks = _marked(
        [citation.quote for citation in citations], verdict_words(reading.verdict)
    )
    starts = quote_starts(citations, marks)
    members = [_place_in(citations, starts, member) for member in reading.members]
    short_at = _place_in(citations[:1], starts, reading.short) if reading.short else None
    return Answer(
        question=question,
        text=text,
        short=text[slice(*short_at)] if short_at else None,
        citations=citations,
        answered=True,
        confidence=reading.confidence,
        passages=reading.passages,
        marks=marks,
        short_at=short_at,
        shorts_at=tuple(members),
        verdict=reading.verdict,
    )


def verdict_words(verdict: str | None) -> str:
    """Return what an answer with a verdict begins with; nothing without one."""
    return f"{verdict.capitalize()}. " if verdict else ""


def _refusal(question: str, reading: Reading) -> Answer:
    return Answer(
        question=question,
        text=REFUSAL,
        short=None,
        citations=(),
        answered=False,
        confidence=reading.confidence,
        passages=reading.passages,
    )


def _place_in(citations: Sequence[Citation], starts: Sequence[int], words: Span) -> Span:
    """Return the offsets, in a text whose quotes begin at ``starts``, of words of an article."""
    for citation, start in zip(citations, starts, strict=False):
        if citation.start <= words.start < words.end <= citation.end:
            by = start - citation.start
            return Span(words.start + by, words.end + by)
    msg = f"The short answer at {words.start}–{words.end} is not in its quote."
    raise CitationError(msg)


def quote_starts(citations: Sequence[Citation], marks: Sequence[Span]) -> list[int]:
    """Return where each quote begins in a text in which its mark follows it after a space."""
    pairs = zip(citations, marks, strict=True)
    return [mark.start - 1 - len(citation.quote) for citation, mark in pairs]


def _marked(quotes: Sequence[str], begins: str) -> tuple[str, tuple[Span, ...]]:
    """Return the quotes joined by spaces, each with its mark, and the offsets of the marks.

    ``begins`` is what the text begins with.
    """
    text = begins
    marks: list[Span] = []
    for number, quote in enumerate(quotes, start=1):
        text += f" {quote} " if marks else f"{quote} "
        mark = f"[{number}]"
        marks.append(Span(len(text), len(text) + len(mark)))
        text += mark
    return text, tuple(marks)
