from __future__ import annotations

from dataclasses import astuple, fields

import numpy as np

from qa.reading.ranking import RankFeatures
from training.fit_ranking import Choice, fit_weights

SIGNS = len(fields(RankFeatures))


def choices(seed: int, weights: list[float]) -> list[Choice]:
    """Questions of eight spans, of which one is drawn by the chances that the weights give."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(1500):
        features = rng.normal(size=(8, SIGNS))
        scores = features @ np.array(weights)
        chances = np.exp(scores - np.logaddexp.reduce(scores))
        target = np.zeros(8)
        target[rng.choice(8, p=chances)] = 1.0
        found.append(Choice(features, target))
    return found


def test_the_fit_finds_the_weights_that_the_choices_were_made_with() -> None:
    weights = [1.5, 0.5, 0.0, 0.0, -1.0, 0.25, 0.75, 0.0]
    found = astuple(fit_weights(choices(0, weights)))
    assert np.allclose(found, weights, atol=0.15)
