from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.search.backend import Candidate
from index.search.chunk_cache import CachedChunk
from index.search.text_index import query_terms, stems
from index.types import Chunk, Span
from qa.retrieval.fusion import VECTORS_ONLY, FusionWeights, QuestionTerms, fuse

WORDS = st.sampled_from("red car sea was the sold treaty signed xylophone".split())
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=4)
SHARES = st.sampled_from([0.0, 0.1, 0.5, 0.5000001, 1.0])
BM25 = st.sampled_from([0.1, 0.5, 0.5000001, 1.0])
# Sentences, cosine, BM25; a few of each value, so that there are ties.
TEXTS = st.lists(st.tuples(SENTENCES, st.sampled_from([-0.1, 0.2, 0.4]), BM25), max_size=12)


def candidate(number: int, sentences: list[str], cosine: float, bm25: float) -> Candidate:
    spans, start = [], 0
    for sentence in sentences:
        spans.append(Span(start, start + len(sentence)))
        start += len(sentence) + 1
    chunk = Chunk("a", 0, start - 1, "\n".join(sentences), "", tuple(spans))
    return Candidate(CachedChunk(number, chunk, ""), cosine, bm25)


def has_a_stem(question: str, sentences: list[str]) -> bool:
    """Return whether BM25 can be other than 0; it is where it can."""
    return not set(query_terms(question)).isdisjoint(stems(" ".join(sentences)))


def in_full(question: str, candidates: list[Candidate], weights: FusionWeights) -> list[float]:
    """Return every candidate's score by its definition."""
    chunks = [each.stored.chunk for each in candidates]
    texts = [[stems(chunk.text[a:b]) for a, b in chunk.sentences] for chunk in chunks]
    terms = QuestionTerms.of(question, [set().union(*text) for text in texts])
    best = max((c.bm25 for c in candidates), default=0.0) or 1.0
    scores = []
    for one, text in zip(candidates, texts, strict=True):
        score = weights.cosine * max(0.0, one.similarity)
        if one.bm25:
            sentence = max(terms.coverage(tuple(words)) for words in text)
            score += weights.bm25 * one.bm25 / best
            score += weights.pairs * terms.pair_coverage(one.stored.words)
            score += weights.sentence * sentence
        total = weights.cosine + weights.bm25 + weights.pairs + weights.sentence
        scores.append(min(1.0, score / total))
    return scores


@pytest.mark.slow
@given(
    st.lists(WORDS, max_size=6).map(" ".join),
    TEXTS,
    st.sampled_from([1, 2, 3, 5, 100]),
    st.builds(FusionWeights, cosine=st.just(1.0), bm25=SHARES, pairs=SHARES, sentence=SHARES),
)
def test_the_early_stop_returns_the_same_as_comparing_all(
    question: str,
    texts: list[tuple[list[str], float, float]],
    k: int,
    weights: FusionWeights,
) -> None:
    candidates = [
        candidate(number, sentences, cosine, bm25 * has_a_stem(question, sentences))
        for number, (sentences, cosine, bm25) in enumerate(texts)
    ]
    found = fuse(question, candidates, weights, k)
    expected = sorted(in_full(question, candidates, weights), reverse=True)[:k]
    assert [score for _, score in found] == pytest.approx(expected, abs=1e-12)
    # All of them, by which nothing is passed over, begin with the same ones.
    everything = fuse(question, candidates, weights, len(candidates) or 1)
    assert found == everything[:k]
    assert everything == sorted(everything, key=lambda each: (-each[1], each[0].stored.id))


def test_a_question_without_stems_is_ranked_by_vectors() -> None:
    candidates = [candidate(1, ["red"], 0.1, 0.0), candidate(2, ["sea"], 0.7, 0.0)]
    assert query_terms("?!") == ()
    found = fuse("?!", candidates, VECTORS_ONLY, 2)
    assert [(one.stored.id, score) for one, score in found] == [(2, 0.7), (1, 0.1)]


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        FusionWeights(pairs=-0.1)
