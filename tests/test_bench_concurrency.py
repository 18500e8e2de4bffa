from __future__ import annotations

from pathlib import Path

import pytest

from bench.concurrency import filled, measure


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_callers_are_timed_beside_a_writer(tmp_path: Path, kind: str) -> None:
    assert filled(tmp_path / "l", 2) > 2
    rate = measure(tmp_path / "l", 2, kind, 0.3, writing=True)
    assert rate.per_second > 0
    assert 0 < rate.p50 <= rate.p95
