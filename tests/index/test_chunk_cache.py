from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bench.crash_work import LIMITS
from index.search.chunk_cache import ChunkCache
from index.search.passage_index import PassageIndex
from index.store.folder import STORE_FILE
from index.store.rows import Revision, StoredChunk
from index.store.store import Store
from qa.retrieval.retriever import Retriever
from tests.libraries import TOY, article, filled, found, opened, run

pytestmark = pytest.mark.slow


def read_from(storage: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list that the ids of all chunks go to that are read from now on."""
    read: list[int] = []
    real = storage.chunks

    def reading(ids: Sequence[int]) -> dict[int, StoredChunk]:
        read.extend(ids)
        return real(ids)

    monkeypatch.setattr(storage, "chunks", reading)
    return read


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Store]:
    made = Store(filled(tmp_path / "l") / STORE_FILE, TOY.identity)
    yield made
    made.close()


def test_a_chunk_is_read_once(storage: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read, revision = read_from(storage, monkeypatch), storage.revision()
    recent = ChunkCache(storage)
    first = recent.of([1, 2], revision)
    again = recent.of([1, 2, 3], revision)
    assert read == [1, 2, 3]
    assert again[1] is first[1]
    assert again[1].words is first[1].words
    assert again[1].chunk == storage.chunks([1])[1].chunk


def test_the_most_recently_used_chunks_are_cached(
    storage: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, revision = read_from(storage, monkeypatch), storage.revision()
    recent = ChunkCache(storage, max_chunks=2)
    for ids in ([1], [2], [1], [3]):
        assert recent.of(ids, revision).keys() == set(ids)
    assert len(recent) == 2
    del read[:]
    recent.of([1, 3], revision)
    assert read == []
    assert recent.of([1, 2, 3], revision).keys() == {1, 2, 3}  # more at once than are kept
    assert len(recent) == 2


def test_another_revision_forgets_all(storage: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read, revision = read_from(storage, monkeypatch), storage.revision()
    recent = ChunkCache(storage)
    recent.of([1, 2], revision)
    storage.remove(article(0).id)
    assert 1 not in recent.of([1], storage.revision())
    assert len(recent) == 0
    assert read == [1, 2, 1]


def test_what_a_slower_thread_reads_is_not_taken_for_the_later_revision(
    storage: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent, revision = ChunkCache(storage), storage.revision()
    later = Revision(revision.generation + 1, 7)
    real = storage.chunks

    def slowly(ids: list[int]) -> object:
        monkeypatch.undo()
        recent.of([], later)  # another thread has gone on
        return real(ids)

    monkeypatch.setattr(storage, "chunks", slowly)
    assert recent.of([1], revision).keys() == {1}
    assert len(recent) == 0


def titles_by_id(index: PassageIndex) -> dict[str, str]:
    """Return the title of every article whose passages are found, by its id."""
    passages = Retriever(index).retrieve("Word0 and word1 and word2 and word5", 1_000)
    for passage in passages:
        text = index.store.article(passage.article_id).text
        assert text[passage.start : passage.end] == passage.text
    return {passage.article_id: passage.title for passage in passages}


CHANGES: dict[str, Callable[[PassageIndex], object]] = {
    "rename": lambda index: index.store.rename(article(1).id, "New"),
    "remove": lambda index: index.remove(article(1).id),
    "add": lambda index: index.add(article(5)),
    "reembed": lambda index: index.reembed(),
}
AFTER = {
    "rename": ["Title 0", "New", "Title 2"],
    "remove": ["Title 0", "Title 2"],
    "add": ["Title 0", "Title 1", "Title 2", "Title 5"],
    "reembed": ["Title 0", "Title 1", "Title 2"],
}


@pytest.mark.parametrize("kept", ["in memory", "on disk"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_library_empties_the_cache(tmp_path: Path, change: str, kept: str) -> None:
    with PassageIndex(tmp_path / "l" if kept == "on disk" else None, TOY, limits=LIMITS) as index:
        for number in range(3):
            index.add(article(number))
        assert sorted(titles_by_id(index).values()) == ["Title 0", "Title 1", "Title 2"]
        CHANGES[change](index)
        assert sorted(titles_by_id(index).values()) == sorted(AFTER[change])


@pytest.mark.parametrize("change", CHANGES)
def test_another_processes_change_is_seen_too(tmp_path: Path, change: str) -> None:
    script = (
        "from tests.index.test_chunk_cache import CHANGES\n"
        "with opened(folder) as index: CHANGES[sys.argv[2]](index)"
    )
    with opened(filled(tmp_path / "l")) as index:
        assert sorted(titles_by_id(index).values()) == ["Title 0", "Title 1", "Title 2"]
        run(script, tmp_path / "l", change)
        assert sorted(titles_by_id(index).values()) == sorted(AFTER[change])
        assert found(index, 1) == [t for t in AFTER[change] if t in ("Title 1", "New")]
