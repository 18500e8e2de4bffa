"""Split training articles into passages, and rank them by BM25 for a question."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from index.chunking import ChunkLimits, TokenCounter, chunk_article
from index.search.text_index import query_terms, stems
from index.types import Article, Span
from training.reader.sources import TrainingArticle

PARAGRAPHS = "paragraphs"
# As at run time, half a paragraph, and several paragraphs joined.
CHUNK_FORMS = {
    "chunks": ChunkLimits(),
    "halves": ChunkLimits(min_tokens=30, max_tokens=110),
    "joined": ChunkLimits(min_tokens=150, max_tokens=300),
}
_K1, _B = 1.2, 0.75
_WORD = re.compile(r"\w+")


class Pool:
    """The passages of one article in one form, ranked by BM25 for a question.

    BM25 (Robertson and Zaragoza 2009) uses the stems of :mod:`index.search.text_index`.
    """

    def __init__(self, text: str, passages: Sequence[Span]) -> None:
        self._text = text
        self.passages = tuple(passages)

    def ranked(self, question: str) -> list[Span]:
        """Return the passages that share a word with ``question``, best first."""
        scores: defaultdict[int, float] = defaultdict(float)
        for term in query_terms(question):
            for place, weight in self._postings.get(term, ()):
                scores[place] += weight
        order = sorted(scores, key=lambda place: (-scores[place], place))
        return [self.passages[place] for place in order]

    def holding(self, span: Span) -> Span | None:
        """Return the passage that contains all of ``span``, or None."""
        return next((p for p in self.passages if p.start <= span.start and span.end <= p.end), None)

    @functools.cached_property
    def _postings(self) -> dict[str, list[tuple[int, float]]]:
        counts = [Counter(stems(self._text[start:end])) for start, end in self.passages]
        lengths = [count.total() for count in counts]
        average = sum(lengths) / max(1, len(lengths)) or 1.0
        frequency = Counter(term for count in counts for term in count)
        postings: dict[str, list[tuple[int, float]]] = {}
        for place, count in enumerate(counts):
            norm = _K1 * (1 - _B + _B * lengths[place] / average)
            for term, times in count.items():
                among = frequency[term]
                rarity = math.log(1 + (len(counts) - among + 0.5) / (among + 0.5))
                weight = rarity * times * (_K1 + 1) / (times + norm)
                postings.setdefault(term, []).append((place, weight))
        return postings


@dataclass(frozen=True, slots=True)
class PreparedArticle:
    """An article with its sentences and its passages in each form."""

    article: TrainingArticle
    sentences: tuple[Span, ...]
    pools: dict[str, Pool]


def prepare(article: TrainingArticle, count_tokens: TokenCounter) -> PreparedArticle:
    """Split ``article`` into sentences and passages."""
    whole = Article("", article.title, article.text)
    pools = {PARAGRAPHS: Pool(article.text, article.paragraphs)}
    sentences: list[Span] = []
    for form, limits in CHUNK_FORMS.items():
        chunks = chunk_article(whole, count_tokens, limits)
        pools[form] = Pool(article.text, [Span(c.start, c.end) for c in chunks])
        sentences = sentences or [sentence for chunk in chunks for sentence in chunk.sentences]
    return PreparedArticle(article, tuple(sentences), pools)


def says(text: str, answers: Sequence[str]) -> bool:
    """Return whether ``text`` contains one of ``answers`` as whole words, ignoring case."""
    plain = _plain(text)
    return any(_plain(answer) in plain for answer in answers)


def _plain(text: str) -> str:
    return " ".join(["", *_WORD.findall(text.casefold()), ""])
