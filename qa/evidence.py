"""How well a text's words bear out a question's: coverage and adjacent pairs, weighted by rarity.

Words are the stems of :mod:`index.lexical`, so they match as BM25 does.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from index.lexical import query_terms, stems, stop_stems
from index.types import Chunk

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
    def of(cls, question: str, texts: Iterable[Container[str]]) -> Self:
        """Return the terms of ``question``; a stem is rare if few of ``texts`` have it."""
        terms = query_terms(question)
        holding: Counter[str] = Counter()
        total = 0
        for words in texts:
            total += 1
            holding.update([stem for stem in terms if stem in words])
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
        if not self.total_of_pairs:
            return 0.0
        content = [stem for stem in words if stem not in stop_stems()]
        adjacent = set(itertools.pairwise(content))
        found = sum(weight for pair, weight in self.pairs.items() if pair in adjacent)
        return found / self.total_of_pairs

    def evidence(self, text: SentenceWords) -> tuple[float, float]:
        """Return the pairs' coverage of a text, and the best coverage of one of its sentences."""
        present = [(stem, idf) for stem, idf in self.idf.items() if stem in text.words]
        if not present or not self.total:
            return 0.0, 0.0
        best = max(
            sum([idf for stem, idf in present if stem in sentence]) for sentence in text.sentences
        )
        together = any(a in text.words and b in text.words for a, b in self.pairs)
        return self.pair_coverage(text.stems) if together else 0.0, best / self.total


@dataclass(frozen=True, slots=True)
class SentenceWords:
    """The stems of a text and of each of its sentences."""

    stems: Stems
    """In order."""
    words: frozenset[str]
    sentences: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, sentences: Sequence[str]) -> Self:
        """Return the words of a text in these sentences."""
        each = [stems(sentence) for sentence in sentences]
        in_order = tuple(itertools.chain.from_iterable(each))
        return cls(in_order, frozenset(in_order), tuple(map(frozenset, each)))


@functools.lru_cache(maxsize=5_000)
def sentence_words(chunk: Chunk) -> SentenceWords:
    """Return the words of a chunk; remembered, since chunks come up again."""
    first = chunk.start
    return SentenceWords.of([chunk.text[a - first : b - first] for a, b in chunk.sentences])


@functools.lru_cache(maxsize=10_000)
def text_stems(text: str) -> Stems:
    """Return the stems of ``text``, in order; remembered, since passages come up again."""
    return tuple(stems(text))
