"""Writers of a library on Milvus that are killed, in processes; bench.milvus_kills kills more."""

from __future__ import annotations

import pytest

from bench.milvus_kills import kill_writers

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.exhaustive)])
def test_killed_writers_leave_whole_articles(kills: int) -> None:
    seen = kill_writers(kills, seed=1)
    assert seen.wrong == []
    assert seen.kills == kills == seen.before + seen.after
    assert seen.reads > 0
    assert seen.past_leftovers == seen.present > 0
