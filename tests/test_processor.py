from __future__ import annotations

import os
from pathlib import Path

import pytest

from index import processor
from index.processor import free_cores, has_fast_int8, usable_cores


def _told(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text)


def _not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)


def test_there_is_a_core_to_use() -> None:
    assert usable_cores() >= 1
    assert 1 <= free_cores() <= usable_cores()


@pytest.mark.parametrize(
    ("told", "fast"),
    [
        ("model name\t: x\nflags\t\t: fpu avx512f avx512_vnni\n", True),
        ("model name\t: x\nflags\t\t: fpu avx2 avx_vnni\n", True),
        ("processor\t: 0\nFeatures\t: fp asimd asimddp\n", True),
        ("model name\t: avx512_vnni\nflags\t\t: fpu avx2 avx512f\n", False),
        ("", False),
    ],
)
def test_linux_tells_whether_8_bits_are_fast(
    told: str, monkeypatch: pytest.MonkeyPatch, *, fast: bool
) -> None:
    _told(monkeypatch, told)
    assert has_fast_int8() is fast


def test_elsewhere_there_is_no_telling(monkeypatch: pytest.MonkeyPatch) -> None:
    _not_told(monkeypatch)
    assert not has_fast_int8()
    assert free_cores() == 1


@pytest.mark.parametrize(
    ("running", "usable", "free"),
    [(1, 4, 4), (2, 4, 4), (5, 4, 4), (6, 4, 3), (8, 4, 1), (40, 4, 1), (1, 1, 1)],
)
def test_cores_that_others_run_on_are_not_free(
    running: int, usable: int, free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(processor, "usable_cores", lambda: usable)
    _told(monkeypatch, f"0.52 0.40 0.31 {running}/512 4711\n")
    assert free_cores() == free


def test_a_file_of_another_form_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _told(monkeypatch, "")
    assert free_cores() == 1
