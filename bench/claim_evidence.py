"""Read claim sets, and choose the sentences of a text that may support a claim."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.embedding.embedder import Embedder, Vectors
from index.search.text_index import query_terms, stems
from index.sentences import split_sentences
from index.types import Span
from qa.evaluation.datasets import read_lines

_SUMMEDITS = ("news", "qmsum", "sales_call", "sales_email", "scitldr")
_SUMMEDITS_NC = ("ectsum", "podcast", "samsum")
CLAIM_FILES = {
    **{f"summedits_{name}": f"claims/summedits_{name}.jsonl" for name in _SUMMEDITS},
    **{
        name: f"claims/{name}.jsonl"
        for name in (
            "wice", "begin_wow", "begin_cmu", "begin_topicalchat", "fever_symmetric", "condaqa",
        )
    },
    "wice_evidence": "claims/wice.jsonl",
    **{f"summedits_{name}": f"claims_nc/summedits_{name}.jsonl" for name in _SUMMEDITS_NC},
    **{
        name: f"claims_nc/{name}.jsonl"
        for name in ("faithbench", "qags_cnndm", "qags_xsum", "anli", "control")
    },
}  # fmt: skip
"""Paths within the data's folder. wice_evidence has the sentences that people chose as evidence
instead of the whole page."""
NO_CLAIM = "no_claim"
_SUPPORTED = frozenset({"supported", "yes"})

MAX_EVIDENCE_TOKENS = 256
_MOST_BEST = 4
"""The number of best sentences that are chosen before their neighbours."""
_WORDS_WEIGHT = 0.5
"""Weight of the share of words found, relative to the cosine similarity."""


@dataclass(frozen=True, slots=True)
class ClaimCase:
    """A claim, the text that may support it, and what people found."""

    set_name: str
    text_id: str
    id: str
    claim: str
    text: str
    label: str
    kinds: tuple[str, ...]
    """Kinds of edits, or the relation to the text, of a claim that is not supported."""
    unsupported: tuple[Span, ...] | None = None
    """Offsets in the claim of the words without support, of claims where people marked them."""

    @property
    def is_supported(self) -> bool:
        """Whether the text supports all of the claim."""
        return self.label in _SUPPORTED


def read_claim_set(data: Path, name: str) -> list[ClaimCase]:
    """Return the cases of a named set, without replies that state nothing.

    Raises:
        UnreadableFile: The file is missing or not of the format.
    """
    rows = read_lines(data / CLAIM_FILES[name], lambda row: list(_cases(name, row)))
    return [case for cases in rows for case in cases if case.label != NO_CLAIM]


def _cases(name: str, row: dict[str, Any]) -> Iterator[ClaimCase]:
    for claim in row["claims"]:
        label = claim["label"]
        kinds = claim.get("edit") or [claim.get("relation") or label]
        yield ClaimCase(
            name,
            row["id"],
            claim["id"],
            claim.get("question") or claim["claim"],
            _chosen(row["text"], claim) if name == "wice_evidence" else row["text"],
            label,
            () if label in _SUPPORTED else tuple(kinds),
            _marked(claim),
        )


def _chosen(text: str, claim: dict[str, Any]) -> str:
    """Return the fewest sentences that people chose as evidence, or the whole text."""
    groups = sorted(filter(None, claim.get("evidence_groups") or ()), key=len)
    return " ".join(text[s["start"] : s["end"]] for s in groups[0]) if groups else text


def _marked(claim: dict[str, Any]) -> tuple[Span, ...] | None:
    """Return what people marked, without what is true although the text does not say it."""
    if "unsupported" not in claim:
        return None
    marked = (span for span in claim["unsupported"] if span["label"] != "benign")
    return tuple(Span(span["start"], span["end"]) for span in marked)


class EvidenceChooser:
    """Chooses the sentences of a text to check a claim against.

    A short text is taken whole. Of a longer one the best sentences by cosine similarity and
    by the claim's words are taken, then their neighbours, in the order of the text.
    """

    def __init__(self, embedder: Embedder, max_tokens: int = MAX_EVIDENCE_TOKENS) -> None:
        self._embedder, self._max_tokens = embedder, max_tokens

    def pairs(self, case: ClaimCase) -> list[tuple[str, str]]:
        """Return each sentence of the claim with its evidence."""
        claims = [case.claim[s.start : s.end] for s in split_sentences(case.claim)] or [case.claim]
        sentences = [case.text[s.start : s.end] for s in split_sentences(case.text)]
        sizes = self._embedder.count_tokens(sentences)
        if sum(sizes) <= self._max_tokens:
            return [(claim, " ".join(sentences)) for claim in claims]
        vectors = self._embedder.encode_documents(sentences)
        words = WordMatch(sentences)
        found = []
        for claim in claims:
            cosine = vectors @ self._embedder.encode_query(claim)
            scores = cosine + _WORDS_WEIGHT * words.shares(claim)
            order = [int(place) for place in (-scores).argsort()]
            chosen = _fitting(order, sizes, self._max_tokens)
            found.append((claim, " ".join(sentences[place] for place in chosen)))
        return found


class WordMatch:
    """Which share of a claim's words each sentence has; rare words count more."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self._sentences = [frozenset(stems(sentence)) for sentence in sentences]
        self._frequency = Counter(stem for found in self._sentences for stem in found)

    def shares(self, claim: str) -> Vectors:
        """Return ``(sentences,)`` float32, each in 0..1."""
        terms = query_terms(claim)
        count = len(self._sentences)
        weights = {term: math.log(1 + count / (0.5 + self._frequency[term])) for term in terms}
        total = sum(weights.values()) or 1.0
        found = [sum(weights[t] for t in terms if t in s) / total for s in self._sentences]
        return np.array(found, dtype=np.float32)


def _fitting(order: Sequence[int], sizes: Sequence[int], max_tokens: int) -> list[int]:
    """Return the places of the best sentences, then of their neighbours, that fit."""
    best = order[:_MOST_BEST]
    near = [place + step for place in best for step in (-1, 1) if 0 <= place + step < len(sizes)]
    chosen: list[int] = []
    room = max_tokens
    for place in dict.fromkeys([*best, *near, *order]):
        if sizes[place] <= room:
            chosen.append(place)
            room -= sizes[place]
    return sorted(chosen or order[:1])
