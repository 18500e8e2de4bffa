"""Change a library until the process is killed, and check the library that is left."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bench.toys import ToyEmbedder
from index.chunking import ChunkLimits
from index.errors import WrongModel
from index.maintenance import Verdict, check_library
from index.search.passage_index import PassageIndex
from index.search.vector_file import TEMPORARY
from index.types import Article

LIMITS = ChunkLimits(min_tokens=5, max_tokens=20)
MODELS = ("toy", "other toy")
# C functions before and after which a process is killed: all that change files are among them.
_POINTS = frozenset(
    "execute executemany commit fsync replace rename unlink rmdir mkdir open mkstemp write flush "
    "close connect add_document delete_documents_by_query wait_merging_threads writer".split()
)


@dataclass(frozen=True, slots=True)
class State:
    """The content of a library: titles by article id, and the embedding model."""

    titles: dict[str, str] = field(default_factory=dict)
    model: str = MODELS[0]


def text_of(number: int) -> str:
    """Return the text of an article, with words that no other article has."""
    sentences = (f"Word{number} is beside word{number}x{i} in a sentence." for i in range(9))
    return "\n\n".join(sentences)


class Worker:
    """Changes a library at random, and logs the state before and after each change.

    Args:
        folder: The library's folder.
        log: Records the intended or reached state so that it survives a kill.
        seed: The seed of the random changes.
        first: The number of the first article that this worker adds.
        alone: Whether there is no other writer, so that the library can be re-embedded.
    """

    def __init__(
        self, folder: Path, log: Callable[[State], None], seed: int, first: int, *, alone: bool
    ) -> None:
        self._folder, self._log, self._number = folder, log, first
        self._random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._state = State()
        log(self._state)
        self._changes = [self._add, self._add, self._remove, self._rename, self._reopen]
        if alone:
            self._changes += [self._reembed, self._rebuild]
        self._index = self._opened()

    def work(self, rounds: int | None = None) -> None:
        """Make this many changes, each kind in turn; None for random changes without end."""
        done = 0
        while rounds is None or done < rounds:
            in_turn = self._changes[done % len(self._changes)]
            change = in_turn if rounds else self._random.choice(self._changes)
            change()
            done += 1
        self._index.close()

    def _opened(self, *, rebuild: bool = False) -> PassageIndex:
        model = ToyEmbedder(name=self._state.model)
        return PassageIndex(self._folder, model, limits=LIMITS, rebuild=rebuild)

    def _apply(self, after: State, change: Callable[[], object]) -> None:
        self._log(after)
        change()
        self._state = after
        self._log(after)

    def _add(self) -> None:
        article = Article.from_text(text_of(self._number), title=f"Title {self._number}")
        self._number += 1
        titles = {**self._state.titles, article.id: article.title}
        self._apply(State(titles, self._state.model), lambda: self._index.add(article))

    def _any_article(self) -> str | None:
        return self._random.choice(sorted(self._state.titles)) if self._state.titles else None

    def _remove(self) -> None:
        if (chosen := self._any_article()) is not None:
            titles = {i: t for i, t in self._state.titles.items() if i != chosen}
            self._apply(State(titles, self._state.model), lambda: self._index.remove(chosen))

    def _rename(self) -> None:
        if (chosen := self._any_article()) is not None:
            title = f"Renamed {self._random.random()}"
            titles = {**self._state.titles, chosen: title}
            self._apply(
                State(titles, self._state.model), lambda: self._index.store.rename(chosen, title)
            )

    def _reopen(self) -> None:
        self._index.close()
        self._index = self._opened()

    def _rebuild(self) -> None:
        self._index.close()
        self._index = self._opened(rebuild=True)

    def _reembed(self) -> None:
        model = MODELS[1 - MODELS.index(self._state.model)]
        self._index.close()

        def change() -> None:
            embedder = ToyEmbedder(name=model)
            with PassageIndex(self._folder, embedder, limits=LIMITS, replacing=True) as index:
                index.reembed()

        self._apply(State(self._state.titles, model), change)
        self._index = self._opened()


@dataclass(frozen=True, slots=True)
class Job:
    """The changes that a worker makes, and when it kills itself."""

    seed: int
    rounds: int | None = None
    """The number of changes, each kind in turn; None for random changes without end."""
    die_at: int | None = None
    """The number of the point at which it kills itself; None if it is killed from outside."""
    part: int | None = None
    """The number of this worker among those that share the library; None if it is alone."""


def run_worker(folder: Path, log: Path, job: Job) -> int:
    """Change a library in this process until it is killed.

    Return the number of points passed if it is not: one before and one after each call that may
    change a file.
    """
    # Changes are saved at once, so that saving is interrupted as often as everything else.
    from index.search import sync

    sync._SAVE_AT_LEAST = 1
    passed = 0

    def point(_frame: FrameType, event: str, function: object) -> None:
        nonlocal passed
        if event in {"c_call", "c_return"} and getattr(function, "__name__", "") in _POINTS:
            passed += 1
            if passed == job.die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write_log(state: State) -> None:
        os.write(descriptor, (json.dumps([state.titles, state.model]) + "\n").encode())

    sys.setprofile(point if job.rounds else None)
    try:
        first = 1_000_000 * (job.part or 0)
        Worker(folder, write_log, job.seed, first, alone=job.part is None).work(job.rounds)
    finally:
        sys.setprofile(None)
        os.close(descriptor)
    return passed


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a library after its writer was killed."""

    after: bool
    """Whether the interrupted change is in it."""
    rebuilt: bool
    """Whether an index had to be rebuilt."""


def logged_states(log: Path) -> tuple[State, State]:
    """Return the states that a worker logged before and after the change at its kill."""
    lines = log.read_bytes().split(b"\n")[:-1]  # the last line may be incomplete
    states = [State(*json.loads(line)) for line in lines] or [State()]
    return states[-2] if len(states) > 1 else states[-1], states[-1]


def verify(folder: Path, logs: list[Path], *, check_first: bool) -> Outcome:
    """Compare a library with the states that its workers logged, passage by passage.

    With ``check_first``, it is checked before it is opened for the first time.

    Raises:
        AssertionError: It is neither as before nor as after the interrupted change, or it is
            inconsistent.
    """
    rebuilt = False
    if check_first and (folder / "library.sqlite").exists():
        report = check_library(folder)
        assert report.verdict in {Verdict.SOUND, Verdict.REPAIRED}, report
        rebuilt = report.verdict is Verdict.REPAIRED
    states = [logged_states(log) for log in logs]
    index = _opened(folder, [states[0][1].model, states[0][0].model])
    with index:
        rebuilt |= bool(index.index_problems)
        found = {info.id: info.title for info in index.store.catalogue()}
        after = False
        for part, (before, later) in enumerate(states):
            alone = len(states) == 1
            mine = {i: t for i, t in found.items() if alone or _part_of(index, i) == part}
            assert mine in (before.titles, later.titles), (mine, before, later)
            after |= mine == later.titles and before != later
        for article_id in found:
            _assert_found(index, article_id)
    report = check_library(folder)
    assert report.verdict is Verdict.SOUND, report
    assert report.articles == len(found)
    return Outcome(after, rebuilt)


def _opened(folder: Path, models: list[str]) -> PassageIndex:
    try:
        return PassageIndex(folder, ToyEmbedder(name=models[0]), limits=LIMITS)
    except WrongModel:
        return PassageIndex(folder, ToyEmbedder(name=models[1]), limits=LIMITS)


def _part_of(index: PassageIndex, article_id: str) -> int:
    return int(index.store.article(article_id).text.split()[0].removeprefix("Word")) // 1_000_000


def _assert_found(index: PassageIndex, article_id: str) -> None:
    """Assert that a search for a word that only this article has finds it in both indexes."""
    article = index.store.article(article_id)
    word = article.text.split()[0]
    found = index.candidates(word, index.embedder.encode_query(word), 9, [article_id])
    assert found, article_id
    for candidate in found:
        chunk = candidate.stored.chunk
        assert chunk.text == article.text[chunk.start : chunk.end]
        assert candidate.bm25 > 0, (article_id, word)


def leftovers(folder: Path) -> int:
    """Return the number of half-written files in a library."""
    return len(list(folder.glob(f"*{TEMPORARY}")))
