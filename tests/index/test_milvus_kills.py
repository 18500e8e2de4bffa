"""Writers of a library on Milvus that are killed, in processes; bench.milvus_kills kills more."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.milvus_kills import kill_writers
from index.library_address import MilvusAddress
from tests.backends import milvus
from tests.libraries import article, run, start

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.exhaustive)])
def test_killed_writers_leave_whole_articles(kills: int) -> None:
    seen = kill_writers(kills, seed=1)
    assert seen.wrong == []
    assert seen.kills == kills == seen.before + seen.after
    assert seen.reads > 0
    assert seen.past_leftovers == seen.present > 0


_ADD = """
import threading
from tests.backends import milvus
from index.library_address import MilvusAddress

library = milvus(MilvusAddress("", file=folder)).opened()

def add(thread):
    for number in range(thread * 1000, thread * 1000 + 1000):
        library.add(article(number))
        print(f"{number}\\n", end="", flush=True)

threads = [threading.Thread(target=add, args=(thread,)) for thread in range(3)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


@pytest.mark.exhaustive
def test_nothing_is_lost_when_a_process_with_milvus_lite_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    process = start(_ADD, path)
    added = [int(process.stdout.readline()) for _ in range(100) if process.stdout]
    process.kill()
    process.communicate()
    library = milvus(MilvusAddress("", file=path)).opened()
    for number in added:
        assert library.store.article(article(number).id).text == article(number).text
        assert library.chunks(article(number).id)[0]
    library.close()


@pytest.mark.exhaustive
def test_milvus_lite_that_another_process_has_open_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    milvus(MilvusAddress("", file=path)).opened().close()
    said = run(
        """
from tests.backends import milvus
from index.library_address import MilvusAddress
try:
    milvus(MilvusAddress("", file=folder)).opened()
except LibraryLocked as error:
    print(error)
""",
        path,
    )
    assert "another process" in said
