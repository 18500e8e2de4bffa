from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.environment import Environment
from bench.query_simulation import Cluster, render, simulate
from bench.query_stages import Stages

QUESTIONS = 40_000
NOTHING = np.zeros((1, 1))
ONE_SERVER = Cluster(1, 1, 1, 1, 1, 1, rate=0.7)


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.query_simulation.ROUND_TRIP", 0.0)


def exponential(mean: float) -> np.ndarray:
    """Return many times, ``(n, 1)``, of an exponential distribution."""
    quantiles = (np.arange(20_000) + 0.5) / 20_000
    return -mean * np.log(quantiles)[:, np.newaxis]


def encoding(times: np.ndarray) -> Stages:
    """Return stages that take no time but for the first."""
    return Stages(times, {1: NOTHING}, NOTHING, NOTHING)


def erlang_c(cores: int, load: float) -> float:
    """Return the probability that an arrival waits in M/M/c; ``load`` in cores."""
    rest = sum(load**k / math.factorial(k) for k in range(cores))
    full = load**cores / math.factorial(cores) * cores / (cores - load)
    return full / (rest + full)


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_exponential_times_wait_as_in_an_mmc_queue(cores: int) -> None:
    load = 0.7 * cores
    cluster = replace(ONE_SERVER, server_cores=cores, rate=load)
    found = simulate(cluster, encoding(exponential(1.0)), QUESTIONS)
    expected = 1 + erlang_c(cores, load) / (cores - load)
    assert np.mean(found.seconds) == pytest.approx(expected, rel=0.05)
    assert found.server_use == pytest.approx(0.7, rel=0.03)
    assert found.node_use == 0


def test_equal_times_wait_as_in_an_md1_queue() -> None:
    found = simulate(ONE_SERVER, encoding(np.ones((1, 1))), QUESTIONS)
    assert np.mean(found.seconds) == pytest.approx(1 + 0.7 / (2 * 0.3), rel=0.05)


def test_the_same_queue_forms_at_a_query_node() -> None:
    stages = Stages(NOTHING, {1: np.ones((1, 1))}, NOTHING, NOTHING)
    found = simulate(ONE_SERVER, stages, QUESTIONS)
    assert np.mean(found.seconds) == pytest.approx(1 + 0.7 / (2 * 0.3), rel=0.05)
    assert found.node_use == pytest.approx(0.7, rel=0.03)


def test_the_slowest_node_decides() -> None:
    # The maximum of n exponential times has the mean 1 + 1/2 + … + 1/n.
    stages = Stages(NOTHING, {1: exponential(1.0).T}, NOTHING, NOTHING)
    cluster = Cluster(8, 1, 1, 1, 8, 1, rate=0.001)
    found = simulate(cluster, stages, QUESTIONS // 4)
    assert np.mean(found.seconds) == pytest.approx(sum(1 / n for n in range(1, 9)), rel=0.05)


def test_a_node_searches_its_segments_on_all_its_cores() -> None:
    stages = Stages(NOTHING, {1: np.ones((1, 1))}, NOTHING, NOTHING)
    found = simulate(Cluster(24, 1, 1, 1, 2, 4, rate=0.001), stages, 100)
    assert found.seconds == pytest.approx([3.0] * 90)  # 24 segments, 8 cores


def test_a_question_passes_all_stages_in_turn() -> None:
    first, second, third, fourth = (np.full((1, 1), float(x)) for x in (1, 2, 3, 4))
    stages = Stages(first, {1: second}, third, fourth)
    found = simulate(replace(ONE_SERVER, rate=0.0001), stages, 100)
    assert found.seconds == pytest.approx([10.0] * 90)


def test_measured_stages_are_kept_and_reported(tmp_path: Path) -> None:
    some = np.full((3, 2), 0.002)
    Stages(some, {10: some, 20: some}, some, some, 0.03).write(tmp_path / "stages.json")
    stages = Stages.read(tmp_path / "stages.json")
    cluster = Cluster(40, 20, 1, 2, 2, 1, rate=1)
    text = render(Environment.now("bench.query_simulation"), 0.5, stages, [cluster])
    assert "| search a segment of 20 | 2.0 |" in text
    assert "| 40 | 20 | 1 × 2 | 2 × 1 | 1 | 8.0 |" in text
