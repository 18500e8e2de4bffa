from __future__ import annotations

from pathlib import Path

from bench.plots import Replies, plot_calibration, plot_risk_coverage

SETS = {
    "first": Replies([0.9, 0.8, 0.7, 0.1], [True, True, False, False]),
    "second": Replies([0.5, 1.0], [True, True]),
}


def test_a_plot_names_its_sets_and_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    for draw in (plot_risk_coverage, plot_calibration):
        for name in ("one.svg", "two.svg"):
            draw(SETS, tmp_path / name)
        one, two = ((tmp_path / name).read_text() for name in ("one.svg", "two.svg"))
        assert one.replace("one.svg", "two.svg").startswith("<?xml")
        draw(SETS, tmp_path / "one.svg")
        assert (tmp_path / "one.svg").read_text() == one
        assert all(f"<!-- {name} -->" in two for name in SETS)
