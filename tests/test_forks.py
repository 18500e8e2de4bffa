from __future__ import annotations

import os
from pathlib import Path

import pytest

from index.checking import Verdict, check_library
from tests.libraries import filled, run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")

# The child leaves by sys.exit, so that its interpreter is taken down with all that it holds.
BOTH_GO_ON = """
index = opened(folder)
index.add(article(10))
assert found(index, 10) == ["Title 10"]
child = os.fork()
if not child:
    assert found(index, 0) == ["Title 0"]
    for number in range(20, 25):
        index.add(article(number))
    index.remove(article(1).id)
    assert found(index, 24) == ["Title 24"]
    index.close()
    sys.exit(0)
for number in range(30, 35):
    index.add(article(number))
_, status = os.waitpid(child, 0)
assert status == 0, status
index.rename(article(0).id, "New")
assert found(index, 24) == ["Title 24"] and found(index, 0) == ["New"]
index.close()
"""

CHILD_OF_A_BUSY_PARENT = """
import threading
index = opened(folder)
stop = threading.Event()
def work():
    number = 100
    while not stop.is_set():
        index.add(article(number))
        number += 1
threads = [threading.Thread(target=work)]
threads[0].start()
for trial in range(8):
    child = os.fork()
    if not child:
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
stop.set()
threads[0].join()
index.close()
"""

CHILD_OF_A_PARENT_THAT_IS_ASKED = """
index = opened(folder)
assert found(index, 1) == ["Title 1"]
with index._lock, index._recent._lock:  # as other threads hold them
    child = os.fork()
    if not child:
        os._exit(0 if found(index, 2) == ["Title 2"] else 1)
    _, status = os.waitpid(child, 0)
assert status == 0, status
index.close()
"""

OF_MEMORY = """
index = PassageIndex(None, TOY, limits=LIMITS)
index.add(article(1))
child = os.fork()
if not child:
    index.add(article(2))
    os._exit(0 if found(index, 1) + found(index, 2) == ["Title 1", "Title 2"] else 1)
_, status = os.waitpid(child, 0)
assert status == 0 and titles(index) == ["Title 1"]
"""


def test_a_child_and_its_parent_both_go_on_with_a_library(tmp_path: Path) -> None:
    run(BOTH_GO_ON, filled(tmp_path / "l"))
    report = check_library(tmp_path / "l")
    assert (report.verdict, report.articles) == (Verdict.SOUND, 3 + 1 + 5 - 1 + 5)


def test_a_process_may_fork_while_a_thread_of_it_writes(tmp_path: Path) -> None:
    run(CHILD_OF_A_BUSY_PARENT, filled(tmp_path / "l"))
    assert check_library(tmp_path / "l").verdict is Verdict.SOUND


def test_a_library_in_memory_is_each_processes_own_after_a_fork(tmp_path: Path) -> None:
    run(OF_MEMORY, tmp_path)


def test_a_child_may_ask_while_threads_of_its_parent_do(tmp_path: Path) -> None:
    run(CHILD_OF_A_PARENT_THAT_IS_ASKED, filled(tmp_path / "l"))
