"""Record how a result was measured: command, versions, machine and date."""

from __future__ import annotations

import platform
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Self

from index.embedding.int8 import usable_cores

_PACKAGES = (
    "torch",
    "sentence-transformers",
    "faiss-cpu",
    "tantivy",
    "sentencex",
    "numpy",
    "gradio",
)


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything that a reader needs in order to repeat a measurement."""

    command: str
    date: str
    """ISO 8601, UTC, to the second."""
    python: str
    versions: tuple[tuple[str, str], ...]
    """(distribution, version)."""
    processor: str
    cores: int
    """The cores that this process may use."""

    @classmethod
    def now(cls, module: str) -> Self:
        """Return the environment of ``python -m module`` with this process's arguments.

        Absolute paths are reduced to their names, as the rest depends on the machine.
        """
        arguments = [Path(a).name if Path(a).is_absolute() else a for a in sys.argv[1:]]
        return cls(
            command=shlex.join(["python", "-m", module, *arguments]),
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            python=platform.python_version(),
            versions=tuple((package, version(package)) for package in _PACKAGES),
            processor=_processor(),
            cores=usable_cores(),
        )

    def to_markdown(self) -> str:
        """Return the environment as a list, the command first."""
        packages = ", ".join(f"{name} {number}" for name, number in self.versions)
        return (
            f"- Command: `{self.command}`\n"
            f"- Date: {self.date}\n"
            f"- Python {self.python}; {packages}\n"
            f"- Machine: {self.processor}, {self.cores} cores\n"
        )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
