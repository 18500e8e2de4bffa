"""Rank the spans of several passages by how well they answer the question.

A span's score is a weighted sum of what the reading model, the retriever and the words around it
say: a conditional logit model (McFadden 1974), fitted by ``training/fit_ranking.py``. The softmax
over a question's scores is the probability of each span.
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
"""The number of passages read between checks whether the rest can have a better span."""

_NAME_OR_NUMBER = re.compile(r"(?<!^)(?<![.?!] )\b(?:[A-Z]\w+|\w*\d\w*)")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class RankFeatures:
    """Features that predict whether a span answers, or their weights."""

    margin: float
    """The span's logit minus that of no answer."""
    has_answer: float
    """The logit that its window contains an answer."""
    retrieval: float
    """The passage's score by the retriever, in 0..1."""
    near: float
    """Share, by idf, of the question's words in the sentences that the span overlaps and in
    the title."""
    echo: float
    """Share of its words that are in the question."""
    length: float
    """Logarithm of its number of words."""
    behind: float = 0.0
    """How much less its passage's best span scored in the first pass; see :class:`FirstPass`."""
    agrees: float = 0.0
    """Share of the first pass's best span that it overlaps."""


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A candidate and its score; scores of different questions are not comparable."""

    candidate: SpanCandidate
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The weights that rank spans, and the bound by which reading can stop early."""

    weights: RankFeatures
    reach: float | None = None
    """Upper bound of a span's score without what is known of its passage; None if unknown."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the ranking from the values of :func:`dataclasses.asdict`."""
        return cls(RankFeatures(**data["weights"]), data["reach"])

    def rank(
        self,
        question: str,
        passages: Sequence[Passage],
        spans_of: Callable[[Sequence[Passage]], Sequence[SpanCandidate]],
        behind: Callable[[Passage], float] = lambda _: 0.0,
        at_once: int = READ_AT_ONCE,
    ) -> list[ScoredSpan]:
        """Return the spans of ``passages``, which ``spans_of`` finds, best first.

        Passages are read in order, until the rest cannot contain a better span.

        Args:
            question: What is asked.
            passages: In the order in which they are read.
            spans_of: Returns the candidates of some passages.
            behind: Returns :attr:`FirstPass.behind` of a passage.
            at_once: The number of passages read between checks whether to stop.
        """
        scored: list[ScoredSpan] = []
        for first in range(0, len(passages), at_once):
            following = passages[first]
            if scored and self._is_settled(scored[0], following, behind(following)):
                break
            candidates = spans_of(passages[first : first + at_once])
            features = rank_features(question, passages, candidates)
            scored += [
                ScoredSpan(candidate, _dot(feature, self.weights))
                for candidate, feature in zip(candidates, features, strict=True)
            ]
            scored.sort(key=lambda s: (-s.score, s.candidate.passage.rank, s.candidate.span))
        return scored

    def _is_settled(self, best: ScoredSpan, following: Passage, behind: float) -> bool:
        """Return whether ``following`` and later passages cannot contain a better span."""
        if self.reach is None:
            return False
        known = self.weights.retrieval * following.score + self.weights.behind * behind
        return best.score > known + self.reach


def rank_features(
    question: str, passages: Sequence[Passage], candidates: Sequence[SpanCandidate]
) -> list[RankFeatures]:
    """Return the features of each candidate."""
    terms = question_terms(question, passages)
    question_words = set(_words(question))
    features = []
    for candidate in candidates:
        words = _words(candidate.text)
        features.append(
            RankFeatures(
                margin=candidate.margin,
                has_answer=candidate.has_answer,
                retrieval=candidate.passage.score,
                near=terms.coverage(text_stems(titled_sentences(candidate))),
                echo=sum(word in question_words for word in words) / max(1, len(words)),
                length=math.log1p(len(words)),
                behind=candidate.first.behind if candidate.first else 0.0,
                agrees=agreement(candidate),
            )
        )
    return features


def agreement(candidate: SpanCandidate) -> float:
    """Return the share of the first pass's best span that a candidate overlaps, in 0..1."""
    best = candidate.first.best if candidate.first else None
    if best is None:
        return 0.0
    shared = min(best.end, candidate.span.end) - max(best.start, candidate.span.start)
    return max(0, shared) / max(1, best.end - best.start)


def distinct(scored: Sequence[ScoredSpan]) -> list[ScoredSpan]:
    """Return the spans without those whose words repeat an earlier one."""
    by_words: dict[str, ScoredSpan] = {}
    for span in scored:
        by_words.setdefault(" ".join(span.candidate.text.casefold().split()), span)
    return list(by_words.values())


def question_terms(question: str, passages: Sequence[Passage]) -> QuestionTerms:
    """Return the words of the question, weighted by how rare they are in ``passages``."""
    return QuestionTerms.of(question, [frozenset(text_stems(p.text)) for p in passages])


def titled_sentences(candidate: SpanCandidate) -> str:
    """Return the title of a candidate's article and the sentences that it overlaps."""
    passage = candidate.passage
    sentences = [passage.words(s) for s in sentences_around(passage, candidate.span)]
    return " ".join([passage.title, *sentences])


def names_missing(question: str, text: str) -> float:
    """Return the share of the question's names and numbers that the text lacks."""
    named = {word.casefold().removesuffix("s") for word in _NAME_OR_NUMBER.findall(question)}
    words = {word.removesuffix("s") for word in _words(text)}
    return len(named - words) / len(named) if named else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _dot(features: RankFeatures, weights: RankFeatures) -> float:
    return float(sum(a * b for a, b in zip(astuple(features), astuple(weights), strict=True)))
