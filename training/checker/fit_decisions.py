"""Fit how the checking model, alone and with the large reading model, decides.

    python -m training.checker.fit_decisions --data DIR --run RUN [--checker DIR]

The weights, and the probability from which a claim is partly supported, are fitted on the first
half of the texts of the evaluation sets, an eighth of their claims, and on held-out pairs of the
run. The pairs, single statements as a language model writes them, weigh twice as much as the sets
together. Each set weighs the same, and in it the supported claims as much as the others. The
result is written to the manifest in the checker's folder.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from tokenizers import Tokenizer
from tqdm import tqdm

from bench.claim_evidence import CLAIM_FILES, EvidenceChooser, read_claim_set
from bench.datasets import in_first_half, in_quick_run
from bench.embedding import RememberingEmbedder
from index.embedding.embedder import SentenceTransformerEmbedder
from index.embedding.model_files import default_model_folder
from qa.reading.large_model import LargeModel
from qa.reading.model import TOKENIZER
from qa.writing.claim_checker import Pair
from qa.writing.reader_verdict import reader_logit
from qa.writing.trained_checker import (
    ALONE,
    CHECKER_MANIFEST,
    WITH_READER,
    Decision,
    TrainedChecker,
    checking_model_folder,
)
from training.checker.features import load_batches
from training.checker.pairs import SUPPORTED
from training.checker.train import HELD_OUT

PAIRS = "held-out pairs"
_PAIRS = 700
_PAIRS_WEIGHT = 2.0
_TWICE = "wice_evidence"
"""The claims of another set with other evidence."""
_SENTENCES = 8
"""Of a claim with more, the others are not looked at."""
SUPPORTED_FROM = 0.5
"""Where both classes weigh the same, this is the threshold with the fewest errors."""
_FALSE_ALARMS = 0.15
"""The share of supported claims, each set weighing the same, below ``partly_from``."""

_PENALTY = 1e-4
"""Of the squared weights, so that they are finite also where the classes are separable."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A claim with the logits of both models."""

    group: str
    is_supported: bool
    logits: Floats
    """``(sentences, 2)``: of the checking model, of the large reading model."""


def fit_decision(cases: Sequence[Case], columns: Sequence[int]) -> Decision:
    """Return the decision by the logits in ``columns``, of which the least sentence counts."""
    weights = _weights(cases)
    signs = np.array([1.0 if case.is_supported else -1.0 for case in cases])

    def logits_of(parameters: Floats) -> Floats:
        values = [case.logits[:, columns] @ parameters[:-1] for case in cases]
        return np.array([each.min() for each in values]) + float(parameters[-1])

    def loss(parameters: Floats) -> float:
        penalty = _PENALTY * float(parameters[:-1] @ parameters[:-1])
        return float(weights @ np.logaddexp(0, -signs * logits_of(parameters))) + penalty

    start = np.array([0.5] * len(columns) + [0.0])
    found = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 2000}).x
    probabilities = 1 / (1 + np.exp(-logits_of(found)))
    by_column = dict(zip(columns, found, strict=False))
    partly_from = _weighted_quantile(probabilities[signs > 0], weights[signs > 0], _FALSE_ALARMS)
    values = (
        by_column.get(0, 0.0),
        by_column.get(1, 0.0),
        found[-1],
        SUPPORTED_FROM,
        min(partly_from, SUPPORTED_FROM),
    )
    return Decision._make(round(float(value), 4) for value in values)


def _weights(cases: Sequence[Case]) -> Floats:
    """Return a weight for each case, which sum to 1."""
    counts: defaultdict[tuple[str, bool], int] = defaultdict(int)
    for case in cases:
        counts[case.group, case.is_supported] += 1
    sets = max(1, len({case.group for case in cases} - {PAIRS}))
    shares = [
        (_PAIRS_WEIGHT if case.group == PAIRS else 1 / sets) / counts[case.group, case.is_supported]
        for case in cases
    ]
    return np.array(shares) / sum(shares)


def _weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][int(np.searchsorted(below, share))])


def cases_of_sets(data: Path, checker: TrainedChecker, reader: LargeModel) -> Iterator[Case]:
    """Yield the cases of the evaluation sets."""
    chooser = EvidenceChooser(RememberingEmbedder(SentenceTransformerEmbedder()))
    for name in CLAIM_FILES:
        if name == _TWICE:
            continue
        claims = read_claim_set(data, name)
        chosen = [c for c in claims if in_quick_run(c.id) and in_first_half(c.text_id)]
        for claim in tqdm(chosen, desc=name, disable=None):
            pairs = [Pair(*pair) for pair in chooser.pairs(claim)[:_SENTENCES]]
            yield Case(name, claim.is_supported, _logits(pairs, checker, reader))


def cases_of_run(run: Path, checker: TrainedChecker, reader: LargeModel) -> Iterator[Case]:
    """Yield the cases of a run's held-out pairs, whose text both models read without capitals."""
    tokenizer = Tokenizer.from_file(str(default_model_folder() / TOKENIZER))
    for window in tqdm(load_batches(run / HELD_OUT)[0][:_PAIRS], desc=PAIRS, disable=None):
        parts = window.ids[1 : window.evidence_at - 1], window.ids[window.evidence_at : -1]
        pair = Pair(*(tokenizer.decode(list(ids)) for ids in parts))
        yield Case(PAIRS, SUPPORTED in window.relations, _logits([pair], checker, reader))


def _logits(pairs: Sequence[Pair], checker: TrainedChecker, reader: LargeModel) -> Floats:
    return np.array([[checker.logit(pair), reader_logit(reader, pair)] for pair in pairs])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.checker.fit_decisions")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--run", type=Path, required=True, help="folder of the training run")
    default = Path(str(checking_model_folder()))
    parser.add_argument("--checker", type=Path, default=default, help="folder of the checker")
    given = parser.parse_args()
    checker, reader = TrainedChecker.shipped(given.checker), LargeModel.shipped()
    cases = [*cases_of_sets(given.data, checker, reader), *cases_of_run(given.run, checker, reader)]
    path = given.checker / CHECKER_MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for name, columns in ((ALONE, (0,)), (WITH_READER, (0, 1))):
        manifest[name] = fit_decision(cases, columns)._asdict()
        print(name, manifest[name])
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
