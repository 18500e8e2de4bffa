"""Answer in two processes over one library on Milvus while a third changes it, and kill one.

    python -m bench.several_servers [--seconds 60] [--out bench/results]

Milvus is the server of Milvus Lite, in a process of its own. In the middle one of the answering
processes is killed. Every answer is checked: it has the number of the town that was asked about,
and cites that article under the title that it has at the time; an article that has been removed is
not listed, and asking about it is refused. All processes share this machine's cores.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np

from bench.commands import report, table
from bench.environment import Environment
from bench.milvus_server import milvus_server
from bench.towns import Town, towns
from index.errors import ArticleNotFound, ArticleQAError
from index.types import id_of_text
from qa.article_qa import ArticleQA
from qa.settings import Settings

_PAUSE_SECONDS = 0.5
_LASTING = 6
"""The towns that are there all the time; the others come and go."""
_CHANGING = -1
_ADDED, _RENAMED, _ABSENT = 1, 2, 0
"""What a town is, by its number of changes modulo 3."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to an answering process."""

    began: float
    """Seconds of a clock that all processes share."""
    seconds: float
    fault: str
    """Empty if all was as it should be."""


def title_of(town: Town, changes: int) -> str:
    """Return the title that a town has after so many changes."""
    return town.title if changes % 3 == _ADDED else f"{town.title} {changes}"


def answer(address: str, out: Path, states: SynchronizedArray[int]) -> None:
    """Answer questions until killed, checking each, and write a line for each to ``out``."""
    about = towns()
    ids = [id_of_text(town.text) for town in about]
    with ArticleQA.open(address, Settings.load()) as qa, out.open("w", encoding="utf-8") as file:
        qa.warm_up()
        for number in itertools.count():
            at = number % len(about)
            questions = [*about[at].answers]
            question = questions[number // len(about) % len(questions)]
            before, began = states[at], time.monotonic()
            fault = _fault(qa, question, about[at], ids[at], before)
            seconds = time.monotonic() - began
            if _CHANGING in (before, states[at]) or states[at] != before:
                fault = ""  # it changed meanwhile
            file.write(json.dumps([began, seconds, fault]) + "\n")
            file.flush()


def _fault(qa: ArticleQA, question: str, town: Town, article_id: str, changes: int) -> str:
    """Ask about a town, and return what is wrong; empty if nothing is."""
    is_absent = changes % 3 == _ABSENT
    listed = {info.id: info.title for info in qa.catalogue()}
    try:
        answer = qa.ask(question, [article_id])
    except ArticleNotFound:
        return "" if is_absent and article_id not in listed else "not found"
    except ArticleQAError as error:
        return f"{type(error).__name__}: {error}"[:200]
    title = title_of(town, changes)
    checks = {
        "answered after it was removed": not is_absent,
        "listed under an old title": listed.get(article_id) == title,
        "not cited": {each.article_id for each in answer.citations} == {article_id},
        "cited under an old title": {each.title for each in answer.citations} == {title},
        "not the answer": town.answers[question] in answer.text,
    }
    return next((fault for fault, is_right in checks.items() if not is_right), "")


def change(address: str, out: Path, states: SynchronizedArray[int], stop: Event) -> None:
    """Add, rename and remove the towns that come and go, and write how it went to ``out``."""
    made = 0
    errors: list[str] = []
    about = towns()
    with ArticleQA.open(address, Settings.load()) as qa:
        while not stop.is_set():
            at = _LASTING + made // 3 % (len(about) - _LASTING)
            article_id = id_of_text(about[at].text)
            made += 1
            states[at] = _CHANGING
            try:
                if made % 3 == _ADDED:
                    qa.add_text(about[at].text, title=about[at].title)
                elif made % 3 == _RENAMED:
                    qa.rename(article_id, title_of(about[at], made))
                else:
                    qa.remove(article_id)
                states[at] = made
            except ArticleQAError as error:
                errors.append(f"{type(error).__name__}: {error}"[:200])
            out.write_text(json.dumps([made, errors]), encoding="utf-8")
            time.sleep(_PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Run:
    """The results."""

    servers: tuple[tuple[Asked, ...], ...]
    began: float
    killed_at: float
    ended: float
    changes: int
    errors: tuple[str, ...]
    """Of the process that changed the library."""


def measure(seconds: float) -> Run:
    """Run all processes for so many seconds after they have started."""
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="servers-") as name,
        milvus_server(Path(name) / "data") as address,
    ):
        with ArticleQA.open(address, Settings.load()) as qa:
            for town in towns()[:_LASTING]:
                qa.add_text(town.text, title=town.title)
        states = context.Array("q", [_ADDED] * _LASTING + [_ABSENT] * (len(towns()) - _LASTING))
        outs = [Path(name) / f"server{number}" for number in range(2)]
        changes = Path(name) / "changes"
        stop = context.Event()
        servers = [
            context.Process(target=answer, args=(address, out, states), daemon=True) for out in outs
        ]
        writer = context.Process(target=change, args=(address, changes, states, stop), daemon=True)
        for process in (*servers, writer):
            process.start()
        while not all(out.exists() and out.stat().st_size for out in (*outs, changes)):
            assert all(process.is_alive() for process in (*servers, writer)), "One did not start."
            time.sleep(0.1)
        began = time.monotonic()
        time.sleep(seconds / 2)
        os.kill(servers[0].pid or 0, signal.SIGKILL)
        killed_at = time.monotonic()
        time.sleep(seconds / 2)
        ended = time.monotonic()
        stop.set()
        writer.join()
        assert servers[1].is_alive(), "The other server ended, too."
        servers[1].kill()
        servers[1].join()
        count, errors = json.loads(changes.read_text("utf-8"))
        asked = tuple(tuple(_read(out)) for out in outs)
        return Run(asked, began, killed_at, ended, count, tuple(errors))


def _read(out: Path) -> list[Asked]:
    lines = out.read_text("utf-8").split("\n")[:-1]  # a killed process's last line may be cut
    return [Asked(*json.loads(line)) for line in lines]


def render(environment: Environment, run: Run, seconds: float) -> str:
    """Return the results as Markdown."""
    every = [asked for server in run.servers for asked in server]
    faults = Counter(asked.fault for asked in every if asked.fault)
    rows = [
        ("both", *_times([a for a in every if run.began <= a.began < run.killed_at], seconds / 2)),
        (
            "one, after the kill",
            *_times([a for a in every if run.killed_at <= a.began < run.ended], seconds / 2),
        ),
    ]
    after = [a.seconds for a in run.servers[1] if a.began + a.seconds > run.killed_at]
    return "\n".join(
        [
            "# Several servers over one library on Milvus",
            "",
            environment.to_markdown() + f"- Load average at the end: {os.getloadavg()[0]:.0f}\n",
            f"Two processes answered one question at a time each; a third made {run.changes} "
            f"changes in {seconds:.0f} seconds with {len(run.errors)} errors; the server of Milvus "
            "Lite ran beside them on the same cores. One answering process was killed halfway.",
            "",
            f"- Errors, wrong answers, old titles, and articles that were missing or had been "
            f"removed: {faults.total()} of {len(every)}.",
            *(f"- {count} × {fault}" for fault, count in faults.items()),
            *(f"- {error}" for error in run.errors[:5]),
            f"- The other process's answer at the time of the kill took "
            f"{after[0] if after else float('nan'):.2f} s.",
            "",
            *table(("answering", "answers a second", "p50 s", "p95 s", "longest s"), rows),
        ]
    )


def _times(asked: Sequence[Asked], seconds: float) -> list[str]:
    times = np.percentile([each.seconds for each in asked] or [np.nan], [50, 95, 100])
    return [f"{len(asked) / seconds:.1f}", *(f"{time:.2f}" for time in times)]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.several_servers")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment = Environment.now("bench.several_servers")
    run = measure(given.seconds)
    report(given.out, "several_servers", render(environment, run, given.seconds))
    if run.errors or any(asked.fault for server in run.servers for asked in server):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
