"""Measure adding files with Ray against adding them in one process, and a kill in the middle.

``python -m bench.ray_encoding --texts FOLDER`` reads the articles of JSON lines with a ``text``,
cuts them into files of the same size, and adds those, each time to a new library: in one process
to a folder and to Milvus, and with one and two encoders of Ray to Milvus, in turns. Then it kills
the process that started Ray in the middle, adds the files again and compares every article.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.commands import report, table
from bench.environment import Environment
from bench.milvus_server import milvus_server
from bench.timing import in_turn
from index.embedding.embedder import SentenceTransformerEmbedder
from index.errors import LibraryError, LibraryMissing
from index.library_address import MilvusAccess, milvus_address
from index.milvus.connection import Connection
from index.milvus.schema import collections
from qa.article_qa import ArticleQA
from qa.encoding.on_ray import add_with_ray
from qa.library import backend_of, embedder_of, read_file
from qa.settings import Settings

_FILE_CHARS = 12_000
_POLL_SECONDS = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")
_TRIES = 10
_WAIT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Way:
    """A way to add the files."""

    name: str
    encoders: int
    """Of Ray; 0 for one process without it."""
    on_milvus: bool


WAYS = (
    Way("one process, folder", 0, on_milvus=False),
    Way("one process, Milvus", 0, on_milvus=True),
    Way("Ray, 1 encoder", 1, on_milvus=True),
    Way("Ray, 2 encoders", 2, on_milvus=True),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement; times in seconds."""

    passages: int
    start: float
    """Until the first file is added: what has to be started and loaded."""
    start_cpu: float
    """The CPU time of all processes but the Milvus server's until then."""
    later_passages: int
    """How many were added after the first quarter of the files."""
    later: float
    """How long that took."""
    later_cpu: float


@dataclass(frozen=True, slots=True)
class Killed:
    """What was in the library after a kill, and after adding the files again."""

    articles: int
    passages: int
    orphans: int
    """Passages of no article, which nobody sees and maintenance deletes."""
    ended: float
    """Seconds until all processes of Ray had ended."""
    again: int
    """Passages that were embedded in the second run."""
    missing: int
    differing: int
    """Articles with other passages than in the folder."""
    doubled: int
    orphans_again: int


def write_files(texts: Path, folder: Path, most: int) -> list[Path]:
    """Write files with the texts of the articles, and return them."""
    files: list[Path] = []
    for source in (texts / "squad_en.jsonl", texts / "covidqa.jsonl"):
        for line in source.read_text(encoding="utf-8").splitlines():
            text = json.loads(line)["text"]
            for first in range(0, len(text) - _FILE_CHARS + 1, _FILE_CHARS):
                files.append(folder / f"{len(files):04}.txt")
                files[-1].write_text(text[first : first + _FILE_CHARS], encoding="utf-8")
                if len(files) == most:
                    return files
    return files


def add_all(library: str, files: Sequence[str], encoders: int) -> Run:
    """Add the files to a library in this process, or with Ray."""
    began = time.perf_counter()
    marks: list[tuple[int, float, float]] = []
    passages = 0
    for added in _added(library, files, encoders):
        passages += added
        cpu = sum(descendants(os.getpid()).values())
        marks.append((passages, time.perf_counter() - began, cpu))
    first, quarter, last = marks[0], marks[len(marks) // 4], marks[-1]
    later = [end - start for start, end in zip(quarter, last, strict=True)]
    return Run(passages, first[1], first[2], int(later[0]), later[1], later[2])


def _added(library: str, files: Sequence[str], encoders: int) -> Iterator[int]:
    """Add the files and yield the number of passages that were embedded for each."""
    if encoders:
        for result in add_with_ray(library, files, workers=encoders):
            assert not result.error, result.error
            yield result.passages
        return
    settings = Settings.load()
    with ArticleQA.open(library, settings) as qa:
        for file in files:
            totals = [0]

            def count(_: int, total: int, totals: list[int] = totals) -> None:
                totals.append(total)

            qa.add_article(read_file(Path(file), settings), count)
            yield totals[-1]


def measured(library: str, files: list[Path], encoders: int) -> Run:
    """Return a run in a process of its own."""
    process = _started(library, files, encoders)
    answer, _ = process.communicate()
    assert process.returncode == 0
    return Run(**json.loads(answer.splitlines()[-1]))


def _started(library: str, files: list[Path], encoders: int) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "bench.ray_encoding", "--add", library, str(encoders))
    return subprocess.Popen(  # noqa: S603 - this program
        [*command, *map(str, files)],
        stdout=subprocess.PIPE,
        text=True,
        # Ray's default, 15, would leave the encoders little of a machine that others use.
        env={**os.environ, "RAY_worker_niceness": "0"},
    )


def descendants(root: int) -> dict[int, float]:
    """Return the CPU seconds of a process and of all below it, by their ids."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = entry.read_text(encoding="utf-8").rpartition(")")[2].split()
            pid = int(entry.parent.name)
            parents[pid] = int(fields[1])
            seconds[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return {pid: seconds[pid] for pid in family if pid in seconds}


def killed_in_the_middle(address: str, files: list[Path], expected: dict[str, int]) -> Killed:
    """Kill a run when a third of the articles are there, and add the files again."""
    process = _started(address, files, 2)
    _wait(lambda: _count(address) >= len(files) // 3)
    family = descendants(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    began = time.perf_counter()
    _wait(lambda: not any(map(_runs, family)))
    ended = time.perf_counter() - began
    after = _articles(address)
    orphans = _rows(address) - sum(after.values())
    again = measured(address, files, 2)
    found = _articles(address)
    return Killed(
        articles=len(after),
        passages=sum(after.values()),
        orphans=orphans,
        ended=ended,
        again=again.passages,
        missing=len(expected.keys() - found.keys()),
        differing=sum(found.get(each) not in (None, count) for each, count in expected.items()),
        doubled=len(found) - len(expected),
        orphans_again=_rows(address) - sum(found.values()),
    )


def _runs(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())  # empty for a zombie
    except OSError:
        return False


def _wait(is_done: Callable[[], bool]) -> None:
    latest = time.monotonic() + _WAIT_SECONDS
    while not is_done():
        assert time.monotonic() < latest, "It took too long."
        time.sleep(_POLL_SECONDS)


def _count(library: str) -> int:
    try:
        with ArticleQA.open(library, create=False, read_only=True) as qa:
            return len(qa.catalogue())
    except LibraryMissing:
        return 0


def _articles(library: str) -> dict[str, int]:
    """Return the number of passages of each article."""
    settings = Settings.load()
    embedder = embedder_of(settings)
    for tries_left in reversed(range(_TRIES)):
        try:
            index = backend_of(library, embedder, settings, create=False, read_only=True)
            break
        except LibraryError:  # a busy Milvus Lite refuses connections now and then
            if not tries_left:
                raise
            time.sleep(_POLL_SECONDS)
    try:
        return {each.id: len(index.chunks(each.id)[0]) for each in index.store.catalogue()}
    finally:
        index.close()


def _rows(library: str) -> int:
    """Return how many passages are stored on Milvus, of articles or not."""
    address = milvus_address(library)
    assert address
    connection = Connection(address, MilvusAccess(), create=False)
    name = collections(SentenceTransformerEmbedder().identity)[-1].name
    try:
        return connection.count(name, f'shelf == "{address.shelf}"')
    finally:
        connection.close()


def render(
    environment: Environment,
    files: int,
    runs: dict[Way, list[Run]],
    killed: Killed,
    loads: Sequence[float],
) -> str:
    """Return the report; ``loads`` are load averages, sorted."""
    best = {way: min(found, key=lambda run: run.later) for way, found in runs.items()}
    head = ("way", "start, s", "start, CPU s", "passages/s", "passages per CPU second")
    rows = [
        (
            way.name,
            f"{min(each.start for each in runs[way]):.1f}",
            f"{min(each.start_cpu for each in runs[way]):.1f}",
            f"{run.later_passages / run.later:.1f}",
            f"{max(each.later_passages / each.later_cpu for each in runs[way]):.1f}",
        )
        for way, run in best.items()
    ]
    rounds = len(next(iter(runs.values())))
    passages = next(iter(best.values())).passages
    return f"""# Adding files with Ray

{environment.to_markdown()}
{files} files of {_FILE_CHARS:,} characters, {passages:,} passages, each time to a new library, in
turns; rounds: {rounds}, the best of each column. *Start* is until the first file is added; the
figures beside it are for the last three quarters of the files. CPU seconds are of all processes
but the Milvus server's (Milvus Lite's, on the same cores). An encoder uses one core; a process
without Ray uses all. Others used the machine, too: the load average was {loads[0]:.0f} to
{loads[-1]:.0f}. Seconds say little then: several processes together get more of the cores than
one, and a core that is shared does less in a CPU second.

{chr(10).join(table(head, rows))}

## Killed in the middle

The process that started Ray was killed (SIGKILL) when a third of the articles were added. The last
process of Ray ended {killed.ended:.0f} s later. The library had {killed.articles} articles with
{killed.passages} passages, and {killed.orphans} passages of articles that were being added, which
are not visible. The same files were added again: {killed.again} passages were embedded.

Of {files} articles, {killed.missing} are missing, {killed.doubled} are there twice and
{killed.differing} have another number of passages than in the folder. Invisible passages that are
left for maintenance to delete: {killed.orphans_again}.
"""


def measure(
    files: list[Path], work: Path, rounds: int
) -> tuple[dict[Way, list[Run]], Killed, list[float]]:
    """Return all runs of each way, the run that was killed, and the load averages, sorted."""
    loads: list[float] = []
    runs: dict[Way, list[Run]] = {way: [] for way in WAYS}
    names = {way.name: way for way in WAYS}
    for number in range(rounds):
        for name in in_turn(list(names), number):
            way, folder = names[name], work / f"{number}-{name}"
            if way.on_milvus:
                with milvus_server(folder) as address:
                    runs[way].append(measured(address, files, way.encoders))
            else:
                runs[way].append(measured(str(folder), files, way.encoders))
            loads.append(os.getloadavg()[0])
            print(name, runs[way][-1], loads[-1], file=sys.stderr, flush=True)
    expected = _articles(str(work / f"0-{WAYS[0].name}"))
    assert len(expected) == len(files), "Two files have the same text."
    with milvus_server(work / "killed") as address:
        return runs, killed_in_the_middle(address, files, expected), sorted(loads)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.ray_encoding")
    parser.add_argument("--texts", type=Path, help="folder with squad_en.jsonl and covidqa.jsonl")
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder of the results")
    parser.add_argument("--add", nargs="+", help=argparse.SUPPRESS)  # a process to be measured
    given = parser.parse_args()
    if given.add:
        library, encoders, *paths = given.add
        print(json.dumps(asdict(add_all(library, paths, int(encoders)))))
        return
    environment = Environment.now("bench.ray_encoding")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "files").mkdir()
        files = write_files(given.texts, work / "files", given.files)
        found = measure(files, work, given.rounds)
    report(given.out, "ray_encoding", render(environment, len(files), *found))


if __name__ == "__main__":
    main()
