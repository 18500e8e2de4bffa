"""Find the sentences of an article itself, without what surrounds it, and embed them."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from index.embedding.embedder import Embedder, Vectors
from index.types import Article, Chunk
from qa.overview.boilerplate import (
    article_centre,
    body_spans,
    excess_likeness,
    in_runs,
    is_boilerplate,
)
from qa.overview.summary import Sentence, is_statement, sentences_of

MAX_EMBEDDED = 320
"""Sentences of an article that are embedded: one or two seconds on two cores."""
_SUSPECT = -0.2
"""From this excess of likeness on, the sentences of a chunk may be boilerplate. A chunk is embedded
with its title, so it is nearer to its article than its sentences are."""


class ArticleBody:
    """The sentences of an article without what surrounds it, and their vectors when needed.

    Args:
        article: The article.
        chunks: Its chunks.
        vectors: Of the chunks, ``(chunks, dimension)``.
        embedder: The model that made them.
        examples: The vectors of ``EXAMPLES`` of boilerplate.
    """

    def __init__(
        self,
        article: Article,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        embedder: Embedder,
        examples: Vectors,
    ) -> None:
        self.article = article
        self._vectors = vectors
        self._embedder = embedder
        self._examples = examples
        self._spans = body_spans(article.text)
        everything = list(sentences_of(chunks))
        inside = [s for s in everything if any(b.start <= s.start < b.end for b in self._spans)]
        self._in_body = self._without_boilerplate(inside or everything)

    def _without_boilerplate(self, sentences: list[Sentence]) -> list[Sentence]:
        """Return the sentences of a long article without those of a licence or notices.

        Only those of the chunks that are most like boilerplate are embedded.
        """
        if len(sentences) <= MAX_EMBEDDED:
            return sentences  # all are embedded, and judged, later
        chunks = sorted({sentence.chunk for sentence in sentences})
        centre = article_centre(self._vectors[chunks], self._examples)
        excess = excess_likeness(self._vectors, self._examples, centre)
        suspects = [i for i, s in enumerate(sentences) if excess[s.chunk] > _SUSPECT]
        suspects.sort(key=lambda i: -excess[sentences[i].chunk])
        del suspects[MAX_EMBEDDED:]
        if not suspects:
            return sentences
        vectors = self._embedder.encode_documents([sentences[i].text for i in suspects])
        of_sentences = np.full(len(sentences), -1.0)
        of_sentences[suspects] = excess_likeness(vectors, self._examples, centre)
        return [sentences[i] for i in np.flatnonzero(~in_runs(of_sentences))] or sentences

    @functools.cached_property
    def text(self) -> str:
        """The article's text, of the same length, with spaces for what is not of the article."""
        blank = list(" " * len(self.article.text))
        for start, end in self._spans:
            blank[start:end] = self.article.text[start:end]
        return "".join(blank)

    @functools.cached_property
    def title(self) -> Vectors:
        """The vector of the title, ``(dimension,)``."""
        (vector,) = self._embedder.encode_documents([self.article.title])
        return np.asarray(vector, dtype=np.float32)

    @functools.cached_property
    def _embedded(self) -> tuple[list[Sentence], Vectors]:
        some = self._in_body
        if len(some) > MAX_EMBEDDED:
            statements = [s for s in some if is_statement(s)]
            some = sample(statements, self._vectors, self.title, MAX_EMBEDDED)
        vectors = self._embedder.encode_documents([s.text for s in some])
        kept = np.flatnonzero(~is_boilerplate(vectors, self._examples))
        return ([some[i] for i in kept], vectors[kept]) if len(kept) else (some, vectors)

    def statements(self) -> tuple[list[Sentence], Vectors]:
        """Return the statements, a sample of a long article's, and ``(n, dimension)`` vectors."""
        sentences, vectors = self._embedded
        kept = [i for i, sentence in enumerate(sentences) if is_statement(sentence)]
        return [sentences[i] for i in kept], vectors[kept]

    @functools.cached_property
    def size(self) -> int:
        """The number of its statements."""
        return sum(map(is_statement, self._in_body))

    def sentences(self, most: int | None = None) -> list[Sentence]:
        """Return its sentences, or up to ``most`` from all parts of it."""
        if len(self._in_body) <= MAX_EMBEDDED:
            return self._embedded[0]
        if most is None:
            return self._in_body
        return sample(self._in_body, self._vectors, self.title, most)


def sample(
    sentences: Sequence[Sentence], vectors: Vectors, title: Vectors, most: int
) -> list[Sentence]:
    """Return up to ``most`` sentences from all parts of an article.

    The article is cut into runs of chunks, and of each run the chunk is taken whose vector is
    nearest to the mean of all ``vectors`` and to the title's.
    """
    if len(sentences) <= most:
        return list(sentences)
    by_chunk: dict[int, list[Sentence]] = {}
    for sentence in sentences:
        by_chunk.setdefault(sentence.chunk, []).append(sentence)
    chunks = list(by_chunk)
    central = vectors @ (vectors[chunks].mean(axis=0) + title)
    runs = max(1, most * len(chunks) // len(sentences))
    size = max(1.0, len(chunks) / runs)
    kept = []
    for i in range(runs):
        run = chunks[int(i * size) : int((i + 1) * size)]
        if run:
            kept.append(max(run, key=lambda chunk: central[chunk]))
    return [sentence for chunk in kept for sentence in by_chunk[chunk]][:most]
