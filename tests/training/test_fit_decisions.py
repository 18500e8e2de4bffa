"""How the decision about a claim is fitted to the logits of two models."""

from __future__ import annotations

import numpy as np
import pytest

from training.checker.fit_decisions import PAIRS, Case, fit_decision


def cases(group: str, supported: list[list[float]], others: list[list[float]]) -> list[Case]:
    rng = np.random.default_rng(0)
    return [
        Case(group, is_supported, np.array([row]) + rng.normal(0, 0.3, (1, 2)))
        for rows, is_supported in ((supported, True), (others, False))
        for row in rows
        for _ in range(30)
    ]


def test_the_model_that_tells_claims_apart_gets_the_weight() -> None:
    found = fit_decision(cases("a", [[1, 0], [1, 1]], [[-1, 0], [-1, 1]]), (0, 1))
    assert found.checker > 2 * abs(found.reader)
    assert found.probability(1, 0) > found.supported_from
    assert found.probability(-1, 0) < found.supported_from


def test_a_model_that_is_not_asked_has_no_weight() -> None:
    found = fit_decision(cases("a", [[1, 5]], [[-1, -5]]), (0,))
    assert found.reader == 0.0


def test_the_least_sentence_of_a_claim_counts() -> None:
    pairs = cases(PAIRS, [[2, 0]], [[-2, 0]])
    found = fit_decision(
        [*pairs, Case("a", is_supported=False, logits=np.array([[2.0, 0.0], [-2.0, 0.0]]))], (0,)
    )
    assert found.probability(-2, 0) < found.partly_from
    assert found.partly_from <= found.supported_from


def test_a_large_set_weighs_no_more_than_a_small_one() -> None:
    small = [Case("small", s, np.array([[v, 0.0]])) for s, v in ((True, 0.2), (False, -0.2))]
    large = cases("large", [[3, 0]], [[1, 0]])
    one, many = (fit_decision([*small, *large * times], (0,)) for times in (1, 4))
    assert many.offset == pytest.approx(one.offset, abs=0.05)
