"""Compute metrics for answers, passages, rankings and abstention.

Answers are scored as in SQuAD (Rajpurkar et al. 2016, 2018), passages by the evidence they cover,
rankings by nDCG (Järvelin and Kekäläinen 2002). Functions return the value of one question, so that
means and intervals are over the same numbers.
"""

from __future__ import annotations

import math
import string
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.types import Span
from qa.evaluation.datasets import Evidence

_ENGLISH_ARTICLES = frozenset({"a", "an", "the"})
_ENGLISH_PUNCTUATION = frozenset(string.punctuation)
# The share of an evidence span that a passage must cover to hit it.
_HIT_SHARE = 0.5


class Located(Protocol):
    """Anything with offsets into its article: a Passage, a Chunk, a Span."""

    @property
    def start(self) -> int:
        """The first code point."""

    @property
    def end(self) -> int:
        """One past the last code point."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its bootstrap interval; printed as ``0.250 [0.100, 0.400]``."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


# --- answers ---------------------------------------------------------------------------


def strip_marks(reply: str, marks: Iterable[Span]) -> str:
    """Return ``reply`` without its citation marks, whose offsets are ``marks``."""
    kept, position = [], 0
    for start, end in sorted(marks):
        kept.append(reply[position:start].rstrip(" "))
        position = end
    return "".join([*kept, reply[position:]])


def normalise(text: str, lang: str = "en") -> str:
    """Return ``text`` in the form that SQuAD's evaluation script compares.

    Lower case, no punctuation (ASCII for English as in the script, every Unicode
    ``P*`` character for other languages, as MLQA does), for English without a/an/the,
    with single spaces.
    """
    kept = "".join(char for char in text.lower() if not _is_punctuation(char, lang))
    words = kept.split()
    if lang == "en":
        words = [word for word in words if word not in _ENGLISH_ARTICLES]
    return " ".join(words)


def answer_tokens(text: str, lang: str = "en") -> list[str]:
    """Return the normalised tokens: words; for Chinese, characters."""
    normal = normalise(text, lang)
    return list(normal.replace(" ", "")) if lang == "zh" else normal.split()


def exact_match(reply: str | None, gold: Collection[str], lang: str = "en") -> float:
    """Return 1 if the reply equals an answer once both are normalised, else 0.

    None is an abstention. Without gold answers, only an abstention scores 1 (SQuAD 2.0).
    """
    if reply is None or not gold:
        return float(reply is None and not gold)
    normalised = normalise(reply, lang)
    return float(any(normalise(answer, lang) == normalised for answer in gold))


def f1(reply: str | None, gold: Collection[str], lang: str = "en") -> float:
    """Return the largest F1 of the reply's tokens with those of an answer.

    Abstentions score as in :func:`exact_match`.
    """
    if reply is None or not gold:
        return float(reply is None and not gold)
    tokens = answer_tokens(reply, lang)
    return max(_token_f1(tokens, answer_tokens(answer, lang)) for answer in gold)


def contained(reply: str | None, gold: Collection[str], lang: str = "en") -> float:
    """Return 1 if an answer is a contiguous run of the reply's tokens, else 0.

    Abstentions score as in :func:`exact_match`.
    """
    if reply is None or not gold:
        return float(reply is None and not gold)
    tokens = answer_tokens(reply, lang)
    return float(any(_is_run(answer_tokens(answer, lang), tokens) for answer in gold))


def _is_punctuation(char: str, lang: str) -> bool:
    if lang == "en":
        return char in _ENGLISH_PUNCTUATION
    return unicodedata.category(char).startswith("P")


def _token_f1(reply: Sequence[str], answer: Sequence[str]) -> float:
    if not reply or not answer:
        return float(reply == answer)
    shared = (Counter(reply) & Counter(answer)).total()
    return 2 * shared / (len(reply) + len(answer))


def _is_run(needle: Sequence[str], tokens: Sequence[str]) -> bool:
    # No token has a space in it; a search in a string takes time in proportion to it.
    return len(needle) > 0 and f" {' '.join(needle)} " in f" {' '.join(tokens)} "


# --- passages --------------------------------------------------------------------------


def hits(passage: Located, span: Located) -> bool:
    """Return whether a passage covers at least half of an evidence span.

    For a span longer than the passage, such as a section, half of the passage is enough.
    """
    overlap = min(passage.end, span.end) - max(passage.start, span.start)
    shorter = min(passage.end - passage.start, span.end - span.start)
    return overlap > 0 and overlap >= _HIT_SHARE * shorter


def hits_any(passage: Located, spans: Iterable[Located]) -> bool:
    """Return whether a passage covers at least half of one of ``spans``; see :func:`hits`."""
    return any(hits(passage, span) for span in spans)


def recall_at(k: int, passages: Sequence[Located], evidence: Evidence) -> float:
    """Return the recall of the first ``k`` passages, best first.

    It is 1 or 0 for a hit or none; in mode ``all``, the share of the evidence spans that are hit.

    Raises:
        ValueError: The evidence has no span.
    """
    if not evidence.spans:
        msg = "Recall needs evidence. Leave out questions without evidence."
        raise ValueError(msg)
    first = passages[:k]
    found = [any(hits(passage, span) for passage in first) for span in evidence.spans]
    return sum(found) / len(found) if evidence.mode == "all" else float(any(found))


def recall_within(characters: int, passages: Sequence[Located], evidence: Evidence) -> float:
    """Return the recall of the first ``characters`` characters of the passages.

    The last passage is cut at the limit, so that passages of different lengths are comparable.
    """
    seen: list[Span] = []
    room = characters
    for passage in passages:
        if room <= 0:
            break
        seen.append(Span(passage.start, min(passage.end, passage.start + room)))
        room -= passage.end - passage.start
    return recall_at(len(seen), seen, evidence)


def reciprocal_rank(passages: Sequence[Located], evidence: Evidence, k: int = 10) -> float:
    """Return 1/rank of the first of ``k`` passages that hits a span, 0 if none does.

    Its mean over questions is MRR@k (Voorhees 1999).
    """
    for rank, passage in enumerate(passages[:k], start=1):
        if hits_any(passage, evidence.spans):
            return 1 / rank
    return 0.0


# --- rankings --------------------------------------------------------------------------


def ndcg(ranked: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """Return nDCG@k with gain 1 and discount log2(rank + 1) (Järvelin and Kekäläinen 2002)."""
    gains = [1 / math.log2(rank + 1) for rank in range(1, k + 1)]
    got = sum(gain for gain, item in zip(gains, ranked, strict=False) if item in relevant)
    best = sum(gains[: len(relevant)])
    return got / best if best else 0.0


def document_recall(ranked: Sequence[str], relevant: Collection[str], k: int = 100) -> float:
    """Return the share of the relevant documents that are among the first ``k``."""
    return len(set(ranked[:k]) & set(relevant)) / len(relevant) if relevant else 0.0


# --- abstention ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AbstentionScore:
    """How well abstentions find the unanswerable questions, which are the positive class.

    A ratio with a denominator of 0 is 0.
    """

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """The result of giving all replies with a confidence of at least ``threshold``."""

    threshold: float
    coverage: float
    """The share of questions that get a reply."""
    risk: float
    """The share of these replies that are wrong."""


def abstention_rates(kinds: Sequence[str], abstained: Sequence[bool]) -> dict[str, float]:
    """Return the share of abstentions for each kind of question, in order of appearance."""
    by_kind: dict[str, list[bool]] = {}
    for kind, did in zip(kinds, abstained, strict=True):
        by_kind.setdefault(kind, []).append(did)
    return {kind: sum(values) / len(values) for kind, values in by_kind.items()}


def abstention_score(answerable: Sequence[bool], abstained: Sequence[bool]) -> AbstentionScore:
    """Return precision, recall and F1 of abstaining."""
    right = sum(did and not can for can, did in zip(answerable, abstained, strict=True))
    done, due = sum(abstained), len(answerable) - sum(answerable)
    return AbstentionScore(
        precision=right / done if done else 0.0,
        recall=right / due if due else 0.0,
        f1=2 * right / (done + due) if done + due else 0.0,
    )


def auroc(positive: Sequence[bool], scores: Sequence[float]) -> float:
    """Return the chance that a positive scores above a negative, a tie counting half.

    The area under the ROC curve as the Mann-Whitney statistic (Hanley and McNeil 1982).
    For a confidence, the positives are the answerable questions or the right replies.

    Raises:
        ValueError: One of the two classes is empty.
    """
    labels = np.asarray(positive, dtype=bool)
    values = np.asarray(scores, dtype=np.float64)
    ups, downs = values[labels], np.sort(values[~labels])
    if not len(ups) or not len(downs):
        msg = "AUROC compares two classes: give at least one positive and one negative."
        raise ValueError(msg)
    below = np.searchsorted(downs, ups, side="left")
    not_above = np.searchsorted(downs, ups, side="right")
    return float((below + not_above).sum() / 2 / (len(ups) * len(downs)))


def risk_coverage(correct: Sequence[float], confidence: Sequence[float]) -> list[RiskPoint]:
    """Return the risk-coverage curve (El-Yaniv and Wiener 2010), from low coverage to full.

    ``correct`` is the score in 0..1 of the reply to each question, such as exact match, and 0 for
    an unanswerable question. There is one point for each distinct confidence, because no threshold
    separates replies of the same confidence.
    """
    values = np.asarray(confidence, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    means = np.cumsum(np.asarray(correct, dtype=np.float64)[order]) / np.arange(1, len(ranked) + 1)
    lasts = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else ()
    return [
        RiskPoint(float(ranked[last]), float((last + 1) / len(ranked)), float(1 - means[last]))
        for last in lasts
    ]


def coverage_at(precision: float, correct: Sequence[float], confidence: Sequence[float]) -> float:
    """Return the largest share of questions answered with at least this mean score.

    It is 0 if no threshold reaches the score.
    """
    # Rounding must not keep a mean of 0.8 from reaching 0.8.
    limit = 1 - precision + 1e-9
    reached = [
        point.coverage for point in risk_coverage(correct, confidence) if point.risk <= limit
    ]
    return max(reached, default=0.0)


# --- intervals -------------------------------------------------------------------------


def bootstrap(
    groups: Sequence[Sequence[float]], *, seed: int = 0, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """Return the mean over all values, with a percentile interval over whole groups.

    Questions about one article are not independent, so articles are drawn instead of questions
    (cluster bootstrap: Davison and Hinkley 1997, section 3.8). For the difference of two systems,
    give the differences of their values. The same seed gives the same interval.

    Raises:
        ValueError: There is no value.
    """
    sums = np.array([sum(group) for group in groups if len(group)], dtype=np.float64)
    sizes = np.array([len(group) for group in groups if len(group)], dtype=np.float64)
    if not len(sums):
        msg = "Give at least one value."
        raise ValueError(msg)
    draws = np.random.default_rng(seed).integers(len(sums), size=(resamples, len(sums)))
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(sums.sum() / sizes.sum()), float(low), float(high))
