from __future__ import annotations

from pathlib import Path

import pytest

from index.embedding.int8 import has_fast_int8, usable_cores


def _told(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text)


def _not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)


def test_there_is_a_core_to_use() -> None:
    assert usable_cores() >= 1


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
