from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from bench.reading import RememberingModel
from qa.reading.model import SpanModel


def small_reading(cache: Path) -> RememberingModel:
    return RememberingModel(SpanModel.shipped(), "small", cache)


def test_cached_logits_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Anna Lindqvist built it.", "", "The cat sat on the mat. " * 120]
    cache = tmp_path / "deep" / "readings.sqlite"
    first = small_reading(cache).read("Who built it?", texts)
    monkeypatch.setattr(SpanModel, "read", None)
    again = small_reading(cache).read("Who built it?", texts)
    assert [len(windows) for windows in again] == [len(windows) for windows in first]
    pairs = zip(itertools.chain(*again), itertools.chain(*first), strict=True)
    for ours, theirs in pairs:
        assert np.array_equal(ours.start, theirs.start)
        assert np.array_equal(ours.end, theirs.end)
        assert ours.window.offsets == theirs.window.offsets
        assert (ours.no_answer, ours.has_answer) == pytest.approx(
            (theirs.no_answer, theirs.has_answer)
        )
