from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from bench.toys import ToyEmbedder
from index.search.passage_index import PassageIndex
from index.store.folder import VECTOR_FILE
from index.types import Article

pytestmark = pytest.mark.slow
MANY = 12
EMBEDDER = ToyEmbedder()


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.search.vector_index.APPROXIMATE_FROM", MANY)


@pytest.fixture(params=["memory", "disk"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "library"


def article(number: int) -> Article:
    return Article.from_text(f"Ship {number} carried {number * 7} barrels to harbour {number}.")


def add(index: PassageIndex, first: int, last: int) -> None:
    for number in range(first, last + 1):
        index.add(article(number))


def nearest(index: PassageIndex, text: str) -> str:
    vector = EMBEDDER.encode_query(text)
    candidates = index.candidates(text, vector, 5)
    best = max(candidates, key=lambda candidate: candidate.similarity)
    assert best.similarity == pytest.approx(
        float(EMBEDDER.encode_query(best.stored.chunk.text) @ vector), abs=1e-5
    )
    return best.stored.chunk.text


def is_approximate(index: PassageIndex) -> bool:
    return index._vectors.index.is_approximate


def wait_until_grown(index: PassageIndex) -> None:
    growing = index._vectors._rebuild_thread
    assert isinstance(growing, threading.Thread)
    growing.join(timeout=60)
    assert not growing.is_alive()


def test_a_library_that_outgrows_exact_search_is_searched_approximately(
    folder: Path | None,
) -> None:
    with PassageIndex(folder, EMBEDDER) as index:
        add(index, 1, MANY)
        assert not is_approximate(index)
        add(index, MANY + 1, MANY + 1)
        wait_until_grown(index)
        add(index, MANY + 2, MANY + 5)  # after what the new index knows
        index.remove(article(3).id)
        assert is_approximate(index)
        for number in (1, MANY, MANY + 5):
            assert nearest(index, article(number).text) == article(number).text
        assert nearest(index, article(3).text) != article(3).text
        assert len(index) == MANY + 4
        assert index.find_mismatches().derived == ()


@pytest.mark.parametrize("many", [MANY, 1_000])
def test_several_articles_that_came_and_went_are_caught_up_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr("index.search.vector_index.APPROXIMATE_FROM", many)
    with PassageIndex(tmp_path, EMBEDDER) as writer:
        add(writer, 1, MANY + 5)
    with PassageIndex(tmp_path, EMBEDDER) as reader, PassageIndex(tmp_path, EMBEDDER) as writer:
        assert is_approximate(reader) == (many == MANY)
        for number in (2, 9, 5):
            writer.remove(article(number).id)
        add(writer, 30, 33)
        for number in (31, 12):
            writer.remove(article(number).id)
        assert len(reader) == len(writer) == MANY + 5 - 4 + 3
        assert nearest(reader, article(33).text) == article(33).text
        assert nearest(reader, article(9).text) != article(9).text
        assert reader.find_mismatches().derived == ()


def test_changes_during_a_rebuild_are_caught_up(
    folder: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        begun.set()
        assert go_on.wait(timeout=60)

    with PassageIndex(folder, EMBEDDER) as index:
        add(index, 1, MANY)
        monkeypatch.setattr("index.search.sync.use_one_thread", slowly)
        add(index, MANY + 1, MANY + 1)
        assert begun.wait(timeout=60)
        index.remove(article(1).id)
        add(index, MANY + 2, MANY + 3)
        assert not is_approximate(index)
        go_on.set()
        wait_until_grown(index)
        index.remove(article(2).id)
        assert is_approximate(index)
        assert len(index) == MANY + 1
        assert nearest(index, article(MANY + 3).text) == article(MANY + 3).text
        assert index.find_mismatches().derived == ()


def test_an_overdue_rebuild_is_done_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    for first in range(1, 2 * MANY + 5, 6):  # each too short-lived to grow
        with PassageIndex(folder, EMBEDDER) as index:
            index._vectors._rebuild_thread = threading.current_thread()
            add(index, first, first + 5)
    with PassageIndex(folder, EMBEDDER) as index:
        assert is_approximate(index)
        assert nearest(index, article(20).text) == article(20).text


@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_a_large_index_is_rebuilt_from_the_database(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "library"
    with PassageIndex(folder, EMBEDDER) as index:
        add(index, 1, 20)
        index.remove(article(9).id)
    if damage == "lost":
        (folder / VECTOR_FILE).unlink()
    else:
        (folder / VECTOR_FILE).write_bytes((folder / VECTOR_FILE).read_bytes()[:200])
    with PassageIndex(folder, EMBEDDER) as index:
        assert VECTOR_FILE in index.index_problems
        assert is_approximate(index)
        assert len(index) == 19
        assert index.find_mismatches().derived == ()
        assert nearest(index, article(20).text) == article(20).text


def test_a_large_library_may_be_limited_to_articles(folder: Path | None) -> None:
    with PassageIndex(folder, EMBEDDER) as index:
        add(index, 1, 20)
        wanted = [article(number).id for number in (5, 6)]
        vector = EMBEDDER.encode_query(article(15).text)
        candidates = index.candidates("harbour", vector, 10, wanted)
        assert {c.stored.chunk.article_id for c in candidates} == set(wanted)


def test_a_saved_large_index_is_opened_without_rebuilding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "library"
    with PassageIndex(folder, EMBEDDER) as index:
        add(index, 1, MANY + 1)
        wait_until_grown(index)
        add(index, MANY + 2, MANY + 2)

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("index.search.sync.build_vector_index", never)
    with PassageIndex(folder, EMBEDDER) as index:
        assert is_approximate(index)
        assert index.index_problems == {}
        index.remove(article(7).id)
        assert len(index) == MANY + 1
        np.testing.assert_array_equal(
            index._vectors.index.ids(), [*range(1, 7), *range(8, MANY + 3)]
        )


def test_a_large_index_is_built_despite_gaps_in_the_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.rows._BATCH", 3)
    folder = tmp_path / "library"
    with PassageIndex(folder, EMBEDDER) as index:
        add(index, 1, 26)
        for number in [*range(6, 12), *range(22, 27)]:
            index.remove(article(number).id)
    (folder / VECTOR_FILE).unlink()
    with PassageIndex(folder, EMBEDDER) as index:
        assert is_approximate(index)
        assert len(index) == 15
        assert index.find_mismatches().derived == ()


def test_a_file_that_was_lost_is_there_again_though_no_article_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    with PassageIndex(folder, EMBEDDER) as index:
        add(index, 1, 1)
        index.remove(article(1).id)
    (folder / VECTOR_FILE).unlink(missing_ok=True)
    with PassageIndex(folder, EMBEDDER) as index:
        assert VECTOR_FILE in index.index_problems
    with PassageIndex(folder, EMBEDDER) as index:
        assert index.index_problems == {}
