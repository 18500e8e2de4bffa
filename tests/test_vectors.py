from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from index.revisions import Revision
from index.vectors import VectorIndex

RNG = np.random.default_rng(0)


def unit(n: int, dimension: int = 8) -> np.ndarray:
    vectors = RNG.normal(size=(n, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture
def filled() -> tuple[VectorIndex, np.ndarray]:
    index, vectors = VectorIndex(8), unit(50)
    index.add(np.arange(100, 150), vectors)
    return index, vectors


def test_search_is_exact(filled: tuple[VectorIndex, np.ndarray]) -> None:
    index, vectors = filled
    query = unit(1)[0]
    expected = sorted(((float(v @ query), 100 + i) for i, v in enumerate(vectors)), reverse=True)
    hits = index.search(query, 5)
    assert [found for found, _ in hits] == [found for _, found in expected[:5]]
    np.testing.assert_allclose([s for _, s in hits], [s for s, _ in expected[:5]], rtol=1e-5)


def test_k_is_clamped_and_an_empty_index_finds_nothing(
    filled: tuple[VectorIndex, np.ndarray],
) -> None:
    assert len(filled[0].search(unit(1)[0], 1_000)) == 50
    assert VectorIndex(8).search(unit(1)[0], 5) == []


def test_a_search_uses_one_thread_and_gives_the_others_back(
    filled: tuple[VectorIndex, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, _ = filled
    searching, during = index._index.search, []

    def search(*given: object, **named: object) -> object:
        during.append(faiss.omp_get_max_threads())
        return searching(*given, **named)  # type: ignore[call-overload] # as they came

    monkeypatch.setattr(index._index, "search", search)
    threads = faiss.omp_get_max_threads()
    assert len(index.search(unit(1)[0], 3)) == 3
    assert during == [1]
    assert faiss.omp_get_max_threads() == threads


@pytest.mark.parametrize("ranges", [[(110, 112)], [(110, 111), (149, 149), (500, 900)]])
def test_a_limit_to_ranges_is_exact_also_when_few_match(
    filled: tuple[VectorIndex, np.ndarray], ranges: list[tuple[int, int]]
) -> None:
    found = {found for found, _ in filled[0].search(unit(1)[0], 50, ranges)}
    assert found == {i for a, b in ranges for i in range(a, b + 1) if 100 <= i < 150}
    assert filled[0].search(unit(1)[0], 50, []) == []


def test_equal_scores_come_in_the_order_of_ids() -> None:
    index, vector = VectorIndex(8), unit(1)
    index.add(np.array([7, 3, 5]), np.repeat(vector, 3, axis=0))
    assert [found for found, _ in index.search(vector[0], 3)] == [3, 5, 7]


def test_a_removed_range_is_not_found(filled: tuple[VectorIndex, np.ndarray]) -> None:
    filled[0].remove_range(100, 148)
    assert [found for found, _ in filled[0].search(unit(1)[0], 5)] == [149]


def test_similarities_of_given_ids(filled: tuple[VectorIndex, np.ndarray]) -> None:
    index, vectors = filled
    query = unit(1)[0]
    np.testing.assert_allclose(
        index.similarities(query, [103, 101]), [vectors[3] @ query, vectors[1] @ query], rtol=1e-5
    )
    assert index.similarities(query, []) == []


def test_what_is_saved_is_loaded(filled: tuple[VectorIndex, np.ndarray], tmp_path: Path) -> None:
    index, _ = filled
    index.revision = Revision(7, 12345)
    index.save(tmp_path / "v")
    loaded = VectorIndex.load(tmp_path / "v", 8)
    assert loaded is not None
    assert loaded.revision == Revision(7, 12345)
    query = unit(1)[0]
    assert loaded.search(query, 9) == index.search(query, 9)
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


def test_a_damaged_file_is_not_loaded(
    filled: tuple[VectorIndex, np.ndarray], tmp_path: Path
) -> None:
    path = tmp_path / "v"
    filled[0].save(path)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for data in (b"", whole[:10], whole[:-1], bytes(flipped), b"X" + whole[1:]):
        path.write_bytes(data)
        assert VectorIndex.load(path, 8) is None
    path.write_bytes(whole)
    assert VectorIndex.load(path, 9) is None
    assert VectorIndex.load(tmp_path / "absent", 8) is None


def test_a_failed_save_leaves_the_file_as_it_was(
    filled: tuple[VectorIndex, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v"
    filled[0].save(path)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    filled[0].remove_range(100, 120)
    with pytest.raises(OSError, match="No space left"):
        filled[0].save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["v"]
