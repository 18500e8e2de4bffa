from __future__ import annotations

import os
from pathlib import Path

import pytest

from index.maintenance import Verdict, check_library
from tests.libraries import filled, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork"),
]

REFUSED_IN_CHILD = """
def refused(call, *given):
    try:
        call(*given)
    except LibraryError as error:
        return "Open it in the child process" in str(error)
    return False

index = PassageIndex({folder}, TOY, limits=LIMITS)
index.add(article(10))
with index._lock, index._chunk_cache._lock:  # as other threads of the parent may hold them
    child = os.fork()
    if not child:
        calls = [(found, index, 10), (index.add, article(11)), (index.remove, article(10).id)]
        os._exit(not all(refused(*call) for call in calls))
    _, status = os.waitpid(child, 0)
assert status == 0, status
assert found(index, 10) == ["Title 10"]
index.close()
"""

# The child leaves by sys.exit, so that its interpreter frees all that it holds.
CHILD_OPENS_ITS_OWN = """
index = opened(folder)
for trial in range(5):
    child = os.fork()
    if not child:
        with opened(folder) as own:
            assert found(own, 1) == ["Title 1"]
            own.add(article(20 + trial))
        sys.exit(0)
    index.add(article(30 + trial))
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    assert found(index, 20 + trial) == [f"Title {20 + trial}"]
index.close()
"""


@pytest.mark.parametrize("folder", ["folder", "None"])
def test_using_a_library_after_a_fork_is_an_error(folder: str, tmp_path: Path) -> None:
    run(REFUSED_IN_CHILD.format(folder=folder), filled(tmp_path / "l"))
    assert check_library(tmp_path / "l").verdict is Verdict.SOUND


def test_a_child_may_open_the_library_that_its_parent_has_open(tmp_path: Path) -> None:
    run(CHILD_OPENS_ITS_OWN, filled(tmp_path / "l"))
    report = check_library(tmp_path / "l")
    assert (report.verdict, report.articles) == (Verdict.SOUND, 3 + 5 + 5)
