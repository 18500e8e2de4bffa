"""Plot the comparison as bars: building, a question, a cold start, memory."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.figure import Figure

from bench.peers.catalogue import OURS
from bench.peers.compared import Compared, round_quantiles
from bench.plots import write_svg

_SIZE = (9.6, 6.4)
"""Inches."""
_WHOLE = 100
"""Numbers from this value on are shown without decimals."""
_OURS, _OTHERS = "tab:blue", "0.65"


def plot_peers(compared: Compared, path: Path) -> None:
    """Draw a panel of bars for each measure; article-qa's bars are blue."""
    panels = [(title, values) for title, values in _panels(compared) if values]
    figure = Figure(figsize=_SIZE, layout="constrained")
    names = {c.key: c.shown for c in compared.contenders}
    all_axes = list(figure.subplots(-(-len(panels) // 2), 2, squeeze=False).flat)
    for axes, (title, values) in zip(all_axes, panels, strict=False):
        _bars(axes, title, {names[key]: value for key, value in values.items()}, names.get(OURS))
    for axes in all_axes[len(panels) :]:
        axes.set_visible(False)
    write_svg(figure, path)


def _panels(compared: Compared) -> list[tuple[str, dict[str, float]]]:
    runs, keys = compared.runs, [c.key for c in compared.contenders]
    rates = compared.characters_a_second() if "build" in compared.parts else {}
    rest = runs.rest_mb if "memory" in compared.parts else {}
    measures = (
        ("building: characters a second", rates),
        ("a question: ms, median, cores idle", round_quantiles(runs.idle, 0.5)),
        ("cold start to the first passage: s", runs.cold),
        ("memory at rest: MB", {key: [value] for key, value in rest.items()}),
    )
    return [(title, {k: median(found[k]) for k in keys if k in found}) for title, found in measures]


def _bars(axes: Any, title: str, values: dict[str, float], ours: str | None) -> None:  # noqa: ANN401 - theirs is untyped
    colours = [_OURS if name == ours else _OTHERS for name in values]
    bars = axes.barh(list(values), list(values.values()), color=colours)
    axes.bar_label(bars, [_number(value) for value in values.values()], padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_title(title, fontsize="medium")
    axes.spines[["top", "right"]].set_visible(False)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE else f"{value:.3g}"
