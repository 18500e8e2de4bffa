"""Change a library until killed, and check what is left of it."""

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
# C functions around which a process is killed: what changes a file is one of them.
_POINTS = frozenset(
    "execute executemany commit fsync replace rename unlink rmdir mkdir open mkstemp write flush "
    "close connect add_document delete_documents_by_query wait_merging_threads writer".split()
)


@dataclass(frozen=True, slots=True)
class State:
    """What is in a library: titles by the ids of articles, and the model of the vectors."""

    titles: dict[str, str] = field(default_factory=dict)
    model: str = MODELS[0]


def text_of(number: int) -> str:
    """Return the text of an article; no other has its words."""
    sentences = (f"Word{number} stands with word{number}x{i} in a sentence." for i in range(9))
    return "\n\n".join(sentences)


class Worker:
    """Changes a library at random, and tells before and after each change.

    Args:
        folder: Of the library.
        tell: Takes what is about to be so, or is so now, in a way that a kill does not undo.
        seed: Of the changes.
        first: Of the numbers of the articles that this worker makes.
        alone: Whether nobody else writes, so that all can be re-embedded.
    """

    def __init__(
        self, folder: Path, tell: Callable[[State], None], seed: int, first: int, *, alone: bool
    ) -> None:
        self._folder, self._tell, self._number = folder, tell, first
        self._random = random.Random(seed)  # noqa: S311 - to be repeated
        self._state = State()
        tell(self._state)
        self._changes = [self._add, self._add, self._remove, self._rename, self._reopen]
        if alone:
            self._changes += [self._reembed, self._rebuild]
        self._index = self._opened()

    def work(self, rounds: int | None = None) -> None:
        """Change the library so many times, each kind of change in turn; None: for ever."""
        done = 0
        while rounds is None or done < rounds:
            chosen = self._changes[done % len(self._changes)] if rounds else self._any()
            chosen()
            done += 1
        self._index.close()

    def _any(self) -> Callable[[], None]:
        return self._random.choice(self._changes)

    def _opened(self, *, rebuild: bool = False) -> PassageIndex:
        model = ToyEmbedder(name=self._state.model)
        return PassageIndex(self._folder, model, limits=LIMITS, rebuild=rebuild)

    def _go(self, after: State, change: Callable[[], object]) -> None:
        self._tell(after)
        change()
        self._state = after
        self._tell(after)

    def _add(self) -> None:
        article = Article.from_text(text_of(self._number), title=f"Title {self._number}")
        self._number += 1
        titles = {**self._state.titles, article.id: article.title}
        self._go(State(titles, self._state.model), lambda: self._index.add(article))

    def _one(self) -> str | None:
        return self._random.choice(sorted(self._state.titles)) if self._state.titles else None

    def _remove(self) -> None:
        if (chosen := self._one()) is not None:
            titles = {i: t for i, t in self._state.titles.items() if i != chosen}
            self._go(State(titles, self._state.model), lambda: self._index.remove(chosen))

    def _rename(self) -> None:
        if (chosen := self._one()) is not None:
            title = f"Renamed {self._random.random()}"
            titles = {**self._state.titles, chosen: title}
            self._go(
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

        self._go(State(self._state.titles, model), change)
        self._index = self._opened()


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is to do, and when it is to die."""

    seed: int
    rounds: int | None = None
    """How many changes, each kind in turn; None for ever, at random."""
    die_at: int | None = None
    """The point of the rounds at which it ends itself."""
    part: int | None = None
    """Which of the workers that share a library this is; None if it has it alone."""


def run_worker(folder: Path, log: Path, job: Job) -> int:
    """Work on a library in this process until it dies.

    Returns how many points were passed if it does not: one before and one after each call
    that may change a file.
    """
    # What is changed is saved at once, so that saving is met as often as all else.
    from index.search import sync as meaning

    meaning._SAVE_AT_LEAST = 1
    passed = 0

    def point(_frame: FrameType, event: str, function: object) -> None:
        nonlocal passed
        if event in {"c_call", "c_return"} and getattr(function, "__name__", "") in _POINTS:
            passed += 1
            if passed == job.die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def tell(state: State) -> None:
        os.write(descriptor, (json.dumps([state.titles, state.model]) + "\n").encode())

    sys.setprofile(point if job.rounds else None)
    try:
        first = 1_000_000 * (job.part or 0)
        Worker(folder, tell, job.seed, first, alone=job.part is None).work(job.rounds)
    finally:
        sys.setprofile(None)
        os.close(descriptor)
    return passed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a library was like after its writer was killed."""

    after: bool
    """Whether the change that was under way is in it."""
    mended: bool
    """Whether something derived had to be made anew."""


def told_states(log: Path) -> tuple[State, State]:
    """Return what a worker said it had, and was about to have, when it was killed."""
    lines = log.read_bytes().split(b"\n")[:-1]  # the last may be half a line
    states = [State(*json.loads(line)) for line in lines] or [State()]
    return states[-2] if len(states) > 1 else states[-1], states[-1]


def verify(folder: Path, logs: list[Path], *, check_first: bool) -> Outcome:
    """Hold a library against what its workers told, passage by passage.

    ``check_first`` has it checked as it was left, and not opened before.

    Raises:
        AssertionError: It is neither as before nor as after the change under way, or
            not all in it agrees.
    """
    mended = False
    if check_first and (folder / "library.sqlite").exists():
        report = check_library(folder)
        assert report.verdict in {Verdict.SOUND, Verdict.MENDED}, report
        mended = report.verdict is Verdict.MENDED
    told = [told_states(log) for log in logs]
    index = _opened(folder, [told[0][1].model, told[0][0].model])
    with index:
        mended |= bool(index.index_problems)
        found = {info.id: info.title for info in index.store.catalogue()}
        after = False
        for part, (before, later) in enumerate(told):
            mine = {i: t for i, t in found.items() if len(told) == 1 or _part_of(index, i) == part}
            assert mine in (before.titles, later.titles), (mine, before, later)
            after |= mine == later.titles and before != later
        for article_id in found:
            _assert_found(index, article_id)
    report = check_library(folder)
    assert report.verdict is Verdict.SOUND, report
    assert report.articles == len(found)
    return Outcome(after, mended)


def _opened(folder: Path, models: list[str]) -> PassageIndex:
    try:
        return PassageIndex(folder, ToyEmbedder(name=models[0]), limits=LIMITS)
    except WrongModel:
        return PassageIndex(folder, ToyEmbedder(name=models[1]), limits=LIMITS)


def _part_of(index: PassageIndex, article_id: str) -> int:
    return int(index.store.article(article_id).text.split()[0].removeprefix("Word")) // 1_000_000


def _assert_found(index: PassageIndex, article_id: str) -> None:
    """Assert that a word that one article alone has brings that article, by words and meaning."""
    article = index.store.article(article_id)
    word = article.text.split()[0]
    found = index.candidates(word, index.embedder.encode_query(word), 9, [article_id])
    assert found, article_id
    for candidate in found:
        chunk = candidate.stored.chunk
        assert chunk.text == article.text[chunk.start : chunk.end]
        assert candidate.bm25 > 0, (article_id, word)


def leftovers(folder: Path) -> int:
    """Return how many half-written files lie in a library."""
    return len(list(folder.glob(f"*{TEMPORARY}")))
