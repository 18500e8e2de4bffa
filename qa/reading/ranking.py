"""Rank the spans of several passages by how well they answer the question.

A span is weighed against the others of its question by the reading model, the retriever
and the words around it: a conditional logit (McFadden 1974), fitted by ``training/fit_ranking.py``.
The scores of a question are logarithms of the spans' chances, but for a constant.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Self

from index.types import Passage
from qa.reading.spans import SpanCandidate, sentences_around
from qa.retrieval.fusion import QuestionTerms, text_stems

READ_AT_ONCE = 2
"""Passages that are read before it is asked whether that is enough."""

_NAME_OR_NUMBER = re.compile(r"(?<!^)(?<![.?!] )\b(?:[A-Z]\w+|\w*\d\w*)")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class RankFeatures:
    """Features that predict how well a span answers; or their weights."""

    margin: float
    """How much more likely the span is than no answer, in logits."""
    has_answer: float
    """The logit that its window answers."""
    retrieval: float
    """The passage's score by the retriever, in 0..1."""
    near: float
    """Share, by rarity, of the question's words in the sentences that it has a part in."""
    echo: float
    """Share of its words that the question has, too."""
    length: float
    """Logarithm of its number of words."""


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A candidate and its score, by which candidates of one question are compared."""

    candidate: SpanCandidate
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """How spans are ordered, and how far the passages are read for them."""

    weights: RankFeatures
    reach: float | None = None
    """What a span's score comes to at most, but for its passage's part; None if unknown."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the ranking that ``dataclasses.asdict`` made ``data`` from."""
        return cls(
            RankFeatures(**data["weights"]), None if data["reach"] is None else data["reach"]
        )

    def rank(
        self,
        question: str,
        passages: Sequence[Passage],
        spans_of: Callable[[Sequence[Passage]], Sequence[SpanCandidate]],
    ) -> list[ScoredSpan]:
        """Return the spans by score, best first; ``spans_of`` finds those of some passages.

        Passages are read in their order, and no further once the rest cannot have a
        better span.
        """
        scored: list[ScoredSpan] = []
        for first in range(0, len(passages), READ_AT_ONCE):
            if scored and self._is_settled(scored[0], passages[first]):
                break
            candidates = spans_of(passages[first : first + READ_AT_ONCE])
            features = rank_features(question, passages, candidates)
            scored += [
                ScoredSpan(candidate, _dot(feature, self.weights))
                for candidate, feature in zip(candidates, features, strict=True)
            ]
            scored.sort(key=lambda j: (-j.score, j.candidate.passage.rank, j.candidate.span))
        return scored

    def _is_settled(self, best: ScoredSpan, following: Passage) -> bool:
        if self.reach is None:
            return False
        return best.score > self.weights.retrieval * following.score + self.reach


def rank_features(
    question: str, passages: Sequence[Passage], candidates: Sequence[SpanCandidate]
) -> list[RankFeatures]:
    """Return the features of each candidate."""
    terms = question_terms(question, passages)
    asked = set(_words(question))
    found = []
    for candidate in candidates:
        words = _words(candidate.text)
        found.append(
            RankFeatures(
                margin=candidate.margin,
                has_answer=candidate.has_answer,
                retrieval=candidate.passage.score,
                near=terms.coverage(text_stems(sentences_of(candidate))),
                echo=sum(word in asked for word in words) / max(1, len(words)),
                length=math.log1p(len(words)),
            )
        )
    return found


def distinct(scored: Sequence[ScoredSpan]) -> list[ScoredSpan]:
    """Return the spans, of the same words only the first."""
    found: dict[str, ScoredSpan] = {}
    for span in scored:
        found.setdefault(" ".join(span.candidate.text.casefold().split()), span)
    return list(found.values())


def question_terms(question: str, passages: Sequence[Passage]) -> QuestionTerms:
    """Return the words of the question, each the weightier the fewer ``passages`` have it."""
    return QuestionTerms.of(question, [frozenset(text_stems(p.text)) for p in passages])


def sentences_of(candidate: SpanCandidate) -> str:
    """Return the sentences that a candidate has a part in."""
    passage = candidate.passage
    return " ".join(passage.words(s) for s in sentences_around(passage, candidate.span))


def names_missing(question: str, text: str) -> float:
    """Return the share of the question's names and numbers that are not among the text's words."""
    named = {word.casefold().removesuffix("s") for word in _NAME_OR_NUMBER.findall(question)}
    words = {word.removesuffix("s") for word in _words(text)}
    return len(named - words) / len(named) if named else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _dot(features: RankFeatures, weights: RankFeatures) -> float:
    return float(sum(a * b for a, b in zip(astuple(features), astuple(weights), strict=True)))
