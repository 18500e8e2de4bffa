from __future__ import annotations

from dataclasses import fields

import numpy as np

from qa.evaluation.evaluate import calibration_error
from qa.reading.calibration import Features
from qa.reading.ranking import RankFeatures, Ranking
from training.fit_calibration import Observed, fit, levels_of, weights_of

COUNT = 600
RANK = Ranking(RankFeatures(1.0, 0.0, 6.0, 0.0, 0.0, 0.0))


def observed(seed: int) -> Observed:
    """Answers that are right the likelier the higher their margin; other features are noise."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(COUNT, len(fields(Features))))
    right = rng.random(COUNT) < 1 / (1 + np.exp(-2.0 * features[:, 0]))
    groups = np.array([f"article {i % 10}" for i in range(COUNT)])
    answerable = right | (rng.random(COUNT) < 0.3)
    return Observed(features, right, answerable, groups, np.ones(COUNT))


def test_the_fit_finds_the_predictive_feature_and_is_calibrated_on_held_out_answers() -> None:
    found = fit(observed(0), RANK)
    weights = found.weights
    assert weights.margin > 5 * max(abs(weights.lead), abs(weights.length), abs(weights.coverage))
    other = observed(1)
    sure = [found.confidence(Features(*row)) for row in other.features.tolist()]
    assert calibration_error(sure, other.right.tolist()) < 0.06
    assert list(found.true) == sorted(found.true)


def test_levels_refuse_their_share_of_questions() -> None:
    assert levels_of(np.linspace(0, 1, 101)) == {"careful": 0.25, "balanced": 0.085, "eager": 0.03}


def test_a_question_of_a_set_four_times_as_large_counts_half() -> None:
    assert weights_of(["a"] * 4 + ["b"]).tolist() == [0.5, 0.5, 0.5, 0.5, 1.0]
