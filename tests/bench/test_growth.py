from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.environment import Environment
from bench.growth.__main__ import grown, render
from bench.growth.material import PASSAGES_PER_ARTICLE, Material, synthetic_articles
from bench.growth.plotting import plot_growth

pytestmark = pytest.mark.slow
RNG = np.random.default_rng(0)


def unit(n: int) -> np.ndarray:
    vectors = RNG.normal(size=(n, 16)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture(scope="module")
def material() -> Material:
    sentences = tuple((f"Ship {i} left.", f"Its cargo was {i} barrels.") for i in range(30))
    return Material(sentences, unit(30), ("Which ship left?", "What was its cargo?"), unit(2))


def test_synthetic_articles_are_chunked_at_their_passages(material: Material) -> None:
    made = list(synthetic_articles(material, PASSAGES_PER_ARTICLE + 7))
    assert [len(each.chunks) for each in made] == [PASSAGES_PER_ARTICLE, 7]
    for each in made:
        assert each.vectors.shape == (len(each.chunks), 16)
        np.testing.assert_allclose(np.linalg.norm(each.vectors, axis=1), 1, rtol=1e-5)
        for chunk in each.chunks:
            assert each.article.text[chunk.start : chunk.end] == chunk.text
            words = [each.article.text[start:end] for start, end in chunk.sentences]
            assert " ".join(words) == chunk.text
    assert made[0].article.id != made[1].article.id


def test_the_same_seed_makes_the_same_articles(material: Material) -> None:
    one, same = (next(synthetic_articles(material, 5)) for _ in range(2))
    other = next(synthetic_articles(material, 5, seed=1))
    assert one.article == same.article
    assert one.article != other.article


def test_a_library_is_built_measured_and_reported(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.growth.__main__.CHANGES", 2)
    row = grown(material, 150, tmp_path, ("toy", "0" * 64))
    assert (row.passages, row.kind, row.recall) == (150, "exact", 1.0)
    assert min(row.opening, row.adding, row.removing, row.query_p50, row.text_disk) > 0
    made = (tmp_path / "library-150" / "made").stat()
    assert grown(material, 150, tmp_path, ("toy", "0" * 64)).recall == 1.0
    assert (tmp_path / "library-150" / "made").stat() == made  # it was not made again
    assert "| 150 | exact |" in render(Environment.now("bench.growth"), 0.5, [row])
    plot_growth([row], tmp_path / "growth.svg")
    assert (tmp_path / "growth.svg").read_text(encoding="utf-8").count("query, p95") == 1
