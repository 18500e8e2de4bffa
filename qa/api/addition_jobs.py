"""Articles that are being added from files and addresses, two at once, in the background."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from index.embedding.embedder import Progress
from index.errors import LimitReached
from index.limits import cancel_check
from index.types import Article
from qa.api.problems import Problem, problem_of

RUNNING_AT_ONCE = 2
MOST_OPEN = 64
"""Jobs that are not finished."""
MOST_OPEN_OF_CALLER = 16
MOST_FINISHED = 1_000
KEPT_SECONDS = 3_600.0
"""How long a finished job can be looked up."""
_RETRY_AFTER = 30
_CLOSING_SECONDS = 10.0
_logger = logging.getLogger(__name__)

Reading: TypeAlias = Callable[[], Article]
"""Reads the source of an article; takes seconds to minutes."""
Storing: TypeAlias = Callable[[Article, Progress], Article]
"""Embeds and stores an article."""


class Step(StrEnum):
    """How far a job has come; its value is used in JSON."""

    QUEUED = "queued"
    READING = "reading"
    EMBEDDING = "embedding"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_FINAL = frozenset({Step.DONE, Step.FAILED, Step.CANCELLED})


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known of a job."""

    id: str
    source: str
    """The name of the file, or the address."""
    state: Step = Step.QUEUED
    done: int = 0
    """Passages that are embedded."""
    total: int = 0
    """Passages of the article; 0 until it is read."""
    article_id: str | None = None
    """The article, once it is added."""
    problem: Problem | None = None
    """Why it failed."""

    @property
    def is_final(self) -> bool:
        """Whether it will not change any more."""
        return self.state in _FINAL

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self) | {"state": self.state.value}


class _Cancelled(Exception):
    """The job was cancelled; nothing is added."""


class _Job:
    """A job and its state, which one thread changes and others read."""

    def __init__(self, owner: str, source: str) -> None:
        self.owner = owner
        self.state = JobState(secrets.token_urlsafe(16), source)
        """The newest state; each change replaces it by another object."""
        self.finished_at = 0.0
        self._lock = threading.Lock()
        self._is_cancelled = self._is_saving = False

    def run(self, read: Reading, store: Storing) -> None:
        try:
            with cancel_check(self._check):
                self._check()
                self._update(state=Step.READING)
                article = store(read(), self._progress)
            self._update(state=Step.DONE, article_id=article.id)
        except _Cancelled:
            self._update(state=Step.CANCELLED)
        except Exception as error:
            self._update(state=Step.FAILED, problem=Problem(**problem_of(error)))

    def cancel(self) -> None:
        """Cancel the job, unless its article is being saved or it is finished."""
        with self._lock:
            self._is_cancelled = not self._is_saving
            if self.state.state is Step.QUEUED:
                self.state = replace(self.state, state=Step.CANCELLED)

    def _check(self) -> None:
        if self._is_cancelled:
            raise _Cancelled

    def _progress(self, done: int, total: int) -> None:
        with self._lock:
            self._check()
            # The article is saved after its last passage is embedded.
            self._is_saving = done == total
        self._update(state=Step.EMBEDDING, done=done, total=total)

    def _update(self, **changes: Any) -> None:  # noqa: ANN401 - fields of JobState
        with self._lock:
            self.state = replace(self.state, **changes)


class AdditionJobs:
    """The jobs of all callers, each of whom sees only their own. Safe to use from several threads.

    Args:
        clock: Returns the time in seconds, from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._work: set[Future[None]] = set()
        self._pool = ThreadPoolExecutor(RUNNING_AT_ONCE, "adding")

    def check_room(self, owner: str) -> None:
        """Raise LimitReached if too many jobs are open, of this owner or of all."""
        with self._lock:
            self._check_room(owner)

    def start(
        self,
        owner: str,
        source: str,
        read: Reading,
        store: Storing,
        clean_up: Callable[[], None] = lambda: None,
    ) -> JobState:
        """Start a job; ``clean_up`` is called at its end, or at once if it cannot be started.

        Raises:
            LimitReached: Too many jobs are open.
        """
        with ExitStack() as unless_started:
            unless_started.callback(clean_up)
            with self._lock:
                self._forget_old()
                self._check_room(owner)
                job = _Job(owner, source)
                work = self._pool.submit(self._run, job, read, store)
                self._jobs[job.state.id] = job
                self._work.add(work)
            unless_started.pop_all()
        work.add_done_callback(lambda ended: self._end(ended, clean_up))
        return job.state

    def find(self, owner: str, job_id: str) -> JobState | None:
        """Return the state of a job; None if the owner has none of this id."""
        with self._lock:
            self._forget_old()
            job = self._jobs.get(job_id)
        return job.state if job and job.owner == owner else None

    def cancel(self, owner: str, job_id: str) -> JobState | None:
        """Cancel a job and return its state, which may not be final yet; None as for find.

        A job that is saving its article is finished instead.
        """
        with self._lock:
            job = self._jobs.get(job_id)
        if not job or job.owner != owner:
            return None
        job.cancel()
        return job.state

    def counts(self) -> Counter[Step]:
        """Return how many jobs are in which state."""
        with self._lock:
            self._forget_old()
            return Counter(job.state.state for job in self._jobs.values())

    def close(self) -> None:
        """Cancel all jobs, and wait until they have ended, at most some seconds."""
        with self._lock:
            jobs, work = list(self._jobs.values()), set(self._work)
        for job in jobs:
            job.cancel()
        self._pool.shutdown(wait=False)
        wait(work, _CLOSING_SECONDS)

    def _run(self, job: _Job, read: Reading, store: Storing) -> None:
        if not job.state.is_final:
            job.run(read, store)
        job.finished_at = self._clock()

    def _end(self, work: Future[None], clean_up: Callable[[], None]) -> None:
        try:
            clean_up()
        except OSError:
            _logger.exception("An uploaded file could not be closed.")
        with self._lock:
            self._work.discard(work)

    def _check_room(self, owner: str) -> None:
        owners = [job.owner for job in self._jobs.values() if not job.state.is_final]
        if len(owners) >= MOST_OPEN or owners.count(owner) >= MOST_OPEN_OF_CALLER:
            msg = f"{len(owners)} additions are waiting already. Try again in {_RETRY_AFTER} s."
            raise LimitReached(msg, _RETRY_AFTER)

    def _forget_old(self) -> None:
        finished = [each for each in self._jobs.values() if each.finished_at]
        finished.sort(key=lambda job: job.finished_at)
        oldest = self._clock() - KEPT_SECONDS
        for position, job in enumerate(reversed(finished)):
            if position >= MOST_FINISHED or job.finished_at < oldest:
                del self._jobs[job.state.id]
