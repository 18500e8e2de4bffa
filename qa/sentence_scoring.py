"""How likely each sentence of the passages is to hold the answer.

A logistic model over a dozen features of meaning and words, fitted by
``bench/sentence_reader.py`` on 5,003 questions (2,851 sentences that answer, 114,815
that do not) about 24 articles, none of which is in the evaluation sets.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from index.embedder import Embedder
from index.lexical import query_terms
from index.types import Passage, Span
from qa.evidence import QuestionTerms, Stems, text_stems

_WHEN = re.compile(
    r"\b(when|what (year|date|day|month|century|decade|time)|which (year|day))\b", re.I
)
_HOW_MANY = re.compile(
    r"\b(how (many|much|long|far|old|large|big|tall|high|often|few)|number of)\b", re.I
)
_WHO = re.compile(r"\b(who|whom|whose)\b", re.I)
_WHERE = re.compile(r"\bwhere\b", re.I)

_NUMBER = re.compile(
    r"\b(\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?"
    r"|thousands?|millions?|billions?|half|several)\b",
    re.I,
)
_TIME = re.compile(
    r"\b(1\d{3}|20\d\d|\d{1,2}(st|nd|rd|th)?|january|february|march|april|may|june|july|august"
    r"|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|today|yesterday|tomorrow|century|decade|fortnight|weeks?|months?|years?|days?|morning|evening"
    r"|night|spring|summer|autumn|winter|before|after|during|since|until)\b",
    re.I,
)
_NAME = re.compile(r"\b[A-Z][\w’'-]+")


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a sentence as an answer; every value is about 0..1."""

    similarity: float
    """Cosine of question and sentence."""
    lead: float
    """How far that cosine is below the best sentence's (0 or less)."""
    coverage: float
    """Share, by rarity, of the question's words in the sentence."""
    context_coverage: float
    """The same with the sentences before and after, and the heading."""
    pairs: float
    """Share of the question's adjacent words that are adjacent here."""
    passage_score: float
    passage_similarity: float
    passage_lead: float
    """How far the passage's score is below the best passage's (0 or less)."""
    fits: float
    """1 if it holds the kind of thing asked for (time, number, name), 0 if the kind
    is unknown, −1 if it lacks it."""
    novelty: float
    """How much it says beyond the question: new words, 8 or more counting as 1."""
    brevity: float
    """1 for a sentence of up to 5 words, falling to 0."""


_BIAS = -5.086
_WEIGHTS = Features(
    similarity=4.973,
    lead=4.865,
    coverage=3.557,
    context_coverage=-0.196,
    pairs=0.679,
    passage_score=-2.129,
    passage_similarity=1.175,
    passage_lead=14.154,
    fits=0.342,
    novelty=0.355,
    brevity=-0.526,
)
FEATURE_NAMES = tuple(field.name for field in fields(Features))


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence of a passage, and the probability that it holds the answer."""

    passage: Passage
    span: Span
    """Offsets into the article."""
    probability: float


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: Passage
    span: Span
    text: str
    context: Stems
    """The stems of the sentence, its neighbours and its heading."""


def score_sentences(
    question: str, passages: Sequence[Passage], embedder: Embedder
) -> list[ScoredSentence]:
    """Return every sentence of ``passages`` that could be quoted, with its probability."""
    return [
        ScoredSentence(passage, span, probability(features))
        for passage, span, features in sentence_features(question, passages, embedder)
    ]


def probability(features: Features) -> float:
    """Return the probability, in 0..1, that a sentence with these features answers."""
    weighted = zip(astuple(_WEIGHTS), astuple(features), strict=True)
    return 1 / (1 + math.exp(-_BIAS - sum(weight * value for weight, value in weighted)))


def sentence_features(
    question: str, passages: Sequence[Passage], embedder: Embedder
) -> list[tuple[Passage, Span, Features]]:
    """Return the features of every sentence of ``passages`` that could be quoted."""
    sentences = _sentences(passages)
    if not sentences:
        return []
    terms = QuestionTerms.of(question, [text_stems(sentence.text) for sentence in sentences])
    vectors = embedder.encode_documents([sentence.text for sentence in sentences])
    similarities = [float(s) for s in vectors @ embedder.encode_query(question)]
    best_similarity = max(similarities)
    best_score = max(passage.score for passage in passages)
    asked = set(query_terms(question))
    return [
        (
            sentence.passage,
            sentence.span,
            Features(
                similarity=similarity,
                lead=similarity - best_similarity,
                coverage=terms.coverage(text_stems(sentence.text)),
                context_coverage=terms.coverage(sentence.context),
                pairs=terms.pair_coverage(text_stems(sentence.text)),
                passage_score=sentence.passage.score,
                passage_similarity=sentence.passage.similarity,
                passage_lead=sentence.passage.score - best_score,
                fits=_fits(question, sentence.text),
                novelty=min(1.0, len(set(query_terms(sentence.text)) - asked) / 8),
                brevity=1 / max(1.0, len(sentence.text.split()) / 5),
            ),
        )
        for sentence, similarity in zip(sentences, similarities, strict=True)
    ]


def _sentences(passages: Sequence[Passage]) -> list[_Sentence]:
    """Return what could be quoted: sentences with a word in them that are no headings."""
    found = []
    for passage in passages:
        texts = [passage.words(span) for span in passage.sentences]
        for i, (span, text) in enumerate(zip(passage.sentences, texts, strict=True)):
            if passage.is_heading(span) or not any(character.isalnum() for character in text):
                continue
            around = [*texts[max(0, i - 1) : i + 2], passage.heading]
            context = tuple(stem for part in around for stem in text_stems(part))
            found.append(_Sentence(passage, span, text, context))
    return found


def _fits(question: str, sentence: str) -> float:
    """Return whether the sentence holds the kind of thing asked for; see ``Features.fits``."""
    if _WHEN.search(question):
        found = _TIME
    elif _HOW_MANY.search(question):
        found = _NUMBER
    elif _WHO.search(question) or _WHERE.search(question):
        found = _NAME
    else:
        return 0.0
    asked = question.lower()
    new = any(match.group().lower() not in asked for match in found.finditer(sentence))
    return 1.0 if new else -1.0
