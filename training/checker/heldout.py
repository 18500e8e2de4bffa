"""Measure a checking model on pairs of held-out articles and claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.metrics import auroc
from training.checker.features import ClaimBatch, LabelledWindow, collate
from training.checker.model import ClaimLogits
from training.checker.pairs import CONTRADICTED, NOT_MENTIONED, SUPPORTED

ClaimLogitsOf: TypeAlias = Callable[[ClaimBatch], ClaimLogits]
"""A model, run in any way."""

FALSE_ALARMS = 0.05
_BATCH_WINDOWS = 24
_LEAST_OF_KIND = 12


@dataclass(frozen=True, slots=True)
class WindowReads:
    """What a model found about some windows."""

    windows: tuple[LabelledWindow, ...]
    relations: NDArray[np.float32]
    """``(n, relations)``, as logits."""
    words: tuple[tuple[bool, float], ...]
    """For each labelled token, whether it is unsupported, and its logit."""

    @property
    def scores(self) -> NDArray[np.float32]:
        """Return ``(n,)``: the logit that each claim is supported."""
        return np.array([support_of(row) for row in self.relations])

    @property
    def labels(self) -> NDArray[np.bool_]:
        """Return ``(n,)``: whether each claim is supported."""
        return np.array([window.relations == (SUPPORTED,) for window in self.windows])


def read_windows(logits_of: ClaimLogitsOf, windows: Sequence[LabelledWindow]) -> WindowReads:
    """Return what the model finds, with the shortest windows first."""
    order = sorted(windows, key=lambda window: len(window.ids))
    relations: list[NDArray[np.float32]] = []
    words: list[tuple[bool, float]] = []
    for first in range(0, len(order), _BATCH_WINDOWS):
        batch = collate(order[first : first + _BATCH_WINDOWS])
        logits = logits_of(batch)
        relations.append(logits.relation)
        labelled = batch.labelled.numpy()
        right = batch.unsupported.numpy()[labelled] > 0
        words += zip(right.tolist(), logits.unsupported[labelled].tolist(), strict=True)
    return WindowReads(tuple(order), np.concatenate(relations), tuple(words))


def figures(reads: WindowReads) -> dict[str, float]:
    """Return the metrics of what was found, in 0..1.

    ``caught:KIND`` is the share of the claims of a kind that are flagged where FALSE_ALARMS of
    the supported claims made in the same way are.
    """
    scores, labels = reads.scores, reads.labels
    found = {
        "auroc": auroc(labels.tolist(), scores.tolist()),
        "balanced": float(np.mean(scores[labels] > 0) + np.mean(scores[~labels] <= 0)) / 2,
        "three_way": _three_way(reads.windows, reads.relations),
        "words_f1": _f1(reads.words),
    }
    return found | _by_kind(reads.windows, scores)


def support_of(relation: NDArray[np.float32]) -> float:
    """Return the logit that a claim is supported, from the logits of its relation."""
    others = np.logaddexp(relation[NOT_MENTIONED], relation[CONTRADICTED])
    return float(relation[SUPPORTED] - others)


def _three_way(windows: Sequence[LabelledWindow], relations: NDArray[np.float32]) -> float:
    sure = [
        int(row.argmax()) == window.relations[0]
        for window, row in zip(windows, relations, strict=True)
        if len(window.relations) == 1
    ]
    return float(np.mean(sure))


def _f1(words: Sequence[tuple[bool, float]]) -> float:
    right = sum(label and logit > 0 for label, logit in words)
    marked = sum(label for label, _ in words) + sum(logit > 0 for _, logit in words)
    return 2 * right / max(1, marked)


def _by_kind(windows: Sequence[LabelledWindow], scores: NDArray[np.float32]) -> dict[str, float]:
    supported: defaultdict[str, list[float]] = defaultdict(list)
    others: defaultdict[str, list[float]] = defaultdict(list)
    for window, score in zip(windows, scores.tolist(), strict=True):
        if window.relations == (SUPPORTED,):
            supported[window.kind].append(score)
        else:
            others[window.kind].append(score)
    found: dict[str, float] = {}
    for kind, theirs in others.items():
        family = kind.partition(":")[0]
        family = {"genuine": "question", "other evidence": "fever"}.get(family, family)
        if len(theirs) >= _LEAST_OF_KIND and len(supported[family]) >= _LEAST_OF_KIND:
            least = float(np.quantile(supported[family], FALSE_ALARMS))
            found[f"caught:{kind}"] = float(np.mean(np.array(theirs) < least))
    return found
