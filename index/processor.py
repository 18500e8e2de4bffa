"""What of the processor this process may use."""

from __future__ import annotations

import os
from pathlib import Path

_INT8 = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})
"""As Linux names what multiplies and sums four pairs of 8 bits at once, on x86 and on ARM."""


def has_fast_int8() -> bool:
    """Return whether whole numbers of 8 bits are multiplied much faster than float32.

    Without these instructions onnxruntime takes others, which on some processors lose what
    overflows. False where there is no telling: elsewhere than on Linux.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    except OSError:
        return False
    told = (line.partition(":") for line in lines)
    flags = (value for name, _, value in told if name.strip() in {"flags", "Features"})
    return not _INT8.isdisjoint(next(flags, "").split())


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    # Not on macOS and Windows, where a process may use them all.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
