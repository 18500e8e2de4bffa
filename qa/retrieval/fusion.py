"""Fuse vector and BM25 scores with word overlap into one ranking of candidates."""

from __future__ import annotations

import functools
import heapq
import itertools
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from index.search.passage_index import Candidate
from qa.retrieval.word_overlap import QuestionTerms, stem_presence


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much each kind of evidence counts; the score is their weighted mean.

    Chosen on the articles of a training set (2,416 questions), checked on others:
    see bench/results/retrieval.md.

    Raises:
        ValueError: One is negative.
    """

    cosine: float = 1.0
    """Cosine of question and passage vectors."""
    bm25: float = 0.25
    """BM25, as a share of the best candidate's."""
    pairs: float = 0.35
    """Words that are adjacent in both question and passage."""
    sentence: float = 0.35
    """The question's words that one sentence of the passage has together."""

    def __post_init__(self) -> None:
        """Refuse negative weights, with which the early stop would be wrong."""
        if min(astuple(self)) < 0:
            msg = f"The weights of the evidence are {astuple(self)}; none may be negative."
            raise ValueError(msg)


# The default model is English and reads other scripts letter by letter.
# On xquad_hi these weights raise Recall@1 from .690 to .803 (BM25 only: .800).
OTHER_SCRIPT = FusionWeights(cosine=0.3)
MEANING_ONLY = FusionWeights(bm25=0, pairs=0, sentence=0)
WORDS_ONLY = FusionWeights(cosine=0, bm25=1, pairs=0, sentence=0)


# What is known of a candidate before its words are compared: the negative of the score that
# it cannot exceed, its chunk's id, and its weighted evidence apart from pairs and sentences.
_Bound = tuple[float, int, float, Candidate]


def fuse(
    question: str, candidates: Sequence[Candidate], weights: FusionWeights, k: int
) -> list[tuple[Candidate, float]]:
    """Return the ``k`` best with their scores in 0..1, best first, ties by chunk id.

    Pairs and sentences are compared only where they could still change the best ``k``.
    """
    matching = [
        candidate for candidate in candidates if candidate.bm25
    ]  # no other has a stem of it
    presence = stem_presence(question, [candidate.stored.words.sentences for candidate in matching])
    terms = QuestionTerms.from_presence(question, presence, len(candidates))
    total = weights.cosine + weights.bm25 + weights.pairs + weights.sentence
    found: list[tuple[float, int, Candidate]] = []
    top_scores: list[float] = []  # a heap of the k best scores
    rough = _upper_bounds(matching, terms, presence, weights)
    for candidate in candidates:
        if not candidate.bm25:
            score = weights.cosine * max(0.0, candidate.similarity)
            rough.append((-score, candidate.stored.id, score, candidate))
    heapq.heapify(rough)  # in whose order few are looked at
    while rough:
        most, chunk_id, score, candidate = heapq.heappop(rough)
        if len(top_scores) == k and min(1.0, -most / total) < top_scores[0]:
            break  # all that follow are below it, too
        if candidate.bm25:
            words = candidate.stored.words
            pairs, sentence = terms.pair_coverage(words), terms.sentence_coverage(words)
            score += weights.pairs * pairs + weights.sentence * sentence
        score = min(1.0, score / total)
        found.append((-score, chunk_id, candidate))
        heapq.heappush(top_scores, score)
        if len(top_scores) > k:
            heapq.heappop(top_scores)
    return [(candidate, -score) for score, _, candidate in sorted(found)[:k]]


def _upper_bounds(
    matching: Sequence[Candidate],
    terms: QuestionTerms,
    presence: dict[str, list[bool]],
    weights: FusionWeights,
) -> list[_Bound]:
    """Return what each score is at most, by which of the stems the text has."""

    @functools.cache
    def upper_bounds(which: tuple[bool, ...]) -> float:
        pairs, sentence = terms.upper_bounds(frozenset(itertools.compress(presence, which)))
        return weights.pairs * pairs + weights.sentence * sentence

    best_bm25 = max((candidate.bm25 for candidate in matching), default=0.0)
    rough = []
    for candidate, which in zip(matching, zip(*presence.values(), strict=True), strict=True):
        stored, similarity, bm25 = candidate
        known = weights.cosine * max(0.0, similarity) + weights.bm25 * bm25 / best_bm25
        rough.append((-(known + upper_bounds(which)), stored.id, known, candidate))
    return rough
