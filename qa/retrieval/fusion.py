"""Rank candidates by a weighted mean of cosine, BM25 and word overlap with the question.

Words are the stems of :mod:`index.search.text_index`, so they match as in BM25.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import math
import operator
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Self

from index.search.backend import Candidate
from index.search.chunk_cache import ChunkId, SentenceStems, adjacency_key
from index.search.text_index import query_terms, stems


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """Weights of the four scores; the fused score is their weighted mean.

    Chosen on the articles of a training set (2,416 questions) and checked on others:
    see bench/results/retrieval.md.

    Raises:
        ValueError: A weight is negative.
    """

    cosine: float = 1.0
    """Cosine of question and passage vectors."""
    bm25: float = 0.25
    """BM25, divided by the best candidate's."""
    pairs: float = 0.35
    """Share of the question's adjacent words that are adjacent in the passage."""
    sentence: float = 0.35
    """Largest share of the question's words in one sentence of the passage."""

    def __post_init__(self) -> None:
        """Refuse negative weights, for which :func:`fuse` would stop too early."""
        if min(astuple(self)) < 0:
            msg = f"Fusion weights must not be negative: {self}."
            raise ValueError(msg)


# The default model is English and reads other scripts letter by letter.
# On xquad_hi these weights raise Recall@1 from .690 to .803 (BM25 only: .800).
OTHER_SCRIPT = FusionWeights(cosine=0.3)
VECTORS_ONLY = FusionWeights(bm25=0, pairs=0, sentence=0)
BM25_ONLY = FusionWeights(cosine=0, bm25=1, pairs=0, sentence=0)


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """The stems that a question is searched by, weighted by rarity."""

    idf: dict[str, float]
    """Inverse document frequency of each stem, as in BM25."""
    pairs: dict[tuple[str, str], float]
    """Stems that are adjacent in the question once function words are left out, weighted by
    the sum of their idf."""
    total: float
    """The sum of the stems' weights."""
    total_of_pairs: float
    """The sum of the pairs' weights."""

    @classmethod
    def of(cls, question: str, texts: Iterable[Container[str]]) -> Self:
        """Return the terms of ``question``; a stem is rare if few of ``texts`` contain it."""
        known = list(texts)
        return cls.from_presence(question, stem_presence(question, known), len(known))

    @classmethod
    def from_presence(
        cls, question: str, presence: Mapping[str, Sequence[bool]], total: int
    ) -> Self:
        """Return the terms of ``question``, given the result of :func:`stem_presence`.

        ``total`` is the number of all texts, including any that contain none of the stems.
        """
        idf = {}
        for stem, present_in in presence.items():
            count = sum(present_in)
            idf[stem] = math.log(1 + (total - count + 0.5) / (count + 0.5))
        content = [stem for stem in stems(question) if stem in idf]
        pairs = {pair: idf[pair[0]] + idf[pair[1]] for pair in itertools.pairwise(content)}
        return cls(idf, pairs, sum(idf.values()), sum(pairs.values()))

    def coverage(self, words: Sequence[str]) -> float:
        """Return the share, by idf, of the question's stems that are among ``words``."""
        present = self.idf.keys() & words
        if not present or not self.total:
            return 0.0
        return sum(idf for stem, idf in self.idf.items() if stem in present) / self.total

    def pair_coverage(self, text: SentenceStems) -> float:
        """Return the share, by weight, of the question's pairs that are adjacent in a text."""
        if not self.total_of_pairs:
            return 0.0
        adjacent = [w for pair, w in self.pairs.items() if adjacency_key(*pair) in text.content]
        return sum(adjacent) / self.total_of_pairs

    def sentence_coverage(self, text: SentenceStems) -> float:
        """Return the largest coverage, by idf, of one sentence of a text."""
        known = text.sentences
        present = [(known[stem], idf) for stem, idf in self.idf.items() if stem in known]
        if not present or not self.total:
            return 0.0
        left, best = functools.reduce(operator.or_, [bits for bits, _ in present]), 0.0
        while left:
            sentence = left & -left  # the lowest bit
            left ^= sentence
            best = max(best, sum([idf for bits, idf in present if bits & sentence]))
        return best / self.total

    def upper_bounds(self, present: frozenset[str]) -> tuple[float, float]:
        """Return upper bounds of pair and sentence coverage for a text with these stems."""
        if not self.total:
            return 0.0, 0.0
        pairs = sum([weight for pair, weight in self.pairs.items() if present.issuperset(pair)])
        found = sum([idf for stem, idf in self.idf.items() if stem in present])
        return pairs / (self.total_of_pairs or 1.0), found / self.total


def stem_presence(question: str, texts: Sequence[Container[str]]) -> dict[str, list[bool]]:
    """Return, for each stem that ``question`` is searched by, which of ``texts`` contain it."""
    return {stem: [stem in words for words in texts] for stem in query_terms(question)}


@functools.lru_cache(maxsize=10_000)
def text_stems(text: str) -> tuple[str, ...]:
    """Return the stems of ``text``, in order; cached, since the same passages recur."""
    return tuple(stems(text))


# What is known of a candidate before its words are compared: the negative of the upper bound of
# its score, its chunk's id, its weighted cosine and BM25, and the candidate.
_Bounded = tuple[float, ChunkId, float, Candidate]


def fuse(
    question: str, candidates: Sequence[Candidate], weights: FusionWeights, k: int
) -> list[tuple[Candidate, float]]:
    """Return the ``k`` best with their scores in 0..1, best first, ties by chunk id.

    Word overlap is computed only for candidates that could still be among the best ``k``.
    """
    # A candidate without a BM25 score contains none of the question's stems.
    matching = [candidate for candidate in candidates if candidate.bm25]
    presence = stem_presence(question, [candidate.stored.words.sentences for candidate in matching])
    terms = QuestionTerms.from_presence(question, presence, len(candidates))
    total = weights.cosine + weights.bm25 + weights.pairs + weights.sentence
    results: list[tuple[float, ChunkId, Candidate]] = []
    top_scores: list[float] = []  # a heap of the k best
    queue = _with_bounds(matching, terms, presence, weights)
    for candidate in candidates:
        if not candidate.bm25:
            score = weights.cosine * max(0.0, candidate.similarity)
            queue.append((-score, candidate.stored.id, score, candidate))
    heapq.heapify(queue)  # cheaper than sorting, as few are popped
    while queue:
        negative_bound, chunk_id, score, candidate = heapq.heappop(queue)
        if len(top_scores) == k and min(1.0, -negative_bound / total) < top_scores[0]:
            break
        if candidate.bm25:
            words = candidate.stored.words
            pairs, sentence = terms.pair_coverage(words), terms.sentence_coverage(words)
            score += weights.pairs * pairs + weights.sentence * sentence
        score = min(1.0, score / total)
        results.append((-score, chunk_id, candidate))
        heapq.heappush(top_scores, score)
        if len(top_scores) > k:
            heapq.heappop(top_scores)
    return [(candidate, -score) for score, _, candidate in sorted(results)[:k]]


def _with_bounds(
    matching: Sequence[Candidate],
    terms: QuestionTerms,
    presence: dict[str, list[bool]],
    weights: FusionWeights,
) -> list[_Bounded]:
    """Return the candidates with an upper bound of their scores, from the stems they contain."""

    @functools.cache
    def overlap_bound(contained: tuple[bool, ...]) -> float:
        pairs, sentence = terms.upper_bounds(frozenset(itertools.compress(presence, contained)))
        return weights.pairs * pairs + weights.sentence * sentence

    best_bm25 = max((candidate.bm25 for candidate in matching), default=0.0)
    bounded = []
    for candidate, contained in zip(matching, zip(*presence.values(), strict=True), strict=True):
        stored, similarity, bm25 = candidate
        known = weights.cosine * max(0.0, similarity) + weights.bm25 * bm25 / best_bm25
        bounded.append((-(known + overlap_bound(contained)), stored.id, known, candidate))
    return bounded
