from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from index.embedding.tensor_file import map_tensors


def test_tensors_are_mapped_as_they_were_written_and_can_be_read_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    written: dict[str, np.ndarray[Any, Any]] = {
        "floats": rng.normal(size=(3, 5)).astype(np.float32),
        "halves": rng.normal(size=7).astype(np.float16),
        "bytes": rng.integers(-100, 100, (2, 2, 2)).astype(np.int8),
        "numbers": np.arange(4),
    }
    save_file(written, tmp_path / "x.safetensors", {"made": "for a test"})
    found = map_tensors(tmp_path / "x.safetensors")
    assert found.keys() == written.keys()
    found.forget_pages()
    for name, tensor in written.items():
        np.testing.assert_array_equal(found[name], tensor)
        assert found[name].dtype == tensor.dtype
        assert not found[name].flags.writeable


def test_tensors_of_another_type_are_refused(tmp_path: Path) -> None:
    save_file({"x": np.zeros(2, np.float64)}, tmp_path / "x.safetensors")
    with pytest.raises(KeyError, match="F64"):
        map_tensors(tmp_path / "x.safetensors")
