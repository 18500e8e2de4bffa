"""Plot how costs grow with a library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from bench.plots import write_svg

_SIZE = (10, 3.6)
"""Inches."""
_PANELS = {
    "milliseconds": {
        "query, p95": "query_p95",
        "vectors alone, p95": "vectors_p95",
        "text alone, p95": "text_p95",
        "add an article": "adding",
        "remove an article": "removing",
    },
    "seconds": {"open": "opening", "build the indexes": "indexing"},
    "MB": {
        "memory": "memory_after",
        "database on disk": "database_disk",
        "vectors on disk": "vectors_disk",
        "text index on disk": "text_disk",
    },
}


def plot_growth(rows: Sequence[Any], path: Path) -> None:
    """Draw each cost of ``rows`` against the number of passages, both on logarithmic axes."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    sizes = [row.passages for row in rows]
    for axes, (unit, lines) in zip(figure.subplots(1, len(_PANELS)), _PANELS.items(), strict=True):
        for name, field in lines.items():
            axes.plot(sizes, [getattr(row, field) for row in rows], marker="o", label=name)
        axes.set(xscale="log", yscale="log", xlabel="passages", ylabel=unit)
        axes.grid(color="0.9")
        axes.legend(frameon=False, fontsize="small")
    write_svg(figure, path)
