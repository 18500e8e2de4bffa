"""Start a peer's script, talk to it line by line, and read its memory."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import status

ROOT = Path(__file__).parents[2]
LONGEST_SECONDS = 300
_SAMPLE_SECONDS = 0.1
# Ends itself if the bench is killed before it can.
_BURNER = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): sum(range(100_000))"
_MB = 1024
"""kB, which /proc counts in."""

# What a user's shell does not have is not given to anyone; nothing may go out for a model or
# to tell of its use.
_DROPPED = ("OMP_", "MKL_", "KMP_", "PYTHON")
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "PYTHONPATH": str(ROOT),
}


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process and its children; MB."""

    now: float
    peak: float


def environment(added: Mapping[str, str]) -> dict[str, str]:
    """Return what a script is started with."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_DROPPED)}
    return {**kept, **_QUIET, **added}


class Script:
    """A running script. Made by :func:`started`."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Path, began: float) -> None:
        self._process = process
        self._errors = errors
        self._began = began
        self._peak = 0.0
        self._buffer = b""
        assert process.stdout is not None
        self._out = process.stdout.fileno()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.perf_counter() - self._began

    def read(self, *, sampling: bool = False) -> dict[str, Any]:
        """Return the next line; ``sampling`` looks at the memory while waiting for it.

        Raises:
            RuntimeError: The script ended, or took too long.
        """
        end = time.perf_counter() + LONGEST_SECONDS
        while b"\n" not in self._buffer:
            if time.perf_counter() > end:
                raise RuntimeError(self._told("took too long"))
            if not self._selector.select(_SAMPLE_SECONDS if sampling else LONGEST_SECONDS):
                self._peak = max(self._peak, self.memory().now)
                continue
            read = os.read(self._out, 1 << 16)
            if not read:
                raise RuntimeError(self._told("ended"))
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\n")
        return dict(json.loads(line))

    def ask(self, way: str, question: str) -> dict[str, Any]:
        """Put a question; return the seconds it took and what was found."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"way": way, "question": question}).encode() + b"\n")
        self._process.stdin.flush()
        return self.read()

    def memory(self) -> Memory:
        """Return what it holds now, and the most that it or a sample of all has held."""
        pids = family(self._process.pid, parents())
        now = sum(status(pid).get("VmRSS", 0) for pid in pids) / _MB
        most = status(self._process.pid).get("VmHWM", 0) / _MB
        return Memory(now, max(now, most, self._peak))

    def cpu_seconds(self) -> float:
        """Return the processor time that it and its ended children have taken."""
        return ticks_of(Path(f"/proc/{self._process.pid}/stat").read_text()) / os.sysconf(
            "SC_CLK_TCK"
        )

    def finish(self) -> float:
        """Let it end, and return its age then."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(LONGEST_SECONDS)
        return self.age

    def stop(self) -> None:
        """End it at once."""
        self._selector.close()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _told(self, what: str) -> str:
        errors = self._errors.read_text(encoding="utf-8", errors="replace")
        return f"{self._process.args!r} {what}:\n{errors[-3000:]}"


@contextmanager
def started(command: Sequence[str | Path], added: Mapping[str, str]) -> Iterator[Script]:
    """Start a script, and end it however the block is left."""
    with tempfile.TemporaryDirectory() as folder:
        errors = Path(folder) / "errors"
        with errors.open("wb") as told:
            began = time.perf_counter()
            process = subprocess.Popen(  # noqa: S603 - our own scripts
                list(map(str, command)),
                cwd=ROOT,
                env=environment(added),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
            )
        script = Script(process, errors, began)
        try:
            yield script
        finally:
            script.stop()


def ticks_of(line: str) -> int:
    """Return the processor time told by /proc/PID/stat, in ticks, with that of ended children."""
    # The name stands in parentheses and may hold spaces; user and system time are the 14th to 17th.
    return sum(map(int, line.rpartition(")")[2].split()[11:15]))


def parents() -> dict[int, int]:
    """Return each process and its parent."""
    pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return {pid: found["PPid"] for pid in pids if (found := status(pid))}


def family(pid: int, parents: Mapping[int, int]) -> set[int]:
    """Return a process and all that come from it."""
    found, new = {pid}, {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keep that many cores busy with a loop each."""
    with ExitStack() as stack:
        for _ in range(cores):
            burner = subprocess.Popen([sys.executable, "-c", _BURNER, str(os.getpid())])  # noqa: S603 - a loop
            stack.callback(burner.wait)
            stack.callback(burner.kill)
        yield
