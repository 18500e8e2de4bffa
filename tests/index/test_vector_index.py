from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
import pytest

from index.search.vector_file import write_vector_file
from index.search.vector_index import APPROXIMATE_FROM, Ids, VectorIndex, sample_size
from index.store.rows import Revision

RNG = np.random.default_rng(0)


def unit(n: int, dimension: int = 8) -> np.ndarray:
    vectors = RNG.normal(size=(n, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


class ToyRecord:
    """Holds vectors under the ids from 100 on, but for those that were removed."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors, self.array = dict(enumerate(vectors, start=100)), vectors

    def vectors_of(self, ids: Sequence[int]) -> tuple[Ids, np.ndarray]:
        known = np.array(sorted(self.vectors.keys() & set(ids)), dtype=np.int64)
        return known, self.array[known - 100]

    def vectors_between(self, first: int, last: int) -> tuple[Ids, np.ndarray]:
        return self.vectors_of(range(first, last + 1))


NOTHING = ToyRecord(np.empty((0, 8)))


@pytest.fixture
def filled() -> tuple[VectorIndex, np.ndarray]:
    index, vectors = VectorIndex(8, NOTHING), unit(50)
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
    assert VectorIndex(8, NOTHING).search(unit(1)[0], 5) == []


def test_a_search_uses_one_thread_and_gives_the_others_back(
    filled: tuple[VectorIndex, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, _ = filled
    searching, during = index._index.search, []

    def search(*given: object, **named: object) -> object:
        during.append(faiss.omp_get_max_threads())
        return searching(*given, **named)

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


def test_equal_scores_are_ordered_by_id() -> None:
    index, vector = VectorIndex(8, NOTHING), unit(1)
    index.add(np.array([7, 3, 5]), np.repeat(vector, 3, axis=0))
    assert [found for found, _ in index.search(vector[0], 3)] == [3, 5, 7]


def test_removed_ranges_are_not_found(filled: tuple[VectorIndex, np.ndarray]) -> None:
    filled[0].remove([])
    assert len(filled[0]) == 50
    filled[0].remove([(146, 148)])
    filled[0].remove([(100, 140), (142, 145), (149, 300)])
    assert [found for found, _ in filled[0].search(unit(1)[0], 5)] == [141]


def test_similarities_of_given_ids(filled: tuple[VectorIndex, np.ndarray]) -> None:
    index, vectors = filled
    query = unit(1)[0]
    np.testing.assert_allclose(
        [index.similarities(query, [103, 101])[i] for i in (103, 101)],
        [vectors[3] @ query, vectors[1] @ query],
        rtol=1e-5,
    )
    assert index.similarities(query, []) == {}
    assert index.similarities(query, [1, 103]).keys() == {103}


def test_what_is_saved_is_loaded(filled: tuple[VectorIndex, np.ndarray], tmp_path: Path) -> None:
    index, _ = filled
    index.revision = Revision(7, 12345)
    index.save(tmp_path / "v")
    loaded = VectorIndex.load(tmp_path / "v", 8, NOTHING)
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
        assert VectorIndex.load(path, 8, NOTHING) is None
    path.write_bytes(whole)
    assert VectorIndex.load(path, 9, NOTHING) is None
    assert VectorIndex.load(tmp_path / "absent", 8, NOTHING) is None


def test_a_failed_save_leaves_the_file_unchanged(
    filled: tuple[VectorIndex, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v"
    filled[0].save(path)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    filled[0].remove([(100, 120)])
    with pytest.raises(OSError, match="No space left"):
        filled[0].save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["v"]


def clustered(n: int, dimension: int = 32) -> np.ndarray:
    """Return unit vectors around a few centres, as those of texts are."""
    centres = np.linspace(-1, 1, 20 * dimension).reshape(dimension, 20).T ** 3
    vectors = centres[RNG.integers(20, size=n)] + 0.8 * unit(n, dimension)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture
def large() -> tuple[VectorIndex, ToyRecord, np.ndarray]:
    vectors = clustered(3_000)
    record = ToyRecord(vectors)
    index = VectorIndex.approximate(32, record, vectors[: sample_size(3_000)], 3_000)
    index.add(np.arange(100, 3_100), vectors)
    return index, record, vectors


def exact(vectors: np.ndarray, query: np.ndarray, k: int) -> dict[int, float]:
    cosines = vectors @ query
    return {100 + int(i): float(cosines[i]) for i in np.argsort(-cosines)[:k]}


def test_an_approximate_search_finds_nearly_all_of_the_nearest_with_exact_cosines(
    large: tuple[VectorIndex, ToyRecord, np.ndarray],
) -> None:
    index, _, vectors = large
    found = 0
    for query in clustered(50):
        hits, expected = index.search(query, 10), exact(vectors, query, 10)
        assert [cosine for _, cosine in hits] == sorted((c for _, c in hits), reverse=True)
        for chunk_id, cosine in hits:
            assert cosine == pytest.approx(float(vectors[chunk_id - 100] @ query), abs=1e-5)
        found += len(expected.keys() & {chunk_id for chunk_id, _ in hits})
    assert found >= 0.9 * 500


@pytest.mark.parametrize("ranges", [[(110, 112)], [(110, 300), (3_099, 9_000)], [(150, 2_900)]])
def test_an_approximate_search_may_be_limited_to_ranges(
    large: tuple[VectorIndex, ToyRecord, np.ndarray], ranges: list[tuple[int, int]]
) -> None:
    index, _, vectors = large
    inside = [i for a, b in ranges for i in range(a, min(b, 3_099) + 1)]
    query = clustered(1)[0]
    hits = [chunk_id for chunk_id, _ in index.search(query, 10, ranges)]
    assert set(hits) <= set(inside)
    best = sorted(inside, key=lambda i: -float(vectors[i - 100] @ query))[:10]
    assert len(set(hits) & set(best)) >= min(9, len(best))
    assert index.search(query, 10, []) == []
    assert index.search(query, 10, [(5_000, 6_000)]) == []


def test_what_is_removed_from_an_approximate_index_or_from_the_record_is_not_found(
    large: tuple[VectorIndex, ToyRecord, np.ndarray],
) -> None:
    index, record, vectors = large
    first, second, *_ = exact(vectors, vectors[7], 2)
    index.remove([(first, first)])
    del record.vectors[second]
    hits = {chunk_id for chunk_id, _ in index.search(vectors[7], 10)}
    assert not hits & {first, second}
    assert len(hits) == 10
    assert len(index) == 2_999
    assert first not in index.ids()
    index.remove([(1, 50)])
    index.remove([(90, 2_000), (2_001, 3_200)])
    assert len(index) == 0
    assert index.search(vectors[7], 10) == []


def test_similarities_in_an_approximate_index_are_the_records(
    large: tuple[VectorIndex, ToyRecord, np.ndarray],
) -> None:
    index, record, vectors = large
    del record.vectors[101]
    cosines = index.similarities(vectors[0], [102, 101, 100])
    assert cosines == pytest.approx({102: float(vectors[2] @ vectors[0]), 100: 1.0}, abs=1e-5)


def test_a_saved_approximate_index_is_loaded_and_can_be_changed(
    large: tuple[VectorIndex, ToyRecord, np.ndarray], tmp_path: Path
) -> None:
    index, record, vectors = large
    index.save(tmp_path / "v")
    loaded = VectorIndex.load(tmp_path / "v", 32, record)
    assert loaded is not None
    assert loaded.is_approximate
    assert loaded.search(vectors[3], 10) == index.search(vectors[3], 10)
    loaded.remove([(103, 103)])
    loaded.add(np.array([9_000]), vectors[3:4])
    assert loaded.ids().tolist() == [100, 101, 102, *range(104, 3_100), 9_000]


def test_reconstructed_vectors_are_near_the_originals(
    large: tuple[VectorIndex, ToyRecord, np.ndarray],
) -> None:
    index, _, vectors = large
    held = index.reconstruct(np.arange(100, 3_100))
    assert float(np.min(np.sum(held * vectors, axis=1))) > 0.7
    with pytest.raises(RuntimeError):
        index.reconstruct(np.array([99]))


def test_an_index_tells_when_it_has_outgrown_its_kind() -> None:
    index = VectorIndex(8, NOTHING)
    index.add(np.arange(APPROXIMATE_FROM + 1), np.tile(unit(1), (APPROXIMATE_FROM + 1, 1)))
    assert index.load_factor > 1
    small = VectorIndex.approximate(8, NOTHING, unit(100), 100)
    small.add(np.arange(300), unit(300))
    assert small.load_factor < 1
    small.add(np.arange(300, 500), unit(200))
    assert small.load_factor > 1


def test_of_a_file_that_is_damaged_anywhere_no_index_is_made(
    large: tuple[VectorIndex, ToyRecord, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("index.search.vector_file._BLOCK_BYTES", 4_096)
    index, record, _ = large
    path = tmp_path / "v"
    index.save(path)
    whole = path.read_bytes()
    # In each block, so that FAISS stops anywhere.
    for place in range(len(whole) - 1, 0, -4_096):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        assert VectorIndex.load(path, 32, record) is None
    path.write_bytes(whole)
    assert VectorIndex.load(path, 32, record) is not None


def test_a_file_that_holds_more_than_an_index_is_not_loaded(
    filled: tuple[VectorIndex, np.ndarray], tmp_path: Path
) -> None:
    payload = faiss.serialize_index(filled[0]._index)
    write_vector_file(tmp_path / "v", Revision(1, 1), 8, payload)
    assert VectorIndex.load(tmp_path / "v", 8, NOTHING) is not None
    write_vector_file(tmp_path / "v", Revision(1, 1), 8, np.append(payload, payload[:1]))
    assert VectorIndex.load(tmp_path / "v", 8, NOTHING) is None


def test_an_approximate_index_can_be_changed_and_saved_after_reconstructing(
    large: tuple[VectorIndex, ToyRecord, np.ndarray], tmp_path: Path
) -> None:
    index, record, vectors = large
    index.reconstruct(np.array([103, 104]))
    index.add(np.array([9_000]), vectors[3:4])
    index.remove([(103, 103), (500, 509)])
    with pytest.raises(RuntimeError):
        index.reconstruct(np.array([103]))
    index.save(tmp_path / "v")
    loaded = VectorIndex.load(tmp_path / "v", 32, record)
    assert loaded is not None
    assert loaded.ids().tolist() == index.ids().tolist()
    held = np.array([104, 9_000])
    np.testing.assert_array_equal(loaded.reconstruct(held), index.reconstruct(held))


def test_an_older_file_with_a_map_of_places_is_loaded_and_can_be_changed(
    large: tuple[VectorIndex, ToyRecord, np.ndarray], tmp_path: Path
) -> None:
    index, record, vectors = large
    index._index.set_direct_map_type(faiss.DirectMap.Hashtable)  # type: ignore[attr-defined]
    write_vector_file(tmp_path / "v", index.revision, 32, faiss.serialize_index(index._index))
    loaded = VectorIndex.load(tmp_path / "v", 32, record)
    assert loaded is not None
    loaded.remove([(103, 103)])
    loaded.add(np.array([9_000]), vectors[3:4])
    assert loaded.ids().tolist() == [100, 101, 102, *range(104, 3_100), 9_000]
    loaded.save(tmp_path / "w")
    # 16 bytes a vector
    assert (tmp_path / "w").stat().st_size < (tmp_path / "v").stat().st_size - 40_000
