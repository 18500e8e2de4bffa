"""Map the tensors of a safetensors file into memory.

The format, as published: the length of a JSON header, the header, the numbers. The library that
reads it copies them.
"""

from __future__ import annotations

import json
import mmap
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = {"F32": "<f4", "F16": "<f2", "I8": "i1", "I64": "<i8"}


class MappedTensors(dict[str, NDArray[Any]]):
    """Tensors by name, read-only and mapped into memory."""

    def __init__(self, data: mmap.mmap, tensors: dict[str, NDArray[Any]]) -> None:
        super().__init__(tensors)
        self._data = data

    def forget_pages(self) -> None:
        """Let the system take back the memory of what was read; it is read again when needed."""
        if hasattr(self._data, "madvise"):  # not on Windows
            self._data.madvise(mmap.MADV_DONTNEED)


def map_tensors(path: Path) -> MappedTensors:
    """Return the tensors in a file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not of the format.
        KeyError: It has tensors of another type.
    """
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    found = {}
    for name, tensor in header.items():
        if name != "__metadata__":
            kind = np.dtype(_TYPES[tensor["dtype"]])
            begin, end = tensor["data_offsets"]
            size = (end - begin) // kind.itemsize
            flat = np.frombuffer(data, kind, size, 8 + length + begin)
            found[name] = flat.reshape(tensor["shape"])
    return MappedTensors(data, found)
