"""Generate any number of articles from real sentences and vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.answers import articles_of
from bench.embedding import RememberingEmbedder
from index.chunking import chunk_article
from index.embedding.embedder import Embedder, Vectors
from index.search.embedded_chunks import searchable_text
from index.types import Article, Chunk, Span

SETS = ("squad_en", "covidqa", "fairytale", "quail_news", "policyqa")
QUESTIONS_OF = "squad_en"
PASSAGES_PER_ARTICLE = 100
NOISE = 0.25
"""Length of the random vector that is added to a mixture of two real ones."""
_NEIGHBOURS, _NEAR_SHARE = 5, 0.5


@dataclass(frozen=True, slots=True)
class Material:
    """Real passages with their vectors, and real questions with theirs."""

    sentences: tuple[tuple[str, ...], ...]
    """The sentences of each passage."""
    vectors: Vectors
    """``(passages, dimension)``."""
    questions: tuple[str, ...]
    question_vectors: Vectors
    """``(questions, dimension)``."""


@dataclass(frozen=True, slots=True)
class SyntheticArticle:
    """An article with its chunks and their synthetic vectors."""

    article: Article
    chunks: tuple[Chunk, ...]
    vectors: Vectors
    """``(chunks, dimension)``."""


def read_material(data: Path, embedder: Embedder, cache: Path, questions: int) -> Material:
    """Return the passages of the evaluation sets, and a number of questions from one of them.

    Vectors are cached in the folder ``cache``.
    """
    remembering = RememberingEmbedder(embedder, cache)
    chunks = [
        chunk
        for name in SETS
        for item in articles_of(data, name, quick=False)
        for chunk in chunk_article(Article.from_text(item.text), remembering.count_tokens)
    ]
    asked = [
        q.question for item in articles_of(data, QUESTIONS_OF, quick=False) for q in item.questions
    ]
    chosen = [asked[i] for i in np.linspace(0, len(asked) - 1, questions).astype(int)]
    return Material(
        tuple(_sentences_of(chunk) for chunk in chunks),
        remembering.encode_documents([searchable_text(chunk) for chunk in chunks]),
        tuple(chosen),
        remembering.encode_documents(chosen),
    )


def synthetic_articles(
    material: Material, passages: int, seed: int = 0
) -> Iterator[SyntheticArticle]:
    """Yield articles of :data:`PASSAGES_PER_ARTICLE` passages, ``passages`` in total.

    A passage has sentences of two real passages, which are neighbours half of the time; its
    vector is a mixture of theirs, with more weight on the first, plus a little noise. So similar
    texts have similar vectors, and no two passages are the same.
    """
    rng = np.random.default_rng(seed)
    made = 0
    while made < passages:
        count = min(PASSAGES_PER_ARTICLE, passages - made)
        yield _synthetic(material, rng, count, f"{seed}-{made // PASSAGES_PER_ARTICLE}")
        made += count


def _synthetic(
    material: Material, rng: np.random.Generator, count: int, name: str
) -> SyntheticArticle:
    known = len(material.sentences)
    first = rng.integers(known, size=count)
    beside = rng.integers(-_NEIGHBOURS, _NEIGHBOURS + 1, size=count)
    near, anywhere = np.clip(first + beside, 0, known - 1), rng.integers(known, size=count)
    second = np.where(rng.random(count) < _NEAR_SHARE, near, anywhere)
    weight = rng.uniform(0.5, 1, size=(count, 1))
    mixed = weight * material.vectors[first] + (1 - weight) * material.vectors[second]
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    dimension = mixed.shape[1]
    mixed += rng.normal(size=mixed.shape) * (NOISE / np.sqrt(dimension))
    vectors = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    passages = [
        [*_some(material.sentences[a], 3, rng), *_some(material.sentences[b], 2, rng)]
        for a, b in zip(first, second, strict=True)
    ]
    return _written(f"Article {name}", passages, vectors)


def _some(sentences: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    chosen = rng.permutation(len(sentences))[:count]
    return [sentences[i] for i in sorted(chosen)]


def _written(title: str, passages: Sequence[Sequence[str]], vectors: Vectors) -> SyntheticArticle:
    places, parts, at = [], [], 0
    for sentences in passages:
        spans = []
        for sentence in sentences:
            spans.append(Span(at, at + len(sentence)))
            at += len(sentence) + 1
        places.append(tuple(spans))
        parts.append(" ".join(sentences))
        at += 1  # a blank line
    article = Article.from_text("\n\n".join(parts), title=title)
    chunks = tuple(
        Chunk(article.id, spans[0].start, spans[-1].end, text, "", spans)
        for spans, text in zip(places, parts, strict=True)
    )
    return SyntheticArticle(article, chunks, vectors)


def _sentences_of(chunk: Chunk) -> tuple[str, ...]:
    texts = [chunk.text[s.start - chunk.start : s.end - chunk.start] for s in chunk.sentences]
    return tuple(" ".join(text.split()) for text in texts if text.strip())
