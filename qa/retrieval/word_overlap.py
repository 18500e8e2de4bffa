"""Measure word overlap of question and text: coverage and adjacent pairs, weighted by rarity.

Words are the stems of :mod:`index.search.text_index`, so they match as BM25 does.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from index.search.chunk_cache import SentenceStems, adjacent_pairs
from index.search.text_index import query_terms, stems

Stems = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """The stems a question is searched by, and their weights."""

    idf: dict[str, float]
    """Each stem's inverse document frequency, as BM25 has it."""
    pairs: dict[tuple[str, str], float]
    """Stems that are adjacent in the question (function words apart), weighted
    by the sum of their idf."""
    total: float
    """The sum of the stems' weights."""
    total_of_pairs: float
    """The sum of the pairs' weights."""

    @classmethod
    def of(cls, question: str, texts: Iterable[Container[str]]) -> Self:
        """Return the terms of ``question``; a stem is rare if few of ``texts`` have it."""
        known = list(texts)
        return cls.from_presence(question, stem_presence(question, known), len(known))

    @classmethod
    def from_presence(
        cls, question: str, presence: Mapping[str, Sequence[bool]], total: int
    ) -> Self:
        """Return the terms of ``question``, given the result of :func:`stem_presence`.

        ``total`` is the number of all texts.
        """
        idf = {}
        for stem, where in presence.items():
            holding = sum(where)
            idf[stem] = math.log(1 + (total - holding + 0.5) / (holding + 0.5))
        content = [stem for stem in stems(question) if stem in idf]
        pairs = {pair: idf[pair[0]] + idf[pair[1]] for pair in itertools.pairwise(content)}
        return cls(idf, pairs, sum(idf.values()), sum(pairs.values()))

    def coverage(self, words: Stems) -> float:
        """Return the share, by rarity, of the question's stems that are among ``words``."""
        present = self.idf.keys() & words
        if not present or not self.total:
            return 0.0
        return sum(idf for stem, idf in self.idf.items() if stem in present) / self.total

    def pair_coverage(self, text: SentenceStems) -> float:
        """Return the share, by rarity, of the question's pairs that a text has side by side."""
        if not self.total_of_pairs:
            return 0.0
        beside = [w for pair, w in self.pairs.items() if adjacent_pairs(*pair) in text.content]
        return sum(beside) / self.total_of_pairs

    def upper_bounds(self, present: frozenset[str]) -> tuple[float, float]:
        """Return what a text with these of the stems has of pairs and in a sentence, at most."""
        if not self.total:
            return 0.0, 0.0
        found = sum([idf for stem, idf in self.idf.items() if stem in present])
        pairs = sum([weight for pair, weight in self.pairs.items() if present.issuperset(pair)])
        return pairs / (self.total_of_pairs or 1.0), found / self.total

    def sentence_coverage(self, text: SentenceStems) -> float:
        """Return the best coverage, by rarity, of one sentence of a text."""
        known = text.sentences
        present = [(known[stem], idf) for stem, idf in self.idf.items() if stem in known]
        if not present or not self.total:
            return 0.0
        left, best = functools.reduce(operator.or_, [bits for bits, _ in present]), 0.0
        while left:
            sentence = left & -left  # the first of them
            left ^= sentence
            best = max(best, sum([idf for bits, idf in present if bits & sentence]))
        return best / self.total


def stem_presence(question: str, texts: Sequence[Container[str]]) -> dict[str, list[bool]]:
    """Return for each stem that ``question`` is searched by which of ``texts`` have it."""
    return {stem: [stem in words for words in texts] for stem in query_terms(question)}


@functools.lru_cache(maxsize=10_000)
def text_stems(text: str) -> Stems:
    """Return the stems of ``text``, in order; remembered, since passages come up again."""
    return tuple(stems(text))
