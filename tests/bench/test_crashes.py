from __future__ import annotations

from pathlib import Path

import pytest

from bench.crash_work import verify
from bench.crashes import at_points, at_random, render
from bench.environment import Environment
from tests.libraries import article, filled, opened

pytestmark = pytest.mark.slow


def test_a_killed_writer_leaves_the_library_as_before_or_after() -> None:
    rows = [at_random(5, seed=5), at_points(stride=150), at_random(2, seed=4, writers=2)]
    for row in rows:
        assert not row.failures
        assert row.before + row.after == row.kills
    assert "after a random time | 5" in render(Environment.now("bench.crashes"), rows)


def test_an_inconsistent_library_is_detected(tmp_path: Path) -> None:
    log = tmp_path / "log"
    one = article(0)
    log.write_text(f'[{{"{one.id}": "{one.title}"}}, "toy"]\n', encoding="utf-8")
    verify(filled(tmp_path / "l", 1), [log], check_first=True)
    with opened(tmp_path / "l") as index:
        index.add(article(5))
    with pytest.raises(AssertionError):
        verify(tmp_path / "l", [log], check_first=True)
