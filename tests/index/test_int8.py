from __future__ import annotations

from pathlib import Path

import pytest

from index.embedding.int8 import has_fast_int8, usable_cores


def _fake_cpuinfo(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text)


def _without_cpuinfo(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)


def test_at_least_one_core_is_usable() -> None:
    assert usable_cores() >= 1


@pytest.mark.parametrize(
    ("cpuinfo", "fast"),
    [
        ("model name\t: x\nflags\t\t: fpu avx512f avx512_vnni\n", True),
        ("model name\t: x\nflags\t\t: fpu avx2 avx_vnni\n", True),
        ("processor\t: 0\nFeatures\t: fp asimd asimddp\n", True),
        ("model name\t: avx512_vnni\nflags\t\t: fpu avx2 avx512f\n", False),
        ("", False),
    ],
)
def test_fast_8_bits_are_recognised_on_linux(
    cpuinfo: str, monkeypatch: pytest.MonkeyPatch, *, fast: bool
) -> None:
    _fake_cpuinfo(monkeypatch, cpuinfo)
    assert has_fast_int8() is fast


def test_8_bits_count_as_slow_on_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_cpuinfo(monkeypatch)
    assert not has_fast_int8()


def test_fewer_cores_are_used_if_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, expected in (("1", 1), ("0", 1), ("", None), ("two", None), ("4000", None)):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        all_cores = usable_cores()
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert usable_cores() == (expected or all_cores)
