"""Check that a killed writer leaves a library as it was before or after a change.

    python -m bench.crashes [--random 200] [--stride 1] [--pairs 50] [--out bench/results]

Processes add, remove, rename, re-embed, rebuild and reopen, and are killed: after a random time;
before and after every call that may change a file; and two at a time in one library. Each library
is then read in full. A toy embedding model is used, so that most of the time is spent on storage.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.commands import report, table
from bench.crash_work import Job, leftovers, run_worker, verify
from bench.environment import Environment

ROUNDS = 8
"""The number of changes at whose points a writer is killed: each kind once, and an addition."""


@dataclass(frozen=True, slots=True)
class Kills:
    """The states of libraries whose writers were killed in one way."""

    way: str
    kills: int
    before: int
    """Libraries that were as before the interrupted change."""
    after: int
    rebuilt: int
    """Libraries in which an index was rebuilt."""
    failures: tuple[str, ...]


def at_random(count: int, seed: int = 0, writers: int = 1) -> Kills:
    """Kill the writers of ``count`` libraries, each after a random time."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    way = "after a random time" if writers == 1 else f"{writers} writers, after a random time"
    trials = [
        _Trial(seed=chance.randrange(1 << 30), seconds=chance.uniform(0.01, 0.6), writers=writers)
        for _ in range(count)
    ]
    return _run_trials(way, trials)


def at_points(stride: int = 1) -> Kills:
    """Kill a writer at every ``stride``-th point of the same changes."""
    with tempfile.TemporaryDirectory() as folder:
        points = _count_points(Path(folder))
    trials = [_Trial(seed=1, die_at=point) for point in range(1, points + 1, stride)]
    return _run_trials(f"at every {stride}th of {points} points", trials)


@dataclass(frozen=True, slots=True)
class _Trial:
    seed: int
    seconds: float = 0.0
    writers: int = 1
    die_at: int | None = None


def _run_trials(way: str, trials: Sequence[_Trial]) -> Kills:
    outcomes, failures = [], []
    for number, trial in enumerate(trials):
        folder = Path(tempfile.mkdtemp(prefix="crash-"))
        try:
            logs = _kill(folder, trial)
            outcomes.append(verify(folder / "l", logs, check_first=number % 2 == 0))
            if left := leftovers(folder / "l"):
                failures.append(f"{trial}: {left} half-written files are left")
        except Exception as error:
            failures.append(f"{trial}: {error!r}")
        finally:
            # tantivy's threads may still be deleting files.
            shutil.rmtree(folder, ignore_errors=True)
    after = sum(outcome.after for outcome in outcomes)
    rebuilt = sum(outcome.rebuilt for outcome in outcomes)
    return Kills(way, len(trials), len(outcomes) - after, after, rebuilt, tuple(failures))


def _kill(folder: Path, trial: _Trial) -> list[Path]:
    """Run workers on a library until they are killed, and return their logs."""
    context = multiprocessing.get_context("fork")  # starts fastest
    logs = [folder / f"log{part}" for part in range(trial.writers)]
    rounds = ROUNDS if trial.die_at else None
    workers = []
    for part, log in enumerate(logs):
        log.touch()
        shared = part if trial.writers > 1 else None
        job = Job(trial.seed + part, rounds, trial.die_at, shared)
        workers.append(context.Process(target=run_worker, args=(folder / "l", log, job)))
    for worker in workers:
        worker.start()
    time.sleep(trial.seconds)
    for worker in workers:
        if trial.die_at is None:
            os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join()
        assert worker.exitcode == -signal.SIGKILL, f"not killed: {worker.exitcode}"
    return logs


def _count_points(folder: Path) -> int:
    """Return the number of points in the changes, from a process that is not killed."""
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()

    def count() -> None:
        queue.put(run_worker(folder / "l", folder / "log", Job(1, ROUNDS)))

    process = context.Process(target=count)
    process.start()
    process.join()
    return int(queue.get())


def render(environment: Environment, rows: Sequence[Kills]) -> str:
    """Return the results as Markdown."""
    cells = [
        (r.way, str(r.kills), str(r.before), str(r.after), str(r.rebuilt), str(len(r.failures)))
        for r in rows
    ]
    failures = [f"- {failure}" for row in rows for failure in row.failures[:10]]
    head = ("killed", "kills", "as before", "as after", "indexes rebuilt", "failures")
    lines = ["# A library whose writer is killed", "", environment.to_markdown()]
    return "\n".join([*lines, *table(head, cells), "", *failures])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.crashes")
    parser.add_argument("--random", type=int, default=200, help="kills after a random time")
    parser.add_argument("--stride", type=int, default=1, help="kill at every n-th point")
    parser.add_argument("--pairs", type=int, default=50, help="kills of two writers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment = Environment.now("bench.crashes")
    rows = [
        at_random(given.random, given.seed),
        at_points(given.stride),
        at_random(given.pairs, given.seed + 1, writers=2),
    ]
    text = render(environment, rows)
    report(given.out, "crashes", text)
    if any(row.failures for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
