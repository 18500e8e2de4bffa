"""Kill writers of a library on Milvus, and its server, and check what others see and what is left.

    python -m bench.milvus_kills [--kills 200] [--servers 20] [--seed 0] [--out bench/results]

Two writers in processes of their own add, remove and rename articles over the server of Milvus
Lite; they are killed by SIGKILL in the midst of a change and started again, while another process
asks all the time. After each kill a new client reads the library in full. Then the server is
killed in the midst of changes, as it is not made for: what it has lost after it starts again is
reported. A toy embedding model is used.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import multiprocessing.process
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Event
from pathlib import Path

from tqdm import tqdm

from bench.commands import report
from bench.crash_work import LIMITS, text_of
from bench.environment import Environment
from bench.milvus_server import MilvusServer
from bench.toys import ToyEmbedder
from index.errors import ArticleNotFound, LibraryError
from index.library_address import MilvusAccess, milvus_address
from index.milvus.library import MilvusLibrary
from index.milvus.maintenance import check_milvus
from index.search.embedded_chunks import embed_article
from index.source_file import SourceFile
from index.types import Article

_WRITERS = 2
_ARTICLES_OF_A_WRITER = 6
_PIECE = 70_000
"""More than one field holds, so that a file has several pieces."""
_ALL_CHUNKS = 2_000
_QUESTION = "Which word is beside another in a sentence?"


@dataclass(slots=True)
class Seen:
    """What was found wrong, and how much was looked at."""

    kills: int = 0
    before: int = 0
    """Libraries that were as before the interrupted change."""
    after: int = 0
    reads: int = 0
    """How often the reader asked while writers were killed."""
    articles: int = 0
    """The articles that it was given, in all."""
    wrong: list[str] = field(default_factory=list)
    present: int = 0
    """Chunks of the only article, at the end."""
    past_leftovers: int = 0
    """Chunks that a search for so many found, past those that belong to no article."""
    seconds: float = 0.0
    """How long it took."""
    seconds_without: float = 0.0
    """How long it took when a check had deleted those."""
    deleted: tuple[str, ...] = ()
    """What the check deleted, in sentences."""


def opened(address: str) -> MilvusLibrary:
    """Return a client of the library."""
    found = milvus_address(address)
    assert found
    return MilvusLibrary(found, MilvusAccess(), ToyEmbedder(), limits=LIMITS)


def article_of(number: int) -> Article:
    """Return an article of several chunks; each third has a file of several pieces."""
    article = Article.from_text(text_of(number), title=f"Title {number}")
    if number % 3:
        return article
    file = SourceFile("file.bin", bytes([number % 256]) * _PIECE)
    return Article(article.id, article.title, article.text, file=file)


def chunk_texts(article: Article) -> Counter[str]:
    """Return the texts of an article's chunks."""
    parts = embed_article(article, ToyEmbedder(), LIMITS)
    return Counter(chunk.text for part in parts for chunk in part.chunks)


class Expected:
    """The articles of all writers, by their ids."""

    def __init__(self) -> None:
        numbers = (
            writer * 1_000_000 + number
            for writer in range(_WRITERS)
            for number in range(_ARTICLES_OF_A_WRITER)
        )
        self.articles = {article.id: article for article in map(article_of, numbers)}
        self.chunks = {i: chunk_texts(article) for i, article in self.articles.items()}

    def check_answer(self, library: MilvusLibrary, among: Sequence[str] | None = None) -> set[str]:
        """Ask, and return the articles that were found.

        Raises:
            AssertionError: One has not all of its chunks, or one twice.
        """
        vector = library.embedder.encode_query(_QUESTION)
        found: dict[str, Counter[str]] = {}
        for each in library.candidates(_QUESTION, vector, _ALL_CHUNKS, among):
            chunk = each.stored.chunk
            found.setdefault(chunk.article_id, Counter())[chunk.text] += 1
        for article_id, texts in found.items():
            assert texts == self.chunks[article_id], f"{article_id} is not whole: {texts}"
        return set(found)

    def check(self, library: MilvusLibrary, article_id: str) -> None:
        """Read all of an article.

        Raises:
            AssertionError: Anything of it is missing or wrong.
        """
        expected = self.articles[article_id]
        assert library.store.article(article_id).text == expected.text, article_id
        texts = Counter(chunk.text for chunk in library.chunks(article_id)[0])
        assert texts == self.chunks[article_id], f"the chunks of {article_id}"
        file = library.store.source_file(article_id)
        wanted = expected.file and expected.file.data
        assert (file and file.data) == wanted, f"the file of {article_id}"


def write(address: str, log: Path, seed: int, writer: int) -> None:
    """Change the articles of a writer until the process is killed.

    The titles before and after each change are appended to ``log`` before it is made.
    """
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    library = opened(address)
    numbers = range(writer * 1_000_000, writer * 1_000_000 + _ARTICLES_OF_A_WRITER)
    mine = {article.id: article for article in map(article_of, numbers)}
    state = {i: title for i, title in library.store.titles().items() if i in mine}
    with log.open("a", encoding="utf-8") as file:
        while True:
            article = chance.choice([*mine.values()])
            after = dict(state)
            if article.id not in state:
                change, after[article.id] = "add", article.title
            else:
                change = chance.choice(["remove", "rename"])
                after[article.id] = f"Renamed {chance.random()}"
            if change == "remove":
                del after[article.id]
            file.write(json.dumps([state, after]) + "\n")
            file.flush()
            if change == "add":
                library.add(article)
            elif change == "remove":
                library.remove(article.id)
            else:
                library.store.rename(article.id, after[article.id])
            state = after
            file.write(json.dumps([state, state]) + "\n")
            file.flush()


def read(address: str, out: Path, stop: Event) -> None:
    """Ask until ``stop`` is set, and write what was seen to ``out``."""
    expected, library, seen = Expected(), opened(address), Seen()
    chance = random.Random(0)  # noqa: S311 - reproducible, not secret
    while not stop.is_set():
        try:
            seen.reads += 1
            seen.articles += len(expected.check_answer(library))
            chosen = chance.choice([*expected.articles])
            try:
                assert expected.check_answer(library, [chosen]) == {chosen}, f"{chosen} not found"
                text = library.store.article(chosen).text
                assert text == expected.articles[chosen].text, f"the text of {chosen}"
            except ArticleNotFound:
                continue
        except (AssertionError, LibraryError) as error:
            seen.wrong.append(f"A reader: {type(error).__name__}: {error}"[:300])
    out.write_text(json.dumps([seen.reads, seen.articles, seen.wrong]), encoding="utf-8")


def _processes() -> ForkServerContext:
    """Return what starts processes, which have all modules imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.crash_work", "index.milvus.library", "pymilvus"])
    return context


class Writers:
    """Processes that change a library, one at a time killed and started again."""

    def __init__(
        self, address: str, folder: Path, chance: random.Random, count: int = _WRITERS
    ) -> None:
        self._address, self._chance = address, chance
        self._context = _processes()
        self._logs = [folder / f"log{writer}" for writer in range(count)]
        self._processes = [self._started(writer) for writer in range(count)]

    def _started(self, writer: int) -> multiprocessing.process.BaseProcess:
        self._logs[writer].unlink(missing_ok=True)
        seed = self._chance.randrange(1 << 30)
        arguments = (self._address, self._logs[writer], seed, writer)
        process = self._context.Process(target=write, args=arguments, daemon=True)
        process.start()
        return process

    def kill(self, writer: int) -> tuple[dict[str, str], dict[str, str]]:
        """Kill a writer after a random time in its work; return the states before and after."""
        self.wait_until_at_work()
        time.sleep(self._chance.uniform(0, 0.1))
        process = self._processes[writer]
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"not killed: {process.exitcode}"
        # The last call that it had begun may still be under way in the server.
        time.sleep(0.1)
        return self.logged(writer)

    def logged(self, writer: int) -> tuple[dict[str, str], dict[str, str]]:
        """Return what a writer logged last: the titles before and after a change."""
        before, after = json.loads(self._logs[writer].read_text("utf-8").splitlines()[-1])
        return before, after

    def start_again(self, writer: int) -> None:
        """Start a writer that was killed or has failed."""
        self._processes[writer] = self._started(writer)

    def kill_all(self) -> None:
        """Kill all of them."""
        for process in self._processes:
            process.kill()
            process.join()

    def wait_until_at_work(self) -> None:
        """Wait until every writer has begun a change."""
        latest = time.monotonic() + 60
        while not all(log.exists() and log.stat().st_size for log in self._logs):
            assert time.monotonic() < latest, "A writer did not start."
            assert all(process.is_alive() for process in self._processes), "A writer has failed."
            time.sleep(0.01)


def kill_writers(kills: int, seed: int) -> Seen:
    """Kill writers, while the server goes on."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    expected, seen = Expected(), Seen()
    context = _processes()
    stop = context.Event()
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder, out = Path(name), Path(name) / "reader"
        server = MilvusServer(folder / "data")
        server.start()
        opened(server.address).close()
        writers = Writers(server.address, folder, chance)
        reader = context.Process(target=read, args=(server.address, out, stop), daemon=True)
        reader.start()
        try:
            for number in tqdm(range(kills), desc="kills", disable=None):
                writer = number % _WRITERS
                states = writers.kill(writer)
                _verify(server.address, writer, states, expected, seen)
                writers.start_again(writer)
            writers.kill_all()
            stop.set()
            reader.join()
            seen.reads, seen.articles, wrong = json.loads(out.read_text("utf-8"))
            seen.wrong += wrong
            _look_at_leftovers(server.address, expected, seen)
        finally:
            writers.kill_all()
            server.stop()
    return seen


def _look_at_leftovers(address: str, expected: Expected, seen: Seen) -> None:
    """Count what killed writers have left, ask past it, and let a check delete it."""
    where = milvus_address(address)
    assert where
    tomorrow = time.time() + 2 * 86_400
    with opened(address) as library:
        for article_id in list(library.store.titles()):
            library.remove(article_id)
        library.add(next(iter(expected.articles.values())))
        vector = library.embedder.encode_query(_QUESTION)
        began = time.perf_counter()
        seen.past_leftovers = len(library.candidates(_QUESTION, vector, len(library)))
        seen.seconds = time.perf_counter() - began
        seen.present = len(library)
        seen.deleted = check_milvus(where, MilvusAccess(), now=lambda: tomorrow).done
        began = time.perf_counter()
        library.candidates(_QUESTION, vector, len(library))
        seen.seconds_without = time.perf_counter() - began


@dataclass(slots=True)
class Outage:
    """What a library was after its server was killed."""

    writers: int
    """How many worked at once."""
    starts: int = 0
    """How often the server started again."""
    as_logged: int = 0
    """How often each writer's articles were as before or after its interrupted change."""
    lost: list[str] = field(default_factory=list)


def kill_servers(kills: int, seed: int, count: int) -> Outage:
    """Kill the server while so many writers work, and look at the library when it is back."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    expected, outage = Expected(), Outage(count)
    for number in tqdm(range(kills), desc="servers", disable=None):
        with tempfile.TemporaryDirectory(prefix="kills-") as name:
            server = MilvusServer(Path(name) / "data")
            server.start()
            opened(server.address).close()
            writers = Writers(server.address, Path(name), chance, count)
            try:
                writers.wait_until_at_work()
                time.sleep(chance.uniform(0, 2))
                server.kill()
                writers.kill_all()
                server.start()
                outage.starts += 1
                _compare(server.address, writers, count, expected)
                outage.as_logged += 1
            except (AssertionError, LibraryError) as error:
                outage.lost.append(f"Kill {number + 1}: {type(error).__name__}: {error}"[:200])
            finally:
                writers.kill_all()
                server.kill()
    return outage


def _compare(address: str, writers: Writers, count: int, expected: Expected) -> None:
    with opened(address) as library:
        titles = library.store.titles()
        for writer in range(count):
            before, after = writers.logged(writer)
            mine = {i: t for i, t in titles.items() if _writer_of(expected.articles[i]) == writer}
            assert mine in (before, after), f"{mine} is neither {before} nor {after}"
        for article_id in titles:
            expected.check(library, article_id)
        assert expected.check_answer(library) == set(titles), "some are not found"


def _verify(
    address: str,
    writer: int,
    states: tuple[dict[str, str], dict[str, str]],
    expected: Expected,
    seen: Seen,
) -> None:
    """Compare a writer's articles, read by a new client, with what it logged at its end."""
    before, after = states
    seen.kills += 1
    try:
        with opened(address) as library:
            titles = library.store.titles()
            mine = {i: t for i, t in titles.items() if _writer_of(expected.articles[i]) == writer}
            assert mine in (before, after), f"{mine} is neither {before} nor {after}"
            for article_id in mine:  # the other writer's may change meanwhile
                expected.check(library, article_id)
            assert set(mine) <= expected.check_answer(library), "some are not found"
        seen.after += mine == after != before
        seen.before += mine == before
    except (AssertionError, LibraryError) as error:
        seen.wrong.append(f"Kill {seen.kills}: {type(error).__name__}: {error}"[:300])


def _writer_of(article: Article) -> int:
    return int(article.text.split()[0].removeprefix("Word")) // 1_000_000


def render(environment: Environment, seen: Seen, outages: Sequence[Outage]) -> str:
    """Return the results as Markdown."""
    answers = f"{seen.reads} answers with {seen.articles} articles"
    lines = [
        "# A library on Milvus whose writers are killed",
        "",
        environment.to_markdown() + f"- Load average at the end: {os.getloadavg()[2]:.0f}\n",
        f"Of {_WRITERS} writers over the server of Milvus Lite, one at a time was killed.",
        "",
        f"- Kills: {seen.kills}. The library was as before the interrupted change {seen.before} "
        f"times, as after it {seen.after} times.",
        f"- Half, lost or doubled articles, and errors, seen by a new client after each kill or by "
        f"a reader that asked all the time ({answers}): {len(seen.wrong)}.",
        f"- Then one article with {seen.present} passages was in it, beside what killed writers "
        f"had left. A search for its passages found {seen.past_leftovers} of them in "
        f"{seen.seconds * 1000:.0f} ms; {seen.seconds_without * 1000:.0f} ms after a check that "
        f"deleted the rest: {' '.join(seen.deleted) or 'nothing.'}",
        *(f"- {wrong}" for wrong in seen.wrong[:20]),
        "",
        "## The server is killed",
        "",
        "Milvus Lite is for one user, and writes its log without a lock: of writes at once "
        "it may lose some when it is killed. A cluster keeps its log elsewhere, and could not be "
        "run here.",
        "",
        *(
            f"- {outage.writers} writers, {outage.starts} kills: after its start the library was "
            f"whole, and as before or after each interrupted change, {outage.as_logged} times."
            for outage in outages
        ),
        *(f"- {lost}" for outage in outages for lost in outage.lost),
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.milvus_kills")
    parser.add_argument("--kills", type=int, default=200, help="kills of writers")
    parser.add_argument("--servers", type=int, default=20, help="kills of the server")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment = Environment.now("bench.milvus_kills")
    seen = kill_writers(given.kills, given.seed)
    outages = [kill_servers(given.servers, given.seed + 1, count) for count in (1, _WRITERS)]
    report(given.out, "milvus_kills", render(environment, seen, outages))
    if seen.wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
