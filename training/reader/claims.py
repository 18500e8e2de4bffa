"""Read claims and yes/no questions about a passage, with their verdicts."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.reader.seeding import is_held_out

Verdict = Literal["span", "yes", "no"]
"""The kinds of answers: words of the passage, or yes or no with the words that decide it."""

_WORDINGS = (
    "Is it true that {}?",
    "Is it correct that {}?",
    "is it true that {}",
    "{}?",
    "Does it say that {}?",
)
# How often an epoch sees a claim of each file. Those of monotonicity are of one sentence each.
CLAIM_WEIGHTS = {"condaqa": 1.0, "fever": 0.4, "monotonicity": 0.2}
CLAIM_FILES = tuple(Path("claims") / f"{name}.jsonl.gz" for name in CLAIM_WEIGHTS)
_LONGEST = 1500
"""The longest evidence, in characters."""
_SAME_BEGINNING = 60
"""Characters."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A yes/no question or a claim, with a passage that may decide it."""

    id: str
    source: str
    question: str | None
    """None if there is only a claim."""
    claim: str
    evidence: str
    verdict: Verdict | None
    """None if the evidence does not decide."""

    def asked(self, rng: random.Random) -> str:
        """Return the question, or one formed from the claim."""
        if self.question:
            return self.question
        claim = self.claim.rstrip(" .?")
        return rng.choice(_WORDINGS).format(claim)

    @property
    def is_held_out(self) -> bool:
        """Whether its evidence is held out from training."""
        # Edited versions of a passage begin alike, and must be held out together.
        return is_held_out(self.evidence[:_SAME_BEGINNING])


def read_claims(folder: Path) -> tuple[Claim, ...]:
    """Return the claims in the folder of the training files, if there are any."""
    return tuple(
        claim
        for path in CLAIM_FILES
        if (folder / path).exists()
        for claim in _read(folder / path, path.name.partition(".")[0])
    )


def _read(path: Path, source: str) -> Iterator[Claim]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        for row in map(json.loads, lines):
            if len(row["evidence"]) <= _LONGEST:
                claim = row.get("claim", "")
                verdict = _verdict(row["label"], row.get("relation"))
                evidence = row["evidence"].replace("\r", " ")
                yield Claim(row["id"], source, row.get("question"), claim, evidence, verdict)


def _verdict(label: str, relation: str | None) -> Verdict | None:
    if label in ("yes", "supported"):
        return "yes"
    return "no" if label == "no" or relation == "contradicted" else None
