"""Find the words of passages that answer a question, and the probability that they do."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from index.letters import plain_letters
from index.types import Passage, Span
from qa.reading.calibration import Calibration, compute_features, logistic
from qa.reading.model import SpanModel, WindowReader, shipped_folder
from qa.reading.quotes import Quote, select_quotes
from qa.reading.ranking import ScoredSpan, distinct
from qa.reading.reading_text import reading_text
from qa.reading.spans import SpanCandidate, span_candidates

# Divides scores before the logistic function maps them to 0..1 for display.
_DISPLAY_SCALE = 5.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found, whether or not its confidence is high enough to show it."""

    quotes: tuple[Quote, ...]
    """Whole sentences that answer, in reading order; empty if there are no candidates."""
    confidence: float
    """Probability, in 0..1, that the answer is right."""
    short: Span | None = None
    """The shortest exact answer, inside the first quote; None if unknown."""
    passages: tuple[Passage, ...] = ()
    """The passages in the order of how well they answer, with new ranks and scores."""


class Reader(Protocol):
    """A component that finds the words that answer a question in passages."""

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """Return the best answer in ``passages``, with the probability that it is one."""

    def load(self) -> None:
        """Load the model, so that :meth:`read` need not wait for it."""

    @property
    def is_loaded(self) -> bool:
        """Whether the model is loaded."""

    @property
    def levels(self) -> Mapping[str, float]:
        """For each of :data:`qa.settings.LEVELS`, the confidence from which to answer."""


class ExtractiveReader:
    """Finds the span that answers with the reading model, and quotes its sentences.

    Safe to use from several threads. The shipped model is loaded at first use or by
    :meth:`load`.

    Args:
        model: Reads passages; None for the shipped one.
        calibration: Ranks spans and estimates confidence; None for the shipped one.
    """

    def __init__(
        self, model: WindowReader | None = None, calibration: Calibration | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._model = model
        self._calibration = calibration

    @property
    def levels(self) -> Mapping[str, float]:
        """For each of :data:`qa.settings.LEVELS`, the confidence from which to answer."""
        return self.calibration.levels

    @property
    def calibration(self) -> Calibration:
        """The ranking, confidence and thresholds."""
        if self._calibration is None:
            self._calibration = Calibration.shipped(shipped_folder())
        return self._calibration

    @property
    def is_loaded(self) -> bool:
        """Whether the model is loaded."""
        return self._model is not None

    def load(self) -> None:
        """Load the model, once.

        Raises:
            ModelError: The model cannot be used.
        """
        self._loaded()

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """Return the best answer in ``passages``, with the probability that it is one.

        Raises:
            ModelError: The model cannot be used.
        """
        return self.interpret(question, passages, self.score_spans(question, passages))

    def interpret(
        self, question: str, passages: Sequence[Passage], scored: Sequence[ScoredSpan]
    ) -> Reading:
        """Return the reading for the scored spans of ``passages``."""
        if not scored:
            return Reading((), 0.0, passages=tuple(passages))
        confidence = self.calibration.confidence(compute_features(question, scored, passages))
        quotes = select_quotes(question, distinct(scored))
        short = _within(quotes[0], scored[0].candidate.span)
        return Reading(quotes, confidence, short, _reordered(passages, scored))

    def score_spans(self, question: str, passages: Sequence[Passage]) -> list[ScoredSpan]:
        """Return the spans that could answer, best first; see :meth:`Ranking.rank`."""
        model = self._loaded()

        def spans_of(some: Sequence[Passage]) -> list[SpanCandidate]:
            texts = [reading_text(passage.text, passage.table_header) for passage in some]
            windows = model.read(plain_letters(question), [text.text for text in texts])
            read = zip(some, texts, windows, strict=True)
            return [
                span
                for passage, text, logits in read
                for span in span_candidates(passage, text.place_tokens(logits))
            ]

        return self.calibration.rank.rank(question, passages, spans_of)

    def _loaded(self) -> WindowReader:
        with self._lock:
            self._model = self._model or SpanModel.shipped()
            return self._model


def _within(quote: Quote, span: Span) -> Span:
    """Return the part of ``span`` in ``quote``, which may be cut at MAX_SENTENCES."""
    return Span(max(span.start, quote.start), min(span.end, quote.end))


def _reordered(passages: Sequence[Passage], scored: Sequence[ScoredSpan]) -> tuple[Passage, ...]:
    """Return the passages ordered by their best spans, those without spans last."""
    best: dict[tuple[str, int], float] = {}
    for span in scored:
        passage = span.candidate.passage
        best.setdefault((passage.article_id, passage.start), span.score)
    order = [(best.get((p.article_id, p.start), -math.inf), p) for p in passages]
    order.sort(key=lambda item: (-item[0], item[1].rank))
    return tuple(
        replace(passage, rank=rank, score=logistic(score / _DISPLAY_SCALE))
        for rank, (score, passage) in enumerate(order, start=1)
    )
