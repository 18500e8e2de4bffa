from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bench.encoding import Rate, nearness, rates, render
from bench.environment import Environment


def test_nearness_is_of_each_paragraph_to_its_own_vector() -> None:
    exact = np.eye(4, dtype=np.float32)[:3]
    others = exact.copy()
    others[2] = (0, 0.6, 0.8, 0)
    found = nearness("set", exact, others)
    assert found.paragraphs == 3
    assert found.least == pytest.approx(0.8)
    assert found.mean == pytest.approx(2.8 / 3)
    assert 0.8 < found.first_percentile < 0.9


def test_encoders_get_all_texts_in_turns_longest_first() -> None:
    calls: list[tuple[str, tuple[str, ...]]] = []

    def encoder(name: str) -> object:
        def encode(texts: Sequence[str]) -> np.ndarray:
            calls.append((name, tuple(texts)))
            return np.zeros((len(texts), 2), dtype=np.float32)

        return encode

    found = rates(["b", "aaa", "cc"], {n: encoder(n) for n in ("x", "y")}, rounds=2)  # type: ignore[misc]
    assert [name for name, _ in calls] == ["x", "y", "y", "x"]
    assert {texts for _, texts in calls} == {("aaa", "cc", "b")}
    assert [(rate.name, len(rate.rounds)) for rate in found] == [("x", 2), ("y", 2)]
    assert all(value > 0 for rate in found for value in rate.rounds)


def test_the_report_has_ratios_to_the_first_row() -> None:
    near = nearness("towns", np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32))
    fast = [Rate("slow", (10.0, 20.0, 30.0)), Rate("fast", (25.0, 50.0, 60.0))]
    text = render(Environment.now("bench.encoding"), [near], fast)
    assert "| towns | 2 | 1.00000 | 1.00000 | 1.00000 |" in text
    assert "| slow | 20.0 | 1.00 |" in text
    assert "| fast | 50.0 | 2.50 |" in text
