"""Score how far evidence supports a claim: simple measures, the large reader, the checker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bench.claim_evidence import WordMatch
from index.embedding.embedder import Embedder
from qa.reading.model import WindowReader
from qa.writing.claim_checker import Checker
from qa.writing.claim_checker import Pair as CheckerPair
from qa.writing.reader_verdict import reader_logit

Pair = tuple[str, str]
"""A claim of one sentence and its evidence."""


class ClaimScorer(Protocol):
    """Scores pairs; the higher, the more likely the evidence supports the claim."""

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        """Return a score for each pair."""


class WordOverlap:
    """The share of the claim's words that the evidence has."""

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        """Return shares in 0..1."""
        return [float(WordMatch([evidence]).shares(claim)[0]) for claim, evidence in pairs]


class Similarity:
    """The cosine similarity of claim and evidence."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        """Return cosines."""
        vectors = self._embedder.encode_documents([text for pair in pairs for text in pair])
        return [float(c @ e) for c, e in zip(vectors[::2], vectors[1::2], strict=True)]


class ReaderVerdict:
    """How sure a reading model is of "yes" to the claim, asked as a question."""

    def __init__(self, model: WindowReader) -> None:
        self._model = model

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        """Return logits; of evidence in several windows, the highest."""
        return [reader_logit(self._model, CheckerPair(*pair)) for pair in pairs]


class CheckerProbability:
    """The probability of a checker of claims."""

    def __init__(self, checker: Checker) -> None:
        self.checker = checker

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        """Return probabilities."""
        found = self.checker.check([CheckerPair(*pair) for pair in pairs])
        return [each.probability for each in found]
