"""A question and its passages → the words that answer it, or how likely it is that none do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from index.embedder import Embedder
from index.types import Passage, Span
from qa.sentence_scoring import ScoredSentence, score_sentences

MAX_SENTENCES = 3
"""An answer quotes no more."""

# A further sentence is quoted when it is nearly as likely as the best …
_FURTHER_SHARE = 0.75
# … and likely in itself.
_FURTHER_LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Quote:
    """A run of an article's words, in code points, and the heading it stands under."""

    article_id: str
    start: int
    end: int
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found, whether or not it is sure enough to be shown."""

    quotes: tuple[Quote, ...]
    """Whole sentences that answer, in the order they should be read; empty if none could."""
    confidence: float
    """Probability, in 0..1, that the quotes hold the answer."""
    short: Span | None = None
    """The shortest exact answer, inside the first quote's article; None if unknown."""


class Reader(Protocol):
    """Whatever finds the words that answer a question in passages."""

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """Return the best answer in ``passages``, with the probability that it is one."""


class ExtractiveReader:
    """Quotes the one to three sentences that answer best, by meaning and by words."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """Return the best sentences of ``passages``, with the probability that they answer."""
        scored = score_sentences(question, passages, self._embedder)
        if not scored:
            return Reading((), 0.0)
        ranked = sorted(scored, key=lambda s: (-s.probability, s.passage.rank, s.span))
        best = ranked[0]
        least = max(_FURTHER_LEAST, _FURTHER_SHARE * best.probability)
        chosen = [best, *(s for s in ranked[1:MAX_SENTENCES] if s.probability >= least)]
        return Reading(_quotes(chosen), best.probability)


def _quotes(chosen: list[ScoredSentence]) -> tuple[Quote, ...]:
    """Join neighbours into one quote; the quote that holds the best sentence comes first."""
    best = chosen[0]
    quotes: list[Quote] = []
    for sentence in sorted(chosen, key=lambda s: (s.passage.article_id, s.span)):
        passage, span = sentence.passage, sentence.span
        last = quotes[-1] if quotes else None
        if last and last.article_id == passage.article_id and _adjacent(passage, last.end, span):
            quotes[-1] = Quote(last.article_id, last.start, span.end, last.heading)
        else:
            quotes.append(Quote(passage.article_id, *span, passage.heading))
    quotes.sort(key=lambda quote: not _holds(quote, best))
    return tuple(quotes)


def _adjacent(passage: Passage, end: int, span: Span) -> bool:
    """Whether only white space of one paragraph parts a quote's end from the next sentence."""
    if end < passage.start:
        return False
    gap = passage.text[end - passage.start : span.start - passage.start]
    return not gap.strip() and "\n" not in gap


def _holds(quote: Quote, sentence: ScoredSentence) -> bool:
    same = quote.article_id == sentence.passage.article_id
    return same and quote.start <= sentence.span.start < quote.end
