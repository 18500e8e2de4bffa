from __future__ import annotations

from pathlib import Path

import pytest

from index.processor import may_compute_in_bfloat16, usable_cores


def test_there_is_a_core_to_use() -> None:
    assert usable_cores() >= 1


@pytest.mark.parametrize(
    ("told", "can"),
    [
        ("model name\t: x\nflags\t\t: fpu avx512f avx512_bf16\n", True),
        ("processor\t: 0\nFeatures\t: fp asimd bf16\n", True),
        ("model name\t: bf16\nflags\t\t: fpu avx2 avx512f\n", False),
        ("", False),
    ],
)
def test_linux_tells_whether_the_processor_has_bfloat16(
    told: str, monkeypatch: pytest.MonkeyPatch, *, can: bool
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: told)
    assert may_compute_in_bfloat16() is can


def test_elsewhere_torch_has_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert may_compute_in_bfloat16()
