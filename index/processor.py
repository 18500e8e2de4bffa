"""What of the processor this process may use."""

from __future__ import annotations

import os
from pathlib import Path

_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""As Linux names it, on x86 and on ARM."""


def may_compute_in_bfloat16() -> bool:
    """Return whether this processor computes in bfloat16, or cannot be asked without torch."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    except OSError:  # not Linux
        return True
    told = (line.partition(":") for line in lines)
    flags = (value for name, _, value in told if name.strip() in {"flags", "Features"})
    return not _BFLOAT16.isdisjoint(next(flags, "").split())


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    # Not on macOS and Windows, where a process may use them all.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
