"""Read a process's status from /proc."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def status(pid: int) -> dict[str, int]:
    """Return the numbers of /proc/PID/status, kB; empty if the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").split("\n")
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return numbers_of(lines)


def numbers_of(lines: Sequence[str]) -> dict[str, int]:
    """Return the names and numbers of lines such as ``VmRSS:    1234 kB``."""
    fields = (line.partition(":") for line in lines)
    words = ((name, rest.split()) for name, _, rest in fields)
    return {name: int(rest[0]) for name, rest in words if rest and rest[0].isdecimal()}
