"""Read the published claims of the training files."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.types import Span
from training.checker.pairs import (
    CONTRADICTED,
    NOT_MENTIONED,
    NOT_SUPPORTED,
    SUPPORTED,
    Pair,
)
from training.reader.seeding import is_held_out, seeded

CLAIM_SHARES = {
    "fever": 1.0,
    "condaqa": 0.8,
    "monotonicity": 0.25,
    "negation_nli": 0.6,
    "wice_tokens": 4.0,
}
"""How often an epoch sees a claim of each file."""
CLAIM_FILES = {name: Path("claims") / f"{name}.jsonl.gz" for name in CLAIM_SHARES}
_OTHER_EVIDENCE = {"fever": 0.15, "wice_tokens": 0.0}
"""How often a claim is also paired with the evidence of another one."""
_SAME_BEGINNING = 60
"""Characters; edited versions of a passage begin alike, and are held out together."""
_RELATIONS = {
    "supported": (SUPPORTED,),
    "yes": (SUPPORTED,),
    "no": (CONTRADICTED,),
    "unanswerable": (NOT_MENTIONED,),
}


@dataclass(frozen=True, slots=True)
class PublishedClaim:
    """A claim of a file, and whether its evidence is held out from training."""

    id: str
    source: str
    pair: Pair
    is_held_out: bool


def read_published(folder: Path) -> list[PublishedClaim]:
    """Return the claims of the files that are in ``folder``."""
    return [
        _claim(name, row)
        for name, path in CLAIM_FILES.items()
        if (folder / path).exists()
        for row in _rows(folder / path)
    ]


def published_pairs(claims: Sequence[PublishedClaim], seed: int, epoch: int) -> Iterator[Pair]:
    """Yield the pairs of an epoch."""
    by_source: dict[str, list[PublishedClaim]] = {}
    for claim in claims:
        by_source.setdefault(claim.source, []).append(claim)
    for claim in claims:
        rng = seeded("published", seed, epoch, claim.id)
        share = CLAIM_SHARES[claim.source]
        for _ in range(int(share) + (rng.random() < share % 1)):
            yield claim.pair
        if rng.random() < _OTHER_EVIDENCE.get(claim.source, 0.0):
            yield _with_other_evidence(claim, by_source[claim.source], rng)


def _with_other_evidence(
    claim: PublishedClaim, others: Sequence[PublishedClaim], rng: random.Random
) -> Pair:
    other = rng.choice(others)
    return Pair(claim.pair.claim, other.pair.evidence, (NOT_MENTIONED,), None, "other evidence")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        yield from map(json.loads, lines)


def _claim(name: str, row: dict[str, Any]) -> PublishedClaim:
    label, relation = row["label"], row.get("relation")
    relations = _RELATIONS.get(label, NOT_SUPPORTED)
    if relation == "contradicted":
        relations = (CONTRADICTED,)
    elif relation == "not_mentioned":
        relations = (NOT_MENTIONED,)
    unsupported: tuple[Span, ...] | None = None
    if relations == (SUPPORTED,):
        unsupported = ()
    elif "unsupported_words" in row:
        unsupported = tuple(Span(w["start"], w["end"]) for w in row["unsupported_words"])
    evidence = " ".join(row["evidence"].split())
    claim = row.get("question") or row["claim"]
    pair = Pair(claim, evidence, relations, unsupported, name)
    return PublishedClaim(row["id"], name, pair, is_held_out(row["evidence"][:_SAME_BEGINNING]))
