"""Fit the ranking of spans, the confidence, and the levels of answering.

    python -m training.fit_calibration --data DIR [--model DIR] [--cache FILE] [--out DIR]

Everything is fitted on one half of the articles of the sets that say where answers are,
and written to OUT/calibration.json (by default beside the model that ships), with what
it was fitted on. The other half is for reporting: ``bench.answers``, ``bench.refusal``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from bench.datasets import CALIBRATED_ON, QA_FILES, in_first_half, read_set
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from bench.reading import RememberingModel
from index.embedding.embedder import SentenceTransformerEmbedder
from qa.evaluation.evaluate import Asked, ask_all
from qa.reading.calibration import Calibration, Features, compute_features
from qa.reading.model import CALIBRATION, shipped_folder
from qa.reading.ranking import RankFeatures, Ranking
from qa.reading.reader import ExtractiveReader
from training.fit_ranking import as_read, fit_ranking

FOLDS = 5
KNOTS = 15
"""Points of the isotonic correction."""
# What each level is for: the share of answerable questions that it may refuse.
REFUSED = {"careful": 0.25, "balanced": 0.1, "eager": 0.03}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observed:
    """Answers and whether each was right: the first quote holds a gold answer."""

    features: Floats
    """``(n, features)``."""
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]
    groups: NDArray[np.str_]
    """The article of each."""


def observe(asked: Sequence[Asked], rank: Ranking) -> Observed:
    """Return the features of each answer under a ranking, and whether it was right."""
    rows, right = [], []
    for a in asked:
        scored = as_read(a, rank)
        rows.append(astuple(compute_features(a.answer.question, scored, a.retrieved)))
        right.append(a.question.answerable and a.is_right(scored))
    return Observed(
        np.array(rows),
        np.array(right),
        np.array([a.question.answerable for a in asked]),
        np.array([a.article for a in asked]),
    )


def fit(observed: Observed, rank: Ranking) -> Calibration:
    """Return the calibration that tells right answers from wrong ones best."""
    scale = observed.features.std(axis=0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(C=1.0, max_iter=1000)
    features = observed.features / scale
    out_of_fold = cross_val_predict(
        model,
        features,
        observed.right,
        groups=observed.groups,
        cv=GroupKFold(FOLDS),
        method="predict_proba",
    )[:, 1]
    raw, true = _isotonic(out_of_fold, observed.right)
    model.fit(features, observed.right)
    found = Calibration(
        rank,
        float(model.intercept_[0]),
        Features(*(model.coef_[0] / scale).tolist()),
        raw,
        true,
        {},
    )
    sure = np.interp(out_of_fold, raw, true)
    return replace(found, levels=levels_of(sure[observed.answerable]))


def levels_of(sure: Floats) -> dict[str, float]:
    """Return the least confidence of each level, given those of answerable questions."""
    return {level: round(float(np.quantile(sure, share)), 3) for level, share in REFUSED.items()}


def _isotonic(raw: Floats, right: NDArray[np.bool_]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return at most KNOTS points of the rising curve from raw to true probability."""
    model = IsotonicRegression(out_of_bounds="clip").fit(raw, right)
    knots = np.unique(np.quantile(raw, np.linspace(0, 1, KNOTS)))
    # The mean around a knot, so that a step of the curve is not taken for its value.
    edges = np.concatenate([[-np.inf], (knots[1:] + knots[:-1]) / 2, [np.inf]])
    smooth = model.predict(raw)
    bins = np.digitize(raw, edges[1:-1])
    true = np.array([smooth[bins == place].mean() for place in range(len(knots))])
    return tuple(np.round(knots, 4).tolist()), tuple(np.round(true, 4).tolist())


def _neutral() -> Calibration:
    weights = Features(**{field.name: 0.0 for field in fields(Features)})
    rank = Ranking(RankFeatures(1.0, 0.0, 6.0, 0.0, 0.0, 0.0))
    return Calibration(rank, 0.0, weights, (0.0, 1.0), (0.0, 1.0), {})


def calibrate(data: Path, model: RememberingModel, *, quick: bool) -> tuple[Calibration, Any]:
    """Return the calibration of ``model``, and what it rests on."""
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    reader = ExtractiveReader(model, _neutral())
    asked: list[Asked] = []
    counts = {}
    for name in CALIBRATED_ON:
        articles = [a for a in read_set(data, name, quick=quick) if in_first_half(a.id)]
        embedder.prepare([q.question for a in articles for q in a.questions])
        found = list(ask_all(articles, embedder, reader))
        counts[name] = {
            "sha256": hashlib.sha256((data / QA_FILES[name]).read_bytes()).hexdigest(),
            "articles": sorted({a.article for a in found}),
            "questions": len(found),
            "answerable": sum(a.question.answerable for a in found),
        }
        asked += [a for a in found if a.scored]
    rank = fit_ranking(asked)
    return fit(observe(asked, rank), rank), counts


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.fit_calibration")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--model", type=Path, default=Path(str(shipped_folder())))
    parser.add_argument("--cache", type=Path, help="file that keeps what the model read")
    parser.add_argument("--quick", action="store_true", help="an eighth of the questions")
    parser.add_argument("--out", type=Path, help="folder; by default the model's")
    given = parser.parse_args()
    environment = Environment.now("training.fit_calibration")
    model = RememberingModel(given.model, given.cache)
    found, counts = calibrate(given.data, model, quick=given.quick)
    report = found.to_dict() | {
        "provenance": {
            "fitted_on": counts,
            "right": "the first quote holds a gold answer",
            "model_sha256": model.sha256,
            "command": environment.command,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    }
    out = given.out or given.model
    text = json.dumps(report, indent=2) + "\n"
    (out / CALIBRATION).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
