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

from index.sources.html.html_blocks import Block
from index.sources.html.html_features import (
    APART,
    ARTICLE,
    FOOTER,
    NAMED,
    PageShape,
    coverage,
    features_of_blocks,
    features_of_surroundings,
)

TREES_FILE = "article_blocks.json"
_ROWS_AT_ONCE = 1_000
_MOST = 0.85
THRESHOLD = 0.5
"""The probability from which a block belongs to the article wherever it is."""
_THRESHOLD_WITHIN = 0.1
"""The same for a block in the article that no name sets apart, such as "comments"."""
_THRESHOLD_UNNAMED = 0.01
"""The same for a block in the article of a page that gives its elements no names."""


_NOTE_ROLES = {"doc-endnotes", "doc-endnote", "doc-footnote"}


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
        """Return the trees that training/fit_page_blocks has written."""
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
        features, thresholds, children = (
            self.features.ravel(),
            self.thresholds.ravel(),
            (np.stack([self.right + roots[:, None], self.left + roots[:, None]], axis=-1).ravel()),
        )
        nodes = np.tile(roots, len(rows))
        cells = rows.ravel()
        firsts = np.repeat(np.arange(len(rows)) * rows.shape[1], count)
        for _ in range(self.steps):
            found = cells.take(firsts + features.take(nodes))
            nodes = children.take(2 * nodes + (found <= thresholds.take(nodes)))
        sums = self.values.ravel().take(nodes).reshape(len(rows), count).sum(axis=1)
        return np.asarray(self.start + sums)


@cache
def shipped_trees() -> BoostedTrees:
    """Return the trees that the package ships."""
    data = resources.files("index.sources.html").joinpath(TREES_FILE).read_text("utf-8")
    return BoostedTrees.from_dict(json.loads(data))


def known_of_blocks(
    blocks: Sequence[Block], texts: Sequence[str], shape: PageShape, extracted: str, title: str
) -> NDArray[np.float64]:
    """Return ``(n, features)``: what the first round sees of each block."""
    own = features_of_blocks(blocks, texts, shape, title)
    return np.hstack([own, features_of_surroundings(shape, coverage(texts, extracted))])


def article_blocks(blocks: Sequence[Block], extracted: str, title: str) -> list[Block]:
    """Return the blocks that belong to the article.

    Args:
        blocks: All that the page shows.
        extracted: The main text as trafilatura finds it, which lacks some parts.
        title: The page's title.
    """
    if not blocks:
        return []
    texts = [block.text for block in blocks]
    shape = PageShape(blocks, texts)
    known = known_of_blocks(blocks, texts, shape, extracted, title)
    is_chosen = chosen_blocks(shipped_trees().probabilities(known), shape)
    if is_chosen.any():
        is_chosen |= _notes(blocks)
    return [block for block, is_one in zip(blocks, is_chosen, strict=True) if is_one]


def _notes(blocks: Sequence[Block]) -> NDArray[np.bool_]:
    """Return ``(n,)``: which blocks the page itself calls notes of its article."""
    known: dict[Any, bool] = {None: False}
    return np.array([_is_in_note(block.element, known) for block in blocks])


def _is_in_note(element: Any, known: dict[Any, bool]) -> bool:  # noqa: ANN401 - lxml has no types
    """Return whether an element is in one with the role of a note; ``known`` is extended."""
    way = []
    while element not in known:
        way.append(element)
        element = None if element.get("role") in _NOTE_ROLES else element.getparent()
    is_note = known[element] or bool(way and way[-1].get("role") in _NOTE_ROLES)
    known.update(dict.fromkeys(way, is_note))
    return is_note


def chosen_blocks(probabilities: NDArray[np.float64], shape: PageShape) -> NDArray[np.bool_]:
    """Return ``(n,)``: which blocks belong to the article.

    Within the element that holds most of what is surely of the article, less certain blocks do as
    well, such as lists, captions and notes, unless the page names a part of it as something else.
    """
    is_sure = probabilities >= THRESHOLD
    if not is_sure.any():
        return is_sure
    elements = shape.elements
    chars = elements.sums((shape.chars * is_sure)[:, None])[:, 0]
    is_around = chars >= _MOST * chars[0]
    is_within = elements.levels_up_to(is_around) == 0
    depth = elements.depths[is_around].max()
    nearest = elements.nearest[elements.of_block]
    is_inside = nearest > depth
    is_apart = is_inside[:, APART].any(axis=1)
    # An article's own footer has its notes.
    is_named = is_inside[:, NAMED].any(axis=1) | (is_inside[:, FOOTER] & (nearest[:, ARTICLE] < 0))
    is_chosen = is_sure | (
        is_within
        & (
            (~is_apart & (probabilities >= _THRESHOLD_WITHIN))
            | (~is_named & (probabilities >= _THRESHOLD_UNNAMED))
        )
    )
    titles = np.flatnonzero(shape.levels == 1)
    if len(titles) and not is_chosen[titles].any() and titles[0] < np.argmax(is_sure):
        is_chosen[titles[0]] = True
    return np.asarray(is_chosen)
