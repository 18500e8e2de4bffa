"""What the articles say about something, when no more is asked: the sentences that name it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from index.embedder import Embedder
from index.lexical import query_terms
from index.types import Passage, Span
from qa.evidence import text_stems
from qa.quoting import Quote
from qa.ranking import question_terms
from qa.reader import Reading

SENTENCES = 2
"""As many are quoted."""
_LEAST = 0.1
"""The least that cosine and coverage come to, together, for a second sentence to be quoted."""
_CONFIDENCE = (0.35, 0.45)
"""From the farthest sentence to the nearest. Set by hand: whether a sentence is what was meant
has not been measured, so it is never called more than unsure."""
_COVERAGE = 0.3
"""What the share of the last question's words counts beside the cosine."""


def read_topic(
    topic: str, near: str, passages: Sequence[Passage], embedder: Embedder
) -> Reading | None:
    """Return the sentences that name ``topic`` and are nearest to ``near``; None if there are none.

    Args:
        topic: What is asked about.
        near: The question before, or the same one.
        passages: Where to look, best first.
        embedder: Gives the nearness in meaning.
    """
    named = set(query_terms(topic))
    found = [
        (passage, sentence)
        for passage in passages
        for sentence in passage.sentences
        if not passage.is_heading(sentence) and named <= set(text_stems(passage.words(sentence)))
    ]
    if not found:
        return None
    texts = [passage.words(sentence) for passage, sentence in found]
    cosines = embedder.encode_documents(texts) @ embedder.encode_query(near)
    terms = question_terms(near, passages)
    scored = [
        (float(cosine) + _COVERAGE * terms.coverage(text_stems(text)), at)
        for at, (cosine, text) in enumerate(zip(cosines, texts, strict=True))
    ]
    best = sorted(scored, key=lambda pair: -pair[0])[:SENTENCES]
    chosen = [found[at] for score, at in best if score >= _LEAST or at == best[0][1]]
    far, close = _CONFIDENCE
    confidence = far + (close - far) * min(1.0, max(0.0, best[0][0]))
    return Reading(_quotes(chosen), confidence, passages=tuple(passages))


def _quotes(chosen: Sequence[tuple[Passage, Span]]) -> tuple[Quote, ...]:
    """Return a quote for each sentence, in the order of the articles, none twice."""
    places = dict.fromkeys(
        Quote(passage.article_id, *sentence, passage.heading) for passage, sentence in chosen
    )
    ordered = sorted(places, key=lambda quote: (quote.article_id, quote.start))
    return tuple(next(same) for _, same in groupby(ordered, lambda q: (q.article_id, q.start)))
