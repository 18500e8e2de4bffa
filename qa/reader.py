"""A question and its passages → the words that answer it, or how likely it is that none do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from index.embedder import Embedder
from index.lexical import query_terms
from index.types import Passage, Span
from qa.evidence import text_stems
from qa.sentence_scoring import ScoredSentence, score_sentences

MAX_SENTENCES = 3
"""An answer quotes no more."""

# Words at the start of a sentence that stand for something in the one before.
_ANAPHORA = re.compile(
    r"[\"“‘'(]?(he|she|they|it|this|that|these|those|his|her|their|its|such|both|the former"
    r"|the latter)\b",
    re.IGNORECASE,
)

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
        chosen = [(best.passage, best.span)]
        chosen += [(best.passage, span) for span in _needed_around(question, best)]
        chosen += [(s.passage, s.span) for s in ranked[1:MAX_SENTENCES] if s.probability >= least]
        distinct = list(dict.fromkeys(chosen))
        return Reading(_quotes(distinct[:MAX_SENTENCES]), best.probability)


def _needed_around(question: str, best: ScoredSentence) -> list[Span]:
    """Return the neighbours that the best sentence leans on, or that go on with its answer.

    One that opens with "He" is understood only after the one before it; and one
    that follows with "He also called" goes on answering whom he called.
    """
    passage, sentences = best.passage, best.passage.sentences
    place = sentences.index(best.span)
    asked = set(query_terms(question))
    around: list[Span] = []
    first = place
    while first and _ANAPHORA.match(passage.words(sentences[first])):
        first -= 1
    if place - first < MAX_SENTENCES:
        around.extend(reversed(sentences[first:place]))
    if place + 1 < len(sentences):
        following = passage.words(sentences[place + 1])
        if _ANAPHORA.match(following) and asked.intersection(text_stems(following)):
            around.append(sentences[place + 1])
    return [s for s in around if _same_paragraph(passage, *sorted([s, best.span]))]


def _quotes(chosen: list[tuple[Passage, Span]]) -> tuple[Quote, ...]:
    """Join neighbours into one quote; the quote that holds the first chosen comes first."""
    best_passage, best_span = chosen[0]
    quotes: list[Quote] = []
    last: Span | None = None
    for passage, span in sorted(chosen, key=lambda pair: (pair[0].article_id, pair[1])):
        same = quotes and quotes[-1].article_id == passage.article_id
        if same and last and _adjacent(passage, last, span):
            quotes[-1] = replace(quotes[-1], end=span.end)
        else:
            quotes.append(Quote(passage.article_id, *span, passage.heading))
        last = span
    quotes.sort(
        key=lambda quote: (
            not (
                quote.article_id == best_passage.article_id
                and quote.start <= best_span.start < quote.end
            )
        )
    )
    return tuple(quotes)


def _adjacent(passage: Passage, first: Span, second: Span) -> bool:
    """Whether nothing but white space parts two sentences of one paragraph."""
    between = passage.text[max(0, first.end - passage.start) : second.start - passage.start]
    return _same_paragraph(passage, first, second) and not between.strip()


def _same_paragraph(passage: Passage, first: Span, second: Span) -> bool:
    """Whether two sentences of ``passage`` stand in one paragraph."""
    if first.end < passage.start:
        return False
    return "\n" not in passage.text[first.end - passage.start : second.start - passage.start]
