"""Spans of several passages → in which order they answer the question.

A span is weighed against the others of its question by the reading model, the retriever
and the words around it: a conditional logit (McFadden 1974), fitted by ``bench/ranking.py``.
The scores of a question are logarithms of the spans' chances, but for a constant.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from index.types import Passage
from qa.evidence import QuestionTerms, text_stems
from qa.span_decoding import SpanCandidate, sentences_around

_NAME_OR_NUMBER = re.compile(r"(?<!^)(?<![.?!] )\b(?:[A-Z]\w+|\w*\d\w*)")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class RankSigns:
    """What tells how well a span answers; or how much each sign weighs."""

    margin: float
    """How much more likely the span is than no answer, in logits."""
    has_answer: float
    """The logit that its window answers."""
    retrieval: float
    """The passage's score by the retriever, in 0..1."""
    near: float
    """Share, by rarity, of the question's words in the sentences that it has a part in."""
    apart: float
    """Share of the question's names and numbers that these sentences do not have."""
    echo: float
    """Share of its words that the question has, too."""
    length: float
    """Logarithm of its number of words."""


@dataclass(frozen=True, slots=True)
class JudgedSpan:
    """A candidate and its score, by which candidates of one question are compared."""

    candidate: SpanCandidate
    score: float


def ranked(
    question: str,
    passages: Sequence[Passage],
    candidates: Sequence[SpanCandidate],
    weights: RankSigns,
) -> list[JudgedSpan]:
    """Return the candidates, which were found in ``passages``, by score, best first."""
    judged = [
        JudgedSpan(candidate, _dot(signs, weights))
        for candidate, signs in zip(
            candidates, rank_signs(question, passages, candidates), strict=True
        )
    ]
    judged.sort(key=lambda j: (-j.score, j.candidate.passage.rank, j.candidate.span))
    return judged


def rank_signs(
    question: str, passages: Sequence[Passage], candidates: Sequence[SpanCandidate]
) -> list[RankSigns]:
    """Return the signs of each candidate."""
    terms = question_terms(question, passages)
    asked = set(_words(question))
    found = []
    for candidate in candidates:
        words, sentences = _words(candidate.text), sentences_of(candidate)
        found.append(
            RankSigns(
                margin=candidate.margin,
                has_answer=candidate.has_answer,
                retrieval=candidate.passage.score,
                near=terms.coverage(text_stems(sentences)),
                apart=names_missing(question, sentences),
                echo=sum(word in asked for word in words) / max(1, len(words)),
                length=math.log1p(len(words)),
            )
        )
    return found


def distinct(judged: Sequence[JudgedSpan]) -> list[JudgedSpan]:
    """Return the spans, of the same words only the first."""
    found: dict[str, JudgedSpan] = {}
    for span in judged:
        found.setdefault(" ".join(span.candidate.text.casefold().split()), span)
    return list(found.values())


def question_terms(question: str, passages: Sequence[Passage]) -> QuestionTerms:
    """Return the words of the question, each the weightier the fewer ``passages`` have it."""
    return QuestionTerms.of(question, [text_stems(p.text) for p in passages])


def sentences_of(candidate: SpanCandidate) -> str:
    """Return the sentences that a candidate has a part in."""
    passage = candidate.passage
    return " ".join(passage.words(s) for s in sentences_around(passage, candidate.span))


def names_missing(question: str, text: str) -> float:
    """Return the share of the question's names and numbers that are not among the text's words."""
    named = {word.casefold().removesuffix("s") for word in _NAME_OR_NUMBER.findall(question)}
    words = {word.removesuffix("s") for word in _words(text)}
    return len(named - words) / len(named) if named else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _dot(signs: RankSigns, weights: RankSigns) -> float:
    return float(sum(a * b for a, b in zip(astuple(signs), astuple(weights), strict=True)))
