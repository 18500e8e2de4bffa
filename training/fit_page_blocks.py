"""Fit the classifier that tells the blocks of an article from the rest of its page.

python -m training.fit_page_blocks --trafilatura CHECKOUT

The checkout is of github.com/adbar/trafilatura, which is not part of this repository. Its
evaluation names segments that an extractor must keep and others that it must not. A block with one
of the former is an example of an article's, one with the latter of the rest. Only the half of the
pages that :func:`is_training_page` chooses is used; ``bench.html_extraction`` reports the other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.html_pages import SegmentPage, segment_pages, words_of
from index.sources.html import html_article
from index.sources.html.html_article import TREES_FILE, known_of_blocks
from index.sources.html.html_blocks import page_blocks
from index.sources.html.html_features import PageShape
from index.sources.html.html_page import extracted_page, parse_page

ROUNDS_OF_TREES = 120


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """The blocks of a page, and what is known of some of them."""

    name: str
    known: NDArray[np.float64]
    shape: PageShape
    labels: NDArray[np.float64]
    """``(n,)``: 1 for the article, 0 for the rest, -1 for unknown."""
    weights: NDArray[np.float64]


def is_training_page(name: str) -> bool:
    """Return whether the classifier is fitted on the page with this file name."""
    return hashlib.sha256(f"t:{name}".encode()).digest()[-1] % 2 == 0


def labelled_page(page: SegmentPage) -> LabelledPage | None:
    """Return the blocks of a page with their labels; None if it has none."""
    root = parse_page(page.source)
    blocks = [] if root is None else page_blocks(root)
    extracted = extracted_page(root) if blocks else None
    if extracted is None:
        return None
    texts = [block.text for block in blocks]
    shape = PageShape(blocks, texts)
    labels, weights = _labels(texts, page)
    known = known_of_blocks(blocks, texts, shape, extracted.text or "", extracted.title or "")
    return LabelledPage(page.name, known, shape, labels, weights)


def fit(pages: Sequence[LabelledPage]) -> dict[str, Any]:
    """Return fitted trees as :class:`index.sources.html.html_article.BoostedTrees` reads them."""
    return _trees(_model(pages))


def _labels(
    texts: Sequence[str], page: SegmentPage
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    labels, weights = np.full(len(texts), -1.0), np.zeros(len(texts))
    words = [words_of(text) for text in texts]
    starts = np.cumsum([0] + [len(text) + 1 for text in words])
    joined = " ".join(words)
    for segment in page.unwanted:
        places = _places(joined, words_of(segment), starts)
        for number in {number for place in places for number in place}:
            labels[number] = 0
            weights[number] = max(weights[number], len(places) ** -0.5)
    for segment in page.wanted:
        for number in {n for place in _places(joined, words_of(segment), starts) for n in place}:
            labels[number], weights[number] = 1, 1
    return labels, weights


def _places(joined: str, segment: str, starts: NDArray[np.int64]) -> list[range]:
    """Return the blocks that each occurrence of a segment is in."""
    places = []
    at = joined.find(segment) if segment else -1
    while at >= 0:
        first, last = np.searchsorted(starts, [at, at + len(segment) - 1], side="right") - 1
        places.append(range(int(first), int(last) + 1))
        at = joined.find(segment, at + 1)
    return places


def _model(pages: Sequence[LabelledPage]) -> Any:  # noqa: ANN401 - scikit-learn has no types
    from sklearn.ensemble import HistGradientBoostingClassifier

    chosen = [page.labels >= 0 for page in pages]
    model = HistGradientBoostingClassifier(
        max_iter=ROUNDS_OF_TREES,
        learning_rate=0.07,
        max_leaf_nodes=12,
        min_samples_leaf=15,
        l2_regularization=2.0,
        max_features=0.4,
        early_stopping=False,
        random_state=0,
    )
    return model.fit(
        np.vstack([page.known[c] for page, c in zip(pages, chosen, strict=True)]),
        np.concatenate([page.labels[c] for page, c in zip(pages, chosen, strict=True)]),
        sample_weight=np.concatenate(
            [page.weights[c] for page, c in zip(pages, chosen, strict=True)]
        ),
    )


def _trees(model: Any) -> dict[str, Any]:  # noqa: ANN401
    nodes = [predictor.nodes for (predictor,) in model._predictors]
    size = max(map(len, nodes))
    own = np.arange(size)

    def padded(name: str, tree: Any) -> NDArray[Any]:  # noqa: ANN401
        values = np.zeros(size, dtype=tree[name].dtype)
        values[: len(tree)] = tree[name]
        is_leaf = np.ones(size, dtype=bool)
        is_leaf[: len(tree)] = tree["is_leaf"].astype(bool)
        if name in ("left", "right"):
            return np.where(is_leaf, own, values)
        return values if name == "value" else np.where(is_leaf, 0, values)

    return {
        "start": round(float(model._baseline_prediction.ravel()[0]), 6),
        "steps": int(max(tree["depth"].max() for tree in nodes)),
        "features": [padded("feature_idx", tree).tolist() for tree in nodes],
        "thresholds": [
            [float(f"{value:.6g}") for value in padded("num_threshold", tree)] for tree in nodes
        ],
        "left": [padded("left", tree).tolist() for tree in nodes],
        "right": [padded("right", tree).tolist() for tree in nodes],
        "values": [[round(float(v), 5) for v in padded("value", tree)] for tree in nodes],
    }


def main() -> None:
    """Fit the classifier and write it to the package."""
    parser = argparse.ArgumentParser(prog="python -m training.fit_page_blocks")
    parser.add_argument("--trafilatura", type=Path, required=True, help="checkout of trafilatura")
    given = parser.parse_args()
    pages = [
        labelled
        for page in segment_pages(given.trafilatura)
        if is_training_page(page.name) and (labelled := labelled_page(page))
    ]
    print(f"fitting on {len(pages)} pages")
    path = Path(html_article.__file__).with_name(TREES_FILE)
    path.write_text(json.dumps(fit(pages), separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
