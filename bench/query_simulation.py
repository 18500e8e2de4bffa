"""Simulate the path of a question through servers and query nodes under load.

    python -m bench.query_simulation --data DIR --work DIR [--out bench/results]

Questions arrive at random (a Poisson process). A server encodes one, every query node searches
its segments, one node reads the passages, and the server writes the answer; each step waits for a
free core, first come, first served. How long a step takes is drawn from measured times
(:mod:`bench.query_stages`), which are kept in ``--work`` for later runs.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.commands import report, table
from bench.environment import Environment
from bench.query_stages import REPEATS, Stages, Times, measure
from index.embedding.int8 import has_fast_int8

ROUND_TRIP = 0.001
"""Seconds, assumed, for a message to the query nodes and back."""
_WARM_UP_SHARE = 0.1
_QUESTIONS = 1_000


@dataclass(frozen=True, slots=True)
class Cluster:
    """The machines, what they hold, and how many questions arrive."""

    passages: int
    segment: int
    """Passages of a segment."""
    servers: int
    server_cores: int
    nodes: int
    """Query nodes, which have equal shares of the segments."""
    node_cores: int
    rate: float
    """Questions a second."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds from a question's arrival to its answer, and the shares of time cores work."""

    seconds: tuple[float, ...]
    server_use: float
    node_use: float


@dataclass(slots=True)
class Clock:
    """Calls functions at their times, in order."""

    now: float = 0.0
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call ``call`` in this many seconds."""
        heapq.heappush(self._due, (self.now + seconds, next(self._numbers), call))

    def run(self) -> None:
        """Run until nothing is due."""
        while self._due:
            self.now, _, call = heapq.heappop(self._due)
            call()


@dataclass(slots=True)
class Cores:
    """Cores of one machine, with one queue."""

    clock: Clock
    free: int
    worked: float = 0.0
    """Seconds, of all cores."""
    _waiting: deque[tuple[float, Callable[[], None]]] = field(default_factory=deque)

    def work(self, seconds: float, done: Callable[[], None]) -> None:
        """Take one core for this long as soon as one is free, then call ``done``.

        What takes no time needs no core.
        """
        if not seconds:
            done()
            return
        if not self.free:
            self._waiting.append((seconds, done))
            return
        self.free -= 1
        self.worked += seconds
        self.clock.after(seconds, lambda: self._finish(done))

    def _finish(self, done: Callable[[], None]) -> None:
        self.free += 1
        if self._waiting:
            self.work(*self._waiting.popleft())
        done()


class Simulation:
    """One run; see :func:`simulate`."""

    def __init__(self, cluster: Cluster, stages: Stages, seed: int) -> None:
        self._cluster, self._stages = cluster, stages
        self._random = np.random.default_rng(seed)
        self.clock = Clock()
        self.servers = [Cores(self.clock, cluster.server_cores) for _ in range(cluster.servers)]
        self.nodes = [Cores(self.clock, cluster.node_cores) for _ in range(cluster.nodes)]
        self.answered: list[tuple[float, float]] = []
        """(arrival, seconds) of each question, in the order of the answers."""
        segments = max(1, round(cluster.passages / cluster.segment))
        self._tasks = [
            [len(part) for part in np.array_split(range(count), cluster.node_cores) if len(part)]
            for count in (len(part) for part in np.array_split(range(segments), cluster.nodes))
        ]
        """By node, the number of segments that each of its tasks searches in turn."""

    def arrive(self, number: int) -> None:
        """Let the next question arrive, and go through all steps."""
        arrived, row = self.clock.now, int(self._random.integers(len(self._stages.encode)))
        server = self.servers[number % len(self.servers)]

        def search() -> None:
            running = sum(map(len, self._tasks))

            def one_done() -> None:
                nonlocal running
                running -= 1
                if not running:
                    self.clock.after(ROUND_TRIP, fetch)

            times = self._stages.search[self._cluster.segment]
            for node, tasks in zip(self.nodes, self._tasks, strict=True):
                for count in tasks:
                    node.work(self._drawn(times, row, count), one_done)

        def fetch() -> None:
            node = self.nodes[int(self._random.integers(len(self.nodes)))]
            node.work(
                self._drawn(self._stages.fetch, row), lambda: self.clock.after(ROUND_TRIP, answer)
            )

        def answer() -> None:
            server.work(self._drawn(self._stages.answer, row), done)

        def done() -> None:
            self.answered.append((arrived, self.clock.now - arrived))

        server.work(self._drawn(self._stages.encode, row), search)

    def _drawn(self, times: Times, row: int, count: int = 1) -> float:
        """Return the sum of ``count`` times of a question, each drawn from its repeats."""
        drawn = self._random.integers(times.shape[1], size=count)
        return float(times[row % len(times), drawn].sum())


def simulate(cluster: Cluster, stages: Stages, questions: int, seed: int = 0) -> Outcome:
    """Return how long ``questions`` take, without the first tenth, which meet empty queues."""
    run = Simulation(cluster, stages, seed)
    gaps = np.random.default_rng(seed + 1).exponential(1 / cluster.rate, questions)
    for number, at in enumerate(np.cumsum(gaps)):
        run.clock.after(float(at), lambda number=number: run.arrive(number))  # type: ignore[misc]
    run.clock.run()
    took = [seconds for _, seconds in sorted(run.answered)][int(_WARM_UP_SHARE * questions) :]
    return Outcome(
        tuple(took),
        _use(run.servers, run.clock, cluster.server_cores),
        _use(run.nodes, run.clock, cluster.node_cores),
    )


def _use(machines: Sequence[Cores], clock: Clock, cores: int) -> float:
    return sum(each.worked for each in machines) / (clock.now * cores * len(machines))


CLUSTERS = tuple(
    Cluster(passages, 300_000, servers, 8, nodes, cores, rate)
    for passages, nodes, cores in ((10**6, 1, 4), (10**8, 3, 16), (10**9, 24, 16))
    for servers, rate in ((1, 5), (4, 20))
)


def render(
    environment: Environment, load: float, stages: Stages, clusters: Sequence[Cluster]
) -> str:
    """Return the measured stages and the simulated clusters as Markdown."""
    measured = [
        ("encode the question", stages.encode),
        *((f"search a segment of {rows:,}", times) for rows, times in stages.search.items()),
        ("read the passages", stages.fetch),
        ("answer", stages.answer),
    ]
    head = (
        *("passages", "of a segment", "servers × cores", "nodes × cores", "questions/s"),
        *("p50 (ms)", "p95", "p99", "servers busy", "nodes busy"),
    )
    return "\n".join(
        [
            "# A question's path under load, simulated",
            "",
            environment.to_markdown(),
            f"Milliseconds of one core, of {len(stages.encode)} questions ({len(stages.answer)} "
            f"answers), {REPEATS} rounds. A "
            "segment is searched by FAISS (IVF, RaBitQ of 1 bit, refined by 8 bits) and by "
            "tantivy; passages are read from SQLite; answering is all that a server does after "
            f"that. To encode a passage that is added takes {1000 * stages.passage:.1f} "
            f"({'8 bits' if has_fast_int8() else 'float32: this CPU has no fast 8 bits'}). "
            f"Load average at the start: {load:.1f}.",
            "",
            *table(
                ("stage", "mean", "p50", "p95", "p99"),
                [(name, *_milliseconds(found)) for name, found in measured],
            ),
            "",
            f"{_QUESTIONS:,} questions arrive at random. Each of two messages to the query nodes "
            f"and back is assumed to take {1000 * ROUND_TRIP:.0f} ms. Nodes search their segments "
            "on all cores; the last one decides when a search ends. Not simulated: what Milvus "
            "itself adds (proxy, merging, consistency), replicas, writing meanwhile.",
            "",
            *table(head, [_cells(c, stages) for c in tqdm(clusters, desc="clusters")]),
        ]
    )


def _cells(c: Cluster, stages: Stages) -> tuple[str, ...]:
    found = simulate(c, stages, _QUESTIONS)
    _, *quantiles = _milliseconds(np.array(found.seconds))
    return (
        f"{c.passages:,}", f"{c.segment:,}", f"{c.servers} × {c.server_cores}",
        f"{c.nodes} × {c.node_cores}", f"{c.rate:g}", *quantiles,
        f"{found.server_use:.0%}", f"{found.node_use:.0%}",
    )  # fmt: skip


def _milliseconds(seconds: Times) -> tuple[str, ...]:
    found = (seconds.mean(), *np.quantile(seconds, (0.5, 0.95, 0.99)))
    return tuple(f"{1000 * each:.1f}" for each in found)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.query_simulation")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--work", type=Path, required=True, help="folder of what is measured")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, load = Environment.now("bench.query_simulation"), os.getloadavg()[0]
    measured = given.work / "stages.json"
    if not measured.exists():
        measure(given.data, given.work).write(measured)
    text = render(environment, load, Stages.read(measured), CLUSTERS)
    report(given.out, "query_simulation", text)


if __name__ == "__main__":
    main()
