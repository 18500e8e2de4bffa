"""Plot a confidence: risk against coverage, and its calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from qa.evaluation.metrics import risk_coverage

BINS = 10
_SIZE = (6.4, 4.4)
"""Inches."""


@dataclass(frozen=True, slots=True)
class Replies:
    """The confidence of each reply of one set, and whether it was right."""

    confidence: Sequence[float]
    right: Sequence[bool]


def plot_risk_coverage(sets: Mapping[str, Replies], path: Path) -> None:
    """Draw, for each set, the share of wrong replies against the share of questions answered."""
    figure, axes = _figure("questions answered", "replies that are wrong")
    for name, replies in sets.items():
        points = risk_coverage(list(map(float, replies.right)), replies.confidence)
        axes.plot([p.coverage for p in points], [p.risk for p in points], label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    _write(figure, axes, path)


def plot_calibration(sets: Mapping[str, Replies], path: Path) -> None:
    """Draw, for each set, the share of right replies against their confidence, in ten bins.

    A point's area is the share of the set's replies in its bin.
    """
    figure, axes = _figure("confidence", "replies that are right")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, zorder=0)
    for name, replies in sets.items():
        sure, right = np.asarray(replies.confidence), np.asarray(replies.right)
        bins = np.minimum(BINS - 1, (sure * BINS).astype(int))
        places = [bins == number for number in range(BINS) if (bins == number).any()]
        x, y = [sure[p].mean() for p in places], [right[p].mean() for p in places]
        (line,) = axes.plot(x, y, linewidth=1, label=name)
        areas = [400 * p.mean() for p in places]
        axes.scatter(x, y, s=areas, color=line.get_color(), alpha=0.6)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    _write(figure, axes, path)


def _figure(across: str, up: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlabel=f"share of {across}" if " " in across else across, ylabel=f"share of {up}")
    axes.grid(color="0.9")
    return figure, axes


def write_svg(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, the same bytes for the same plot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": path.name}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def _write(figure: Figure, axes: Any, path: Path) -> None:  # noqa: ANN401 - theirs is untyped
    axes.legend(frameon=False)
    write_svg(figure, path)
