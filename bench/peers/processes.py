"""Start a contender's script, exchange lines of JSON with it, and read its memory."""

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
# Ends by itself if the benchmark is killed.
_BURNER = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): sum(range(100_000))"
_MB = 1024
"""kB, the unit of /proc."""

# Settings of this shell could favour some contenders. Nothing may be downloaded, and no telemetry
# sent.
_DROPPED = ("OMP_", "MKL_", "KMP_", "PYTHON")
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "PYTHONPATH": str(ROOT),
}


@dataclass(frozen=True, slots=True)
class Memory:
    """The resident memory of a process and its children, in MB."""

    now: float
    peak: float


def environment(added: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of a script."""
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
        """Return the next line; with ``sampling``, the peak memory is recorded while waiting.

        Raises:
            RuntimeError: The script ended, or took too long.
        """
        end = time.perf_counter() + LONGEST_SECONDS
        while b"\n" not in self._buffer:
            if time.perf_counter() > end:
                raise RuntimeError(self._failure("took too long"))
            if not self._selector.select(_SAMPLE_SECONDS if sampling else LONGEST_SECONDS):
                self._peak = max(self._peak, self.memory().now)
                continue
            read = os.read(self._out, 1 << 16)
            if not read:
                raise RuntimeError(self._failure("ended"))
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\n")
        return dict(json.loads(line))

    def ask(self, way: str, question: str) -> dict[str, Any]:
        """Ask a question, and return the seconds it took and the passages found."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"way": way, "question": question}).encode() + b"\n")
        self._process.stdin.flush()
        return self.read()

    def memory(self) -> Memory:
        """Return the current memory, and the peak of the process or of any sample."""
        pids = family(self._process.pid, parents())
        now = sum(status(pid).get("VmRSS", 0) for pid in pids) / _MB
        most = status(self._process.pid).get("VmHWM", 0) / _MB
        return Memory(now, max(now, most, self._peak))

    def cpu_seconds(self) -> float:
        """Return the processor time of the process and its finished children."""
        return ticks_of(Path(f"/proc/{self._process.pid}/stat").read_text()) / os.sysconf(
            "SC_CLK_TCK"
        )

    def finish(self) -> float:
        """Wait until the script ends, and return its age."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(LONGEST_SECONDS)
        return self.age

    def stop(self) -> None:
        """Kill the script."""
        self._selector.close()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _failure(self, what: str) -> str:
        errors = self._errors.read_text(encoding="utf-8", errors="replace")
        return f"{self._process.args!r} {what}:\n{errors[-3000:]}"


@contextmanager
def started(command: Sequence[str | Path], added: Mapping[str, str]) -> Iterator[Script]:
    """Start a script, and kill it at the end of the block."""
    with tempfile.TemporaryDirectory() as folder:
        errors = Path(folder) / "errors"
        with errors.open("wb") as stderr:
            began = time.perf_counter()
            process = subprocess.Popen(  # noqa: S603 - our own scripts
                list(map(str, command)),
                cwd=ROOT,
                env=environment(added),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        script = Script(process, errors, began)
        try:
            yield script
        finally:
            script.stop()


def ticks_of(line: str) -> int:
    """Return the processor time in a line of /proc/PID/stat, in ticks, with ended children's."""
    # The name, in parentheses, may contain spaces; user and system times are fields 14 to 17.
    return sum(map(int, line.rpartition(")")[2].split()[11:15]))


def parents() -> dict[int, int]:
    """Return each process and its parent."""
    pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return {pid: found["PPid"] for pid in pids if (found := status(pid))}


def family(pid: int, parents: Mapping[int, int]) -> set[int]:
    """Return a process and all its descendants."""
    found, new = {pid}, {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keep this many cores busy."""
    with ExitStack() as stack:
        for _ in range(cores):
            burner = subprocess.Popen([sys.executable, "-c", _BURNER, str(os.getpid())])  # noqa: S603 - a loop
            stack.callback(burner.wait)
            stack.callback(burner.kill)
        yield
