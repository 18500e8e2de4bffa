"""Find the words of passages that answer a question, and the probability that they do."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from index.letters import plain_letters
from index.types import Passage, Span, overlap
from qa.reading.calibration import Calibration, compute_features, logistic
from qa.reading.model import SpanModel, Turn, WindowReader, shipped_folder
from qa.reading.quotes import Quote, reply_after, select_quotes, whole_list
from qa.reading.ranking import ScoredSpan, distinct
from qa.reading.reading_text import reading_text
from qa.reading.spans import FirstPass, SpanCandidate, decided, several, span_candidates
from qa.reading.table_focus import in_fitting_columns, rows_to_read, whole_cell

# Divides scores before the logistic function maps them to 0..1 for display.
_DISPLAY_SCALE = 5.0
_LAST_QUESTION_CHARS = 200
"""Characters of the last question, at its end, so that it leaves room for this one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found, whether or not its confidence is high enough to show it."""

    quotes: tuple[Quote, ...]
    """Whole sentences that answer, in reading order; empty if there are no candidates."""
    confidence: float
    """Probability, in 0..1, that the answer is right."""
    short: Span | None = None
    """The shortest exact answer, inside the first quote; None if unknown or if there is no single
    one."""
    members: tuple[Span, ...] = ()
    """Each of several exact answers, inside the quotes; empty if there is one."""
    verdict: str | None = None
    """"yes" or "no" if that is the answer and it is sure."""
    passages: tuple[Passage, ...] = ()
    """The passages in the order of how well they answer, with new ranks and scores."""
    used_turns: bool = False
    """Whether the question alone has another answer, or none, in the passage that answers."""


class Reader(Protocol):
    """A component that finds the words that answer a question in passages."""

    def read(
        self, question: str, passages: Sequence[Passage], turns: Sequence[Turn] = ()
    ) -> Reading:
        """Return the best answer in ``passages``, with the probability that it is one.

        ``turns`` are earlier ones that the question may refer to, the latest last.
        """

    def take_notice(self) -> str | None:
        """Return something that the user must be told once; None if there is nothing."""

    def load(self) -> None:
        """Load the model, so that :meth:`read` need not wait for it."""

    @property
    def is_loaded(self) -> bool:
        """Whether the model is loaded."""

    @property
    def levels(self) -> Mapping[str, float]:
        """For each of :data:`qa.settings.LEVELS`, the confidence from which to answer."""


class SpanReader(Reader, Protocol):
    """A reader whose candidates can be looked at, for measuring."""

    @property
    def calibration(self) -> Calibration:
        """The ranking, confidence and thresholds."""

    def score_spans(
        self, question: str, passages: Sequence[Passage], turns: Sequence[Turn] = ()
    ) -> list[ScoredSpan]:
        """Return the spans that could answer, best first."""

    def interpret(
        self, question: str, passages: Sequence[Passage], scored: Sequence[ScoredSpan]
    ) -> Reading:
        """Return the reading for the scored spans of ``passages``."""


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

    def take_notice(self) -> str | None:
        """Return None: there is nothing to tell."""
        return None

    def read(
        self, question: str, passages: Sequence[Passage], turns: Sequence[Turn] = ()
    ) -> Reading:
        """Return the best answer in ``passages``, with the probability that it is one.

        The model was not trained with turns. They are used only if it does not find the question
        alone answered: else they cost complete questions more than follow-ups gain.

        Raises:
            ModelError: The model cannot be used.
        """
        scored = self.score_spans(question, passages)
        alone = self.interpret(question, passages, scored)
        if not turns or alone.confidence >= self.levels["balanced"]:
            return alone
        after = self.score_spans(question, passages, turns)
        if not after or is_same_answer(after[0].candidate, scored[0].candidate):
            return alone
        return replace(self.interpret(question, passages, after), used_turns=True)

    def interpret(
        self, question: str, passages: Sequence[Passage], scored: Sequence[ScoredSpan]
    ) -> Reading:
        """Return the reading for the scored spans of ``passages``."""
        return reading_of(question, passages, scored, self.calibration)

    def score_spans(
        self,
        question: str,
        passages: Sequence[Passage],
        turns: Sequence[Turn] = (),
    ) -> list[ScoredSpan]:
        """Return the spans that could answer, best first; see :meth:`Ranking.rank`.

        The model was trained without earlier turns: it is given the last question before this one.
        """
        question = with_last_question(question, turns)
        model = self._loaded()

        def spans_of(some: Sequence[Passage]) -> list[SpanCandidate]:
            return candidates_in(model, question, some)

        by_score = sorted(passages, key=lambda passage: -passage.score)
        return self.calibration.rank.rank(question, by_score, spans_of)

    def _loaded(self) -> WindowReader:
        with self._lock:
            self._model = self._model or SpanModel.shipped()
            return self._model


def candidates_in(
    model: WindowReader,
    question: str,
    passages: Sequence[Passage],
    history: str = "",
    first: Callable[[Passage], FirstPass | None] = lambda _: None,
) -> list[SpanCandidate]:
    """Return the spans of ``passages`` that ``model`` finds, of each passage the best first.

    ``first`` returns what the first pass found in a passage.
    """
    tables = rows_to_read(question, passages, history)
    texts = [
        reading_text(passage.text, rows, passage.start)
        for passage, rows in zip(passages, tables, strict=True)
    ]
    titles = [passage.title for passage in passages]
    windows = model.read(plain_letters(question), [text.text for text in texts], titles, history)
    return [
        span
        for passage, rows, text, logits in zip(passages, tables, texts, windows, strict=True)
        for span in in_fitting_columns(
            span_candidates(passage, text.place_tokens(logits), first(passage)), rows
        )
    ]


def with_last_question(question: str, turns: Sequence[Turn]) -> str:
    """Return the last question of ``turns`` and ``question`` as one text."""
    return f"{turns[-1].question[-_LAST_QUESTION_CHARS:]} {question}" if turns else question


def is_same_answer(one: SpanCandidate, other: SpanCandidate) -> bool:
    """Return whether two spans overlap."""
    same_article = one.passage.article_id == other.passage.article_id
    return same_article and overlap(one.span, other.span)


def reading_of(
    question: str,
    passages: Sequence[Passage],
    scored: Sequence[ScoredSpan],
    calibration: Calibration,
) -> Reading:
    """Return the reading for the scored spans of ``passages``."""
    if not scored:
        return Reading((), 0.0, passages=tuple(passages))
    confidence = calibration.confidence(compute_features(question, scored, passages))
    best = replace(scored[0].candidate, span=whole_cell(scored[0].candidate))
    reply = reply_after(best)
    if reply:
        best = replace(best, span=reply)
    verdict = decided(best, calibration.sure_verdict)
    members = () if verdict else whole_list(question, best, several(best))
    first = replace(scored[0], candidate=best)
    quotes = select_quotes(question, distinct([first, *scored[1:]]), members)
    members = tuple(m for m in members if any(q.start <= m.start < m.end <= q.end for q in quotes))
    short = None if verdict or members or reply else _within(quotes[0], best.span)
    return Reading(quotes, confidence, short, members, verdict, _reordered(passages, scored))


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
