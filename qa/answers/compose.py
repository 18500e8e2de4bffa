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
    text, marks = _marked([citation.quote for citation in citations])
    short_at = _place_in(citations[0], reading.short)
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
    )


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


def _place_in(first: Citation, short: Span | None) -> Span | None:
    """Return the offsets of the short answer in a text that begins with the first quote."""
    if short is None:
        return None
    if not first.start <= short.start < short.end <= first.end:
        msg = f"The short answer at {short.start}–{short.end} is not in the first quote."
        raise CitationError(msg)
    return Span(short.start - first.start, short.end - first.start)


def quote_starts(citations: Sequence[Citation], marks: Sequence[Span]) -> list[int]:
    """Return where each quote begins in a text in which its mark follows it after a space."""
    pairs = zip(citations, marks, strict=True)
    return [mark.start - 1 - len(citation.quote) for citation, mark in pairs]


def _marked(quotes: Sequence[str]) -> tuple[str, tuple[Span, ...]]:
    """Return the quotes joined by spaces, each with its mark, and the offsets of the marks."""
    text = ""
    marks = []
    for number, quote in enumerate(quotes, start=1):
        text += f"{quote} " if not text else f" {quote} "
        mark = f"[{number}]"
        marks.append(Span(len(text), len(text) + len(mark)))
        text += mark
    return text, tuple(marks)
