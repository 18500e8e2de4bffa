"""What a reader found → the Answer that every surface shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.types import Article, Passage, Span
from qa.answer import Answer
from qa.citations import Citation
from qa.reader import Reading

REFUSAL = "The article does not say."
REFUSAL_OF_SEVERAL = "The articles do not say."


def compose_answer(
    question: str,
    passages: Sequence[Passage],
    reading: Reading,
    article_of: Callable[[str], Article],
    min_confidence: float,
) -> Answer:
    """Return the answer that quotes what was read, or a refusal if it is not sure enough.

    Raises:
        CitationError: The reader named words that the article does not have.
    """
    if not reading.quotes or reading.confidence < min_confidence:
        several = len({passage.article_id for passage in passages}) > 1
        return Answer(
            question=question,
            text=REFUSAL_OF_SEVERAL if several else REFUSAL,
            short=None,
            citations=(),
            answered=False,
            confidence=reading.confidence,
            passages=tuple(passages),
        )
    citations = tuple(
        Citation.of(article_of(quote.article_id), quote.start, quote.end, heading=quote.heading)
        for quote in reading.quotes
    )
    text, marks = _marked([citation.quote for citation in citations])
    first = citations[0]
    short = reading.short and article_of(first.article_id).text[slice(*reading.short)]
    return Answer(
        question=question,
        text=text,
        short=short,
        citations=citations,
        answered=True,
        confidence=reading.confidence,
        passages=tuple(passages),
        marks=marks,
    )


def _marked(quotes: Sequence[str]) -> tuple[str, tuple[Span, ...]]:
    """Return the quotes one after the other, each with its mark, and where the marks stand."""
    text = ""
    marks = []
    for number, quote in enumerate(quotes, start=1):
        text += f"{quote} " if not text else f" {quote} "
        mark = f"[{number}]"
        marks.append(Span(len(text), len(text) + len(mark)))
        text += mark
    return text, tuple(marks)
