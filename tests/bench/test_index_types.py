from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import index_types
from bench.environment import Environment
from bench.growth.material import Material
from bench.index_types import render, rows_of, vectors_file

pytestmark = pytest.mark.slow
RNG = np.random.default_rng(0)
SIZE = 3_000


def unit(n: int) -> np.ndarray:
    vectors = RNG.normal(size=(n, 16)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


MATERIAL = Material(tuple(("It left.",) for _ in range(50)), unit(50), ("Which?",), unit(1))


def test_the_vectors_of_a_size_are_made_once(tmp_path: Path) -> None:
    path = vectors_file(MATERIAL, 150, tmp_path)
    made = path.stat()
    vectors = np.load(path)
    assert vectors.shape == (150, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors_file(MATERIAL, 150, tmp_path).stat() == made
    longer = np.load(vectors_file(MATERIAL, 350, tmp_path))
    np.testing.assert_array_equal(longer[:100], vectors[:100])


@pytest.mark.parametrize("approximate_from", [SIZE + 1, SIZE], ids=["exact", "approximate"])
def test_every_type_is_built_searched_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, approximate_from: int
) -> None:
    monkeypatch.setattr("index.search.vector_index.APPROXIMATE_FROM", approximate_from)
    path = vectors_file(MATERIAL, SIZE, tmp_path)
    rows = {row.name: row for row in rows_of(path, unit(20), tmp_path)}
    assert len(rows) == 9
    assert rows["FLAT"].recall_10 == rows["FLAT"].recall_100 == 1.0
    # All clusters are probed of so few vectors.
    assert rows["IVF_FLAT"].recall_100 > 0.98
    bits = rows[index_types.ONE_BIT]
    assert rows[f"{bits.name}, re-ranked exactly"].recall_10 > bits.recall_10 + 0.1
    assert rows[index_types.REFINED].recall_10 > bits.recall_10 + 0.1
    assert rows["this project's"].recall_10 > 0.95
    assert bits.memory < rows["FLAT"].memory
    assert all(0 < row.p50 <= row.p95 for row in rows.values())
    text = render(Environment.now("bench.index_types"), 0.5, list(rows.values()), 16)
    assert "| 3,000 | FLAT |" in text
