"""How well a text's words bear out a question's: coverage and adjacent pairs, weighted by rarity.

Words are the stems of :mod:`index.lexical`, so they match as BM25 does.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from index.lexical import query_terms, stems, stop_stems

Stems = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """The stems a question is searched by, and how much each tells."""

    idf: dict[str, float]
    """Each stem's inverse document frequency, as BM25 has it."""
    pairs: dict[tuple[str, str], float]
    """Stems that stand side by side in the question (function words apart), weighted
    by the sum of their idf."""
    total: float
    """The sum of the stems' weights."""
    total_of_pairs: float
    """The sum of the pairs' weights."""

    @classmethod
    def of(cls, question: str, texts: Iterable[Stems]) -> Self:
        """Return the terms of ``question``; a stem is rare if few of ``texts`` have it."""
        terms = query_terms(question)
        asked = frozenset(terms)
        holding: Counter[str] = Counter()
        total = 0
        for words in texts:
            total += 1
            holding.update(asked.intersection(words))
        idf = {t: math.log(1 + (total - holding[t] + 0.5) / (holding[t] + 0.5)) for t in terms}
        content = [stem for stem in stems(question) if stem in idf]
        pairs = {pair: idf[pair[0]] + idf[pair[1]] for pair in itertools.pairwise(content)}
        return cls(idf, pairs, sum(idf.values()), sum(pairs.values()))

    def coverage(self, words: Stems) -> float:
        """Return the share, by rarity, of the question's stems that are among ``words``."""
        present = self.idf.keys() & words
        if not present or not self.total:
            return 0.0
        return sum(idf for stem, idf in self.idf.items() if stem in present) / self.total

    def pair_coverage(self, words: Stems) -> float:
        """Return the share, by rarity, of the question's pairs that ``words`` has side by side."""
        present = self.idf.keys() & words
        together = [pair for pair in self.pairs if present.issuperset(pair)]
        if not together or not self.total_of_pairs:
            return 0.0  # most texts, and at little cost
        content = [stem for stem in words if stem not in stop_stems()]
        adjacent = set(itertools.pairwise(content))
        found = sum(self.pairs[pair] for pair in together if pair in adjacent)
        return found / self.total_of_pairs


@functools.lru_cache(maxsize=20_000)
def text_stems(text: str) -> Stems:
    """Return the stems of ``text``, in order; remembered, since passages come up again."""
    return tuple(stems(text))
