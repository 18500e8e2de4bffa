"""How fast passages are found by several callers at once, while one writer adds and removes.

    python -m bench.concurrency [--articles 300] [--seconds 5] [--out bench/results]

Callers are threads of one process, or processes; each asks as fast as it can. A toy model
embeds questions, so that the time is the library's: FAISS, tantivy, SQLite and the locks.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np

from bench.commands import report, table
from bench.crash_work import LIMITS, text_of
from bench.environment import Environment
from bench.toys import ToyEmbedder
from index.passage_index import PassageIndex
from index.types import Article
from qa.retriever import Retriever

CALLERS = (1, 4, 16)
_DIMENSION = 384  # as the default model's


@dataclass(frozen=True, slots=True)
class Rate:
    """What some callers at once got."""

    callers: int
    kind: str
    """Threads or processes."""
    writing: bool
    """Whether a writer added and removed meanwhile, in a process of its own."""
    per_second: float
    """Questions of all callers together."""
    p50: float
    """Milliseconds that one waited, at the median."""
    p95: float


def measure(folder: Path, callers: int, kind: str, seconds: float, *, writing: bool) -> Rate:
    """Return what ``callers`` get of the library in ``folder`` within ``seconds``."""
    with _writer(folder) if writing else _nobody():
        waits = (_threads if kind == "threads" else _processes)(folder, callers, seconds)
    p50, p95 = np.quantile(waits, [0.5, 0.95]) * 1000
    return Rate(callers, kind, writing, len(waits) / seconds, float(p50), float(p95))


def filled(folder: Path, articles: int) -> int:
    """Make a library of this many articles; return how many passages it has."""
    with _opened(folder) as index:
        for number in range(articles):
            index.add(Article.from_text(text_of(number)))
        return len(index)


def _opened(folder: Path) -> PassageIndex:
    return PassageIndex(folder, ToyEmbedder(_DIMENSION), limits=LIMITS)


def _asked(index: PassageIndex, seconds: float) -> list[float]:
    """Return how long each question took that one caller asked."""
    retriever, waits, end = Retriever(index), [], time.perf_counter() + seconds
    vector = index.embedder.encode_query("Word7 stands in a sentence")
    while (began := time.perf_counter()) < end:
        retriever.retrieve("Word7 stands in a sentence", 5, encode=lambda _: vector)
        waits.append(time.perf_counter() - began)
    return waits


def _threads(folder: Path, callers: int, seconds: float) -> list[float]:
    waits: list[float] = []
    with _opened(folder) as index:
        threads = [
            threading.Thread(target=lambda: waits.extend(_asked(index, seconds)))
            for _ in range(callers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return waits


def _process(folder: Path, seconds: float, ready: SimpleQueue[int], go: Event, out: object) -> None:
    with _opened(folder) as index:
        ready.put(1)
        go.wait()
        out.put(_asked(index, seconds))  # type: ignore[attr-defined]


def _processes(folder: Path, callers: int, seconds: float) -> list[float]:
    context = multiprocessing.get_context("spawn")
    ready, out, go = context.SimpleQueue(), context.SimpleQueue(), context.Event()
    arguments = (folder, seconds, ready, go, out)
    processes = [context.Process(target=_process, args=arguments) for _ in range(callers)]
    for process in processes:
        process.start()
    for _ in processes:
        ready.get()
    go.set()
    waits = [wait for _ in processes for wait in out.get()]
    for process in processes:
        process.join()
    return waits


def _write(folder: Path, started: Event, done: Event) -> None:
    with _opened(folder) as index:
        number = 10_000_000
        while not done.is_set():
            article = index.add(Article.from_text(text_of(number)))
            index.remove(article.id)
            number += 1
            started.set()
            done.wait(0.05)


@contextmanager
def _writer(folder: Path) -> Iterator[None]:
    """Have a process add and remove articles meanwhile, up to twenty times a second."""
    context = multiprocessing.get_context("spawn")
    started, done = context.Event(), context.Event()
    process = context.Process(target=_write, args=(folder, started, done))
    process.start()
    started.wait()
    try:
        yield
    finally:
        done.set()
        process.join()


@contextmanager
def _nobody() -> Iterator[None]:
    yield


def render(environment: Environment, load: float, passages: int, rates: list[Rate]) -> str:
    """Return the results as Markdown."""
    cells = [
        (
            str(r.callers),
            r.kind,
            "yes" if r.writing else "no",
            f"{r.per_second:.0f}",
            f"{r.p50:.1f}",
            f"{r.p95:.1f}",
        )
        for r in rates
    ]
    head = ("callers", "kind", "a writer", "questions a second", "p50 ms", "p95 ms")
    told = (
        f"{passages:,} passages of {_DIMENSION} dimensions; the hundred best by meaning and by "
        f"words are found and fused. Load average at the start: {load:.1f}."
    )
    title = "# Several callers at once, beside a writer"
    return "\n".join([title, "", environment.to_markdown(), told, "", *table(head, cells)])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.concurrency")
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, load = Environment.now("bench.concurrency"), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "library"
        passages = filled(folder, given.articles)
        rates = [
            measure(folder, callers, kind, given.seconds, writing=writing)
            for kind in ("threads", "processes")
            for writing in (False, True)
            for callers in CALLERS
        ]
    text = render(environment, load, passages, rates)
    report(
        given,
        "concurrency",
        environment,
        text,
        rates=[asdict(rate) for rate in rates],
        passages=passages,
        load=load,
    )


if __name__ == "__main__":
    main()
