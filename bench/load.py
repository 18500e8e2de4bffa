"""Measure many conversations at once: how long answers take, and whether any are mixed up.

    python -m bench.load [--chats 50] [--seconds 120] [--out bench/results]

The page runs in its own process over a library of eight towns, whose articles are alike except
for the numbers. Each chat chooses a town and asks questions without a pause; after ten it starts
again. An answer is right if it has the number of that town and of no other, cites that article
only, and is below this chat's own questions. Meanwhile some chats read their answers seconds
late, and some leave without reading. At the end three times as many questions are asked at the
same moment as the queue holds. Everything is on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.commands import report, table
from bench.crowd import LATE_SECONDS, ODD_CHATS, Load, Page, Rush, crowd, rush
from bench.environment import Environment
from bench.processes import status
from bench.serving import served
from bench.towns import towns
from qa.article_qa import ArticleQA
from qa.page.asking import MOST_ASKED

SETTLED_AFTER = 0.25
"""The share of the run after which memory is first recorded, when buffers have grown."""
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of the page's process, in MB."""

    settled: float
    end: float
    most: float
    samples: tuple[float, ...]
    """About one a second."""


async def measure(process: int, page: Page, given: argparse.Namespace) -> tuple[Load, Memory, Rush]:
    """Return the results of the chats, the memory during them, and the rush afterwards."""
    samples: list[float] = []

    async def watch() -> None:
        while True:
            samples.append(resident_mb(process))
            await asyncio.sleep(_POLL_SECONDS)

    watching = asyncio.create_task(watch())
    load = await crowd(page, given.chats, given.seconds)
    watching.cancel()
    settled = samples[int(len(samples) * SETTLED_AFTER)]
    memory = Memory(settled, samples[-1], max(samples), tuple(round(each) for each in samples[::5]))
    return load, memory, await rush(page, 3 * MOST_ASKED)


def resident_mb(process: int) -> float:
    """Return the resident memory of a process in MB."""
    return status(process)["VmRSS"] * 1024 / 1e6


def render(
    environment: Environment, given: argparse.Namespace, found: Load, memory: Memory, rushed: Rush
) -> str:
    """Return the results as Markdown."""
    asked = len(found.seconds)
    faults = [f"- {count} × {error}" for error, count in found.errors.most_common()]
    rows = [
        (name, str(len(seconds)), *_percentiles(seconds))
        for name, seconds in (("asked", found.seconds), ("read late", found.late))
    ]
    return "\n".join(
        [
            "# Many conversations at once on the page",
            "",
            environment.to_markdown(),
            f"{given.chats} chats asked for {given.seconds:.0f} seconds without a pause, "
            f"{ODD_CHATS} more read {LATE_SECONDS:.0f} s late, and {found.left} questions were "
            f"abandoned: {asked / given.seconds:.1f} answers a second, {found.refused} questions "
            f"rejected because the queue was full, and {sum(found.errors.values())} errors or "
            "answers to another chat's question.",
            *faults,
            "",
            *table(("", "answers", "p50 s", "p95 s", "p99 s", "longest s"), rows),
            "",
            f"Memory of the page: {memory.settled:.0f} MB after a quarter of the time, "
            f"{memory.end:.0f} at the end, {memory.most:.0f} at most.",
            "",
            f"Of {rushed.asked} questions asked at the same moment after that, {rushed.answered} "
            f"were answered, {rushed.refused} were rejected because the queue was full, and "
            f"{sum(rushed.errors.values())} failed.",
            *(f"- {count} × {error}" for error, count in rushed.errors.items()),
        ]
    )


def _percentiles(seconds: Sequence[float]) -> list[str]:
    return [f"{at:.2f}" for at in np.percentile(seconds or [np.nan], [50, 95, 99, 100])]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--chats", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, about = Environment.now("bench.load"), towns()
    with tempfile.TemporaryDirectory() as folder:
        with ArticleQA.open(folder) as qa:
            ids = [qa.add_text(town.text, title=town.title).id for town in about]
        with served("-m", "app", "--library", folder, "--port") as (process, address):
            load, memory, rushed = asyncio.run(measure(process, Page(address, ids, about), given))
    text = render(environment, given, load, memory, rushed)
    report(given.out, "load", text)


if __name__ == "__main__":
    main()
