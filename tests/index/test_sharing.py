"""Several threads and processes in one library at a time."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.crash_work import LIMITS
from index.maintenance import Verdict, check_library
from index.search.consistency import Mismatches
from index.search.passage_index import PassageIndex
from index.store.folder import LOCK
from qa.retrieval.retriever import Retriever
from tests.libraries import TOY, article, filled, found, opened, run, titles

pytestmark = pytest.mark.slow
AGREED = Mismatches((), ())


def after(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """Have ``act`` happen once, right after the first call of a method of Storage."""
    from index.store.store import Store

    real = getattr(Store, name)
    done: list[bool] = []

    def patched(self: Store, *arguments: object) -> object:
        result = real(self, *arguments)
        if not done:
            done.append(True)
            act()
        return result

    monkeypatch.setattr(Store, name, patched)


@pytest.mark.parametrize("moment", ["revision", "check_model", "changes_since"])
def test_changes_during_a_catch_up_are_applied_once(
    tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(filled(tmp_path / "l")) as mine, opened(tmp_path / "l") as theirs:
        theirs.add(article(5))
        after(monkeypatch, moment, lambda: theirs.add(article(6)))
        found(mine, 5)
        assert found(mine, 6) == ["Title 6"]
        assert len(mine) == len(theirs)
        assert mine.find_mismatches() == AGREED


def test_an_article_added_during_re_embedding_is_found(tmp_path: Path) -> None:
    with opened(filled(tmp_path / "l")) as mine, opened(tmp_path / "l") as theirs:

        def add_at_the_end(done: int, total: int) -> None:
            if done == total:
                theirs.add(article(7))

        mine.reembed(add_at_the_end)
        assert found(mine, 7) == ["Title 7"]
        assert found(theirs, 7) == ["Title 7"]
        theirs.remove(article(7).id)
    assert check_library(tmp_path / "l").verdict is Verdict.SOUND


def test_the_chunks_of_an_article_and_their_vectors_are_of_one_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(filled(tmp_path / "l")) as mine, opened(tmp_path / "l") as theirs:
        after(monkeypatch, "chunk_ranges", theirs.reembed)
        chunks, vectors = mine.chunks(article(1).id)
        assert len(chunks) == len(vectors) > 0


ADD_SOME = """
first = int(sys.argv[2])
with opened(folder) as index:
    for number in range(first, first + 12):
        index.add(article(number))
        assert found(index, number) == [f"Title {number}"]
    index.remove(article(first).id)
"""


def test_two_processes_write_in_turn_and_both_succeed(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=run, args=(ADD_SOME, folder, first)) for first in (100, 200)]
    for other in others:
        other.start()
    with opened(folder) as index:
        while any(other.is_alive() for other in others):
            assert found(index, 1) == ["Title 1"]
        assert len(titles(index)) == 3 + 11 + 11
    assert [other.exitcode for other in others] == [0, 0]
    assert check_library(folder).verdict is Verdict.SOUND


def test_a_lock_file_of_a_process_that_is_gone_is_no_lock(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    (folder / LOCK).write_text("4194303", encoding="utf-8")
    script = "import os, filelock\nfilelock.FileLock(folder / 'write.lock').acquire()\nos._exit(0)"
    run(script, folder)
    assert (folder / LOCK).exists()
    with opened(folder) as index:
        index.add(article(9))
        assert found(index, 9) == ["Title 9"]


@pytest.mark.parametrize("years", [-50, 50])
def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path, years: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = filled(tmp_path / "l")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + years * 365 * 86_400)
    with opened(folder) as index:
        index.add(article(9))
        monkeypatch.undo()
        index.add(article(10))
        index.remove(article(9).id)
        assert titles(index) == ["Title 0", "Title 1", "Title 2", "Title 10"]
    assert check_library(folder).verdict is Verdict.SOUND


@pytest.mark.parametrize("kept", ["in memory", "on disk"])
def test_no_read_is_torn_beside_a_writer(tmp_path: Path, kept: str) -> None:
    with PassageIndex(tmp_path / "l" if kept == "on disk" else None, TOY, limits=LIMITS) as index:
        for number in range(4):
            index.add(article(number))
        texts = {article(number).id: article(number).text for number in range(8)}
        done, errors = threading.Event(), []

        def read() -> None:
            try:
                retriever = Retriever(index)
                while not done.is_set():
                    for passage in retriever.retrieve("Word1 stands with word6 in a sentence", 60):
                        text = texts[passage.article_id][passage.start : passage.end]
                        assert text == passage.text
                        assert 0 <= passage.score <= 1
                        assert np.isfinite([passage.similarity, passage.bm25]).all()
                    chunks, vectors = index.chunks(article(1).id)
                    assert len(chunks) == len(vectors) > 0
            except BaseException as error:  # reported by the main thread
                errors.append(error)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for turn in range(12):
            number = 4 + turn % 4
            index.add(article(number))
            index.remove(article(number).id)
            if turn == 6:
                index.reembed()
        done.set()
        for reader in readers:
            reader.join()
        assert not errors
        assert index.find_mismatches() == AGREED
