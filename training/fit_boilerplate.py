"""Measure how well boilerplate is told from articles, by the threshold.

    python -m training.fit_boilerplate --data DIR

To each article the notices of ``boilerplate.txt`` are added, which are worded otherwise than the
examples that the product has: three drawn at random in its middle, and all of them at its end,
as a licence is. Printed are the shares of these and of the article's own sentences that are
left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.commands import table
from bench.datasets import read_set
from index.embedding.embedder import SentenceTransformerEmbedder, Vectors
from qa.overview.boilerplate import EXAMPLES, is_boilerplate
from training.fit_summary import Material, material_of

SETS = ("squad_en", "covidqa", "fairytale", "quail_news", "policyqa")
THRESHOLDS = (0.15, 0.2, 0.25, 0.3)
NOTICES = tuple(
    (Path(__file__).parent / "boilerplate.txt").read_text(encoding="utf-8").splitlines()
)
_DRAWN = 3
_SEED = 0


class Shares(NamedTuple):
    """Shares of sentences that are left out."""

    articles: float
    """Of the articles' own, without anything added: best 0."""
    in_the_middle: float
    """Of three notices in the middle: best 1."""
    at_the_end: float
    """Of all notices, at the end: best 1."""


def shares(
    articles: Sequence[Vectors], notices: Vectors, examples: Vectors, threshold: float
) -> Shares:
    """Return the shares left out, given the vectors of each article's sentences."""
    rng = np.random.default_rng(_SEED)
    own, middle, end = [], [], []
    for vectors in articles:
        own.append(is_boilerplate(vectors, examples, threshold))
        drawn = notices[rng.permutation(len(notices))[:_DRAWN]]
        half = len(vectors) // 2
        mixed = np.concatenate([vectors[:half], drawn, vectors[half:]])
        middle.append(is_boilerplate(mixed, examples, threshold)[half : half + len(drawn)])
        whole = np.concatenate([vectors, notices])
        end.append(is_boilerplate(whole, examples, threshold)[len(vectors) :])
    return Shares(*(float(np.concatenate(some).mean()) for some in (own, middle, end)))


def rows_of(materials: dict[str, list[Material]], notices: Vectors, examples: Vectors) -> list[str]:
    """Return the lines of a table: for each set and threshold the shares left out."""
    cells = []
    for name, some in materials.items():
        for threshold in THRESHOLDS:
            articles = [material.vectors for material in some]
            found = shares(articles, notices, examples, threshold)
            cells.append([name, str(threshold), *(f"{share:.4f}" for share in found)])
    return table(["set", "threshold", "of articles", "in the middle", "at the end"], cells)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="training.fit_boilerplate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    embedder = SentenceTransformerEmbedder()
    notices = embedder.encode_documents(NOTICES)
    examples = embedder.encode_documents(EXAMPLES)
    materials = {
        name: [material_of(item, embedder) for item in read_set(data, name, quick=True)]
        for name in SETS
    }
    sys.stdout.write("\n".join(rows_of(materials, notices, examples)) + "\n")


if __name__ == "__main__":
    main()
