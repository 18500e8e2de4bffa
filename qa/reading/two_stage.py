"""Find answers with two models: the small one orders the passages, the large one reads the best."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.errors import ModelUnavailable
from index.types import Passage
from qa.reading.calibration import Calibration, compute_features, logit
from qa.reading.large_model import LargeModel
from qa.reading.model import Turn, WindowReader, shipped_folder
from qa.reading.ranking import ScoredSpan
from qa.reading.reader import (
    ExtractiveReader,
    Reader,
    Reading,
    candidates_in,
    is_same_answer,
    reading_of,
    with_last_question,
)
from qa.reading.spans import FirstPass, SpanCandidate
from qa.settings import Settings

READ = 4
"""The most passages that the large model reads."""
LARGE_CALIBRATION = "large_calibration.json"
_PLACE = tuple[str, int]

_logger = logging.getLogger(__name__)


class TwoStageReader:
    """Finds the span that answers, and quotes its sentences. Safe to use from several threads.

    The models are loaded at first use or by :meth:`load`. If the large one cannot be had, the small
    one answers alone.

    Args:
        small: Orders the passages.
        large: Reads the best of them; None for the shipped model.
        calibration: Ranks spans and estimates confidence; None for the shipped one.
        read: The most passages that the large model reads.
    """

    def __init__(
        self,
        small: ExtractiveReader | None = None,
        large: WindowReader | None = None,
        calibration: Calibration | None = None,
        read: int = READ,
    ) -> None:
        self._small = small or ExtractiveReader()
        self._lock = threading.Lock()
        self._large = large
        self._calibration = calibration
        self._read = read
        self._is_tried = large is not None
        self._notice: str | None = None

    @property
    def calibration(self) -> Calibration:
        """The ranking, confidence and thresholds of the model that answers."""
        if self.large_model() is None:
            return self._small.calibration
        if self._calibration is None:
            self._calibration = Calibration.shipped(shipped_folder(), LARGE_CALIBRATION)
        return self._calibration

    @property
    def levels(self) -> Mapping[str, float]:
        """For each of :data:`qa.settings.LEVELS`, the confidence from which to answer."""
        return self.calibration.levels

    @property
    def is_loaded(self) -> bool:
        """Whether both models are loaded."""
        return self._is_tried and self._small.is_loaded

    def load(self) -> None:
        """Load the models, once.

        Raises:
            ModelError: A model cannot be used.
        """
        self.large_model()
        self._small.load()

    def take_notice(self) -> str | None:
        """Return why the small model answers alone, the first time; None afterwards."""
        with self._lock:
            notice, self._notice = self._notice, None
        return notice

    def read(
        self, question: str, passages: Sequence[Passage], turns: Sequence[Turn] = ()
    ) -> Reading:
        """Return the best answer in ``passages``, with the probability that it is one.

        Raises:
            ModelError: A model cannot be used.
        """
        model = self.large_model()
        if model is None:
            return self._small.read(question, passages, turns)
        scored, used_turns = self._scored(question, passages, turns, model)
        return replace(self.interpret(question, passages, scored), used_turns=used_turns)

    def interpret(
        self, question: str, passages: Sequence[Passage], scored: Sequence[ScoredSpan]
    ) -> Reading:
        """Return the reading for the scored spans of ``passages``."""
        return reading_of(question, passages, scored, self.calibration)

    def score_spans(
        self, question: str, passages: Sequence[Passage], turns: Sequence[Turn] = ()
    ) -> list[ScoredSpan]:
        """Return the spans that could answer in the passages read, best first."""
        model = self.large_model()
        if model is None:
            return self._small.score_spans(question, passages, turns)
        return self._scored(question, passages, turns, model)[0]

    def _scored(
        self, question: str, passages: Sequence[Passage], turns: Sequence[Turn], model: WindowReader
    ) -> tuple[list[ScoredSpan], bool]:
        """Return the spans, best first, and whether the best one needs the earlier turns."""
        first = self._first_passes(question, passages, turns)
        order = sorted(passages, key=lambda p: (-first[_place(p)].behind, p.rank))[: self._read]
        history = " ".join(f"{turn.question} {turn.answer}" for turn in turns)

        def spans_of(some: Sequence[Passage]) -> list[SpanCandidate]:
            return candidates_in(model, question, some, history, lambda p: first[_place(p)])

        def behind(passage: Passage) -> float:
            return first[_place(passage)].behind

        scored = self.calibration.rank.rank(question, order, spans_of, behind, at_once=1)
        return _with_verdict(question, scored, model) if scored and turns else (scored, False)

    def _first_passes(
        self, question: str, passages: Sequence[Passage], turns: Sequence[Turn]
    ) -> dict[_PLACE, FirstPass]:
        """Return what the small model finds in each passage.

        A question after others is read twice, alone and with the last of them; what ranks a passage
        higher counts.
        """
        together = self._first_pass(with_last_question(question, turns), passages)
        if not turns:
            return together
        alone = self._first_pass(question, passages)
        return {
            place: max(first, alone[place], key=lambda f: f.behind)
            for place, first in together.items()
        }

    def _first_pass(self, question: str, passages: Sequence[Passage]) -> dict[_PLACE, FirstPass]:
        """Return what the small model finds in each passage; those it does not read come last."""
        scored = self._small.score_spans(question, passages)
        best: dict[_PLACE, ScoredSpan] = {}
        for span in scored:
            best.setdefault(_place(span.candidate.passage), span)
        confidence, top, last = 0.0, 0.0, 0.0
        if scored:
            calibration = self._small.calibration
            features = compute_features(question, scored, passages)
            confidence = logit(min(0.999, max(0.001, calibration.raw_confidence(features))))
            top, last = scored[0].score, min(span.score for span in best.values())
        found = {}
        for passage in passages:
            own = best.get(_place(passage))
            behind = own.score - top if own else last - top
            chosen = own.candidate.span if own and own is scored[0] else None
            found[_place(passage)] = FirstPass(behind, confidence, chosen)
        return found

    def large_model(self) -> WindowReader | None:
        """Return the large model, loaded if need be; None if it cannot be had."""
        with self._lock:
            if not self._is_tried:
                try:
                    self._large = LargeModel.shipped()
                except ModelUnavailable as error:
                    self._notice = f"A smaller reading model answers. {error}"
                    _logger.warning("%s", self._notice)
                self._is_tried = True
            return self._large


def reader_of(settings: Settings) -> Reader:
    """Return the reader that the settings name."""
    return ExtractiveReader() if settings.reader == "small" else TwoStageReader()


def _with_verdict(
    question: str, scored: Sequence[ScoredSpan], model: WindowReader
) -> tuple[list[ScoredSpan], bool]:
    """Return the spans, the best with the verdict of reading its passage without earlier turns.

    No dialogue that the model was trained on has a yes/no question with its verdict. Also return
    whether the passage has another answer, or none, without the turns.
    """
    best = scored[0].candidate
    alone = candidates_in(model, question, [best.passage])
    found = alone and alone[0].has_answer >= 0 and is_same_answer(best, alone[0])
    judged = replace(best, verdict=alone[0].verdict if alone else ())
    return [replace(scored[0], candidate=judged), *scored[1:]], not found


def _place(passage: Passage) -> _PLACE:
    return passage.article_id, passage.start
