from __future__ import annotations

import pytest

from bench.environment import Environment
from bench.page_start import render, timings


def test_the_ratio_is_taken_round_by_round() -> None:
    start, opening, both = timings(
        ours=[(2.0, 1.0), (30.0, 2.0), (3.0, 3.0)], bare=[(1.0, 1.0), (10.0, 1.0), (3.0, 1.0)]
    )
    assert (start.ours, start.bare, start.ratio) == (3.0, 3.0, 2.0)
    assert (opening.ours, opening.bare, opening.ratio) == (2.0, 1.0, 2.0)
    assert (both.rounds, both.ours) == (3, 6.0)
    assert both.ratio == pytest.approx(1.5)


def test_the_table_has_a_row_for_each_step() -> None:
    found = timings(ours=[(2.0, 1.0)], bare=[(1.0, 1.0)])
    text = render(Environment.now("bench.page_start"), 0.5, found)
    assert "| start | 1 | 2.00 | 1.00 | 2.00 |" in text
    assert "| both | 1 | 3.00 | 2.00 | 1.50 |" in text
