"""Estimate how likely the best span is to answer the question."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.resources.abc import Traversable
from typing import Any, Self

import numpy as np

from index.types import Passage
from qa.reading.model import CALIBRATION, read_json
from qa.reading.ranking import (
    Ranking,
    ScoredSpan,
    agreement,
    distinct,
    names_missing,
    question_terms,
    titled_sentences,
)
from qa.retrieval.fusion import text_stems
from qa.settings import LEVELS

_LARGEST_EXPONENT = 700.0
"""``math.exp`` overflows from 710 on."""


def logit(probability: float) -> float:
    """Return the log-odds of a probability between 0 and 1, both excluded."""
    return math.log(probability / (1 - probability))


def logistic(value: float) -> float:
    """Return the probability of a logit, in 0..1."""
    return 1 / (1 + math.exp(min(_LARGEST_EXPONENT, -value)))


@dataclass(frozen=True, slots=True)
class Features:
    """Features that predict whether the best span is right."""

    margin: float
    """Its logit minus that of no answer."""
    has_answer: float
    """The logit that its window contains an answer."""
    lead: float
    """Logarithm of its share of the softmax over all spans' scores."""
    retrieval: float
    """The passage's score by the retriever, in 0..1."""
    similarity: float
    """Cosine of question and passage vectors."""
    coverage: float
    """Share, by idf, of the question's words in the passage, its heading or its title."""
    near: float
    """The same for the sentences that the span overlaps and the title."""
    missing: float
    """Share of the question's names and numbers that the passage lacks."""
    length: float
    """Logarithm of its number of words."""
    first_confidence: float = 0.0
    """The log-odds of the first pass that its answer is right; see :class:`FirstPass`."""
    agrees: float = 0.0
    """Share of the first pass's best span that the span overlaps."""
    decides: float = 0.0
    """The log-odds that the question is answered by "yes" or "no"."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The fitted ranking, confidence and thresholds of the reader; stored as JSON."""

    rank: Ranking
    bias: float
    weights: Features
    raw: tuple[float, ...]
    """Probabilities of the logistic model, rising."""
    true: tuple[float, ...]
    """The share that was right at each of ``raw``; interpolated linearly."""
    levels: Mapping[str, float]
    """For each of LEVELS, the confidence from which it answers."""
    sure_verdict: float = 1.0
    """The probability from which "yes" or "no" is the answer."""

    @classmethod
    def shipped(cls, folder: Traversable, name: str = CALIBRATION) -> Self:
        """Return the calibration in a file beside the reading model in ``folder``.

        Raises:
            ModelMissing: The file is missing.
            ModelCorrupt: It is not of the format.
        """
        return read_json(folder, name, cls.from_dict)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the calibration that :meth:`to_dict` was made from; other keys are ignored."""
        return cls(
            Ranking.from_dict(data["rank"]),
            float(data["bias"]),
            Features(**data["weights"]),
            tuple(map(float, data["raw"])),
            tuple(map(float, data["true"])),
            {level: float(data["levels"][level]) for level in LEVELS},
            float(data.get("sure_verdict", 1.0)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)

    def confidence(self, features: Features) -> float:
        """Return the probability, in 0..1, that a best span with these features is right."""
        raw = self.raw_confidence(features)
        return float(np.interp(raw, self.raw, self.true))

    def raw_confidence(self, features: Features) -> float:
        """Return the probability before the isotonic correction."""
        weighted = (
            getattr(self.weights, f.name) * getattr(features, f.name) for f in fields(Features)
        )
        return logistic(max(-30.0, min(30.0, self.bias + sum(weighted))))


def compute_features(
    question: str, scored: Sequence[ScoredSpan], passages: Sequence[Passage]
) -> Features:
    """Return the features of the best of ``scored``, the ranked spans of ``passages``."""
    best = scored[0]
    candidate, passage = best.candidate, best.candidate.passage
    scores = np.array([span.score for span in distinct(scored)])
    context = f"{passage.title} {passage.heading} {passage.text}"
    terms = question_terms(question, passages)
    return Features(
        margin=candidate.margin,
        has_answer=candidate.has_answer,
        lead=float(best.score - np.logaddexp.reduce(scores)),
        retrieval=passage.score,
        similarity=passage.similarity,
        coverage=terms.coverage(text_stems(context)),
        near=terms.coverage(text_stems(titled_sentences(candidate))),
        missing=names_missing(question, context),
        length=math.log1p(len(candidate.text.split())),
        first_confidence=candidate.first.confidence if candidate.first else 0.0,
        agrees=agreement(candidate),
        decides=_decides(candidate.verdict),
    )


def _decides(verdict: Sequence[float]) -> float:
    """Return the log-odds of "yes" or "no" against words, given their logits."""
    if not verdict:
        return 0.0
    words, yes, no = verdict
    return float(np.logaddexp(yes, no) - words)
