"""Choose the blocks of a page that belong to its article.

By gradient-boosted trees, which training/fit_page_blocks fits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.sources.html_blocks import Block
from index.sources.html_features import (
    PageShape,
    coverage,
    features_of_blocks,
    features_of_surroundings,
)

TREES_FILE = "article_blocks.json"
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class BoostedTrees:
    """Gradient-boosted decision trees; each array is ``(trees, nodes)``, node 0 is the root.

    A node leads to ``left`` if the feature is at most the threshold; a leaf leads to itself.
    """

    start: float
    """The log-odds before the first tree."""
    features: NDArray[np.int32]
    thresholds: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    values: NDArray[np.float64]
    """The log-odds that a leaf adds."""
    steps: int
    """How many nodes the longest way has below the root."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the trees that :meth:`to_dict` of the training recipe was made from."""
        return cls(
            start=data["start"],
            features=np.array(data["features"], dtype=np.int32),
            thresholds=np.array(data["thresholds"], dtype=np.float64),
            left=np.array(data["left"], dtype=np.int32),
            right=np.array(data["right"], dtype=np.int32),
            values=np.array(data["values"], dtype=np.float64),
            steps=data["steps"],
        )

    def probabilities(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``(n,)`` probabilities in 0..1 for ``(n, features)``."""
        chunks = range(0, len(rows), _ROWS_AT_ONCE)
        sums = [self._log_odds(rows[at : at + _ROWS_AT_ONCE]) for at in chunks]
        return np.asarray(1 / (1 + np.exp(-np.concatenate([*sums, np.zeros(0)]))))

    def _log_odds(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        count, size = self.features.shape
        roots = np.arange(count) * size
        features, thresholds, children = self.features.ravel(), self.thresholds.ravel(), (
            np.stack([self.right + roots[:, None], self.left + roots[:, None]], axis=-1).ravel()
        )
        nodes = np.tile(roots, len(rows))
        cells = rows.ravel()
        firsts = np.repeat(np.arange(len(rows)) * rows.shape[1], count)
        for _ in range(self.steps):
            found = cells.take(firsts + features.take(nodes))
            nodes = children.take(2 * nodes + (found <= thresholds.take(nodes)))
        sums = self.values.ravel().take(nodes).reshape(len(rows), count).sum(axis=1)
        return np.asarray(self.start + sums)


@dataclass(frozen=True, slots=True, eq=False)
class BlockClassifier:
    """Tells the blocks of an article from the rest of its page, in two rounds.

    The first sees what trafilatura kept around a block, the second what the first would keep.
    """

    first: BoostedTrees
    second: BoostedTrees
    threshold: float
    """The probability from which a block belongs to the article."""

    @classmethod
    @cache
    def shipped(cls) -> Self:
        """Return the classifier that the package ships."""
        data = json.loads(resources.files("index.sources").joinpath(TREES_FILE).read_text("utf-8"))
        first, second = (BoostedTrees.from_dict(data[name]) for name in ("first", "second"))
        return cls(first, second, data["threshold"])

    def probabilities(
        self, blocks: Sequence[Block], extracted: str, title: str
    ) -> NDArray[np.float64]:
        """Return for each block how probably it belongs to the article: ``(n,)`` in 0..1.

        Args:
            blocks: All that the page shows; at least one.
            extracted: The main text as trafilatura finds it, which lacks some parts.
            title: The page's title.
        """
        texts = [block.text for block in blocks]
        shape = PageShape(blocks, texts)
        known = known_of_blocks(blocks, texts, shape, extracted, title)
        found = self.first.probabilities(known)
        return self.second.probabilities(with_first_round(known, shape, found))


def known_of_blocks(
    blocks: Sequence[Block], texts: Sequence[str], shape: PageShape, extracted: str, title: str
) -> NDArray[np.float64]:
    """Return ``(n, features)``: what the first round sees of each block."""
    own = features_of_blocks(blocks, texts, shape, title)
    return np.hstack([own, features_of_surroundings(shape, coverage(texts, extracted))])


def with_first_round(
    known: NDArray[np.float64], shape: PageShape, found: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return ``(n, features)``: what the second round sees, the first having found ``found``."""
    return np.hstack([known, found[:, None], features_of_surroundings(shape, found)])


def article_blocks(blocks: Sequence[Block], extracted: str, title: str) -> list[Block]:
    """Return the blocks that belong to the article, as :class:`BlockClassifier` finds them."""
    if not blocks:
        return []
    classifier = BlockClassifier.shipped()
    found = classifier.probabilities(blocks, extracted, title)
    return [
        block
        for block, probability in zip(blocks, found, strict=True)
        if probability >= classifier.threshold
    ]
