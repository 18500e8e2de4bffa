"""Limit uploads that are not added yet, and delete those that never are."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

_logger = logging.getLogger(__name__)
Version: TypeAlias = tuple[int, int] | None
"""Identifies an upload at a path by inode and time of change; None if the file is deleted."""


class UploadedFiles:
    """Deletes uploaded files after use. Thread-safe.

    Gradio names an upload by its content, so visitors who upload the same file share one path,
    which is deleted after its last use.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[Path] = Counter()
        self._versions: dict[Path, Version] = {}

    def acquire(self, files: Sequence[Path]) -> None:
        """Keep files until :meth:`release` is called as often as this."""
        with self._lock:
            for path in files:
                self._users[path] += 1
                self._versions[path] = _version(path)

    def release(self, files: Sequence[Path]) -> None:
        """Delete files that nobody else uses, and their folders; log a failure."""
        for path in files:
            with self._lock:
                self._users[path] -= 1
                if self._users[path] > 0:
                    continue
                del self._users[path]
                # If it was uploaded again since, another visitor is about to use it.
                if _version(path) == self._versions.pop(path):
                    _delete(path)


def _version(path: Path) -> Version:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _delete(path: Path) -> None:
    """Delete a file and the folder that Gradio made for it."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _logger.warning("The upload %s could not be deleted: %s", path, error)
        return
    with suppress(OSError):  # the folder contains another upload
        path.parent.rmdir()


_MEGABYTE = 1_000_000
_BUSY = "Too many uploads are waiting to be added at the moment. Try again in a few minutes."


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """Limits on what arrives or waits; over a visitor's the status is 429, over a total 503."""

    visitor_bytes: int
    """Also the limit for one request."""
    total_bytes: int
    visitor_requests: int
    """Requests of one visitor at the same time."""
    total_requests: int
    request_files: int = 100
    visitor_files: int = 300
    total_files: int = 3_000
    seconds: float = 3_600.0
    """How long a file is kept if it is not added."""

    @classmethod
    def of_uploads(cls, max_file: int) -> Self:
        """Return the limits on uploads if one file may have ``max_file`` bytes."""
        sizes = {"visitor_bytes": 10 * max_file, "total_bytes": 40 * max_file}
        return cls(**sizes, visitor_requests=4, total_requests=32)

    @classmethod
    def of_events(cls, max_event: int) -> Self:
        """Return the limits on the page's events, which are held in memory."""
        sizes = {"visitor_bytes": 2 * max_event, "total_bytes": 8 * max_event}
        return cls(**sizes, visitor_requests=256, total_requests=512)


class IntakeRefusedError(Exception):
    """A limit is reached; ``status`` is that of the response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(slots=True)
class _Entry:
    """Bytes and files that count towards a visitor's limits."""

    visitor: str
    size: int = 0
    files: int = 0
    since: float = 0.0
    path: Path | None = None
    """None while it arrives, and for files that Gradio wrote but did not list."""


class IntakeLedger:
    """Counts what arrives and what is stored in ``folder``. Not thread-safe."""

    def __init__(
        self,
        limits: IntakeLimits,
        folder: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = limits
        self._folder, self._clock = folder, clock
        self._stored: list[_Entry] = []
        self._sizes: Counter[str] = Counter()
        self._files: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()

    def begin(self, visitor: str) -> IncomingUpload:
        """Return what counts a body as it arrives.

        Raises:
            IntakeRefusedError: A limit is reached.
        """
        if self._folder:
            self._forget_deleted(self._folder)
        if self._requests[visitor] >= self.limits.visitor_requests:
            msg = f"{self._requests[visitor]} of your requests are running. Try again later."
            raise IntakeRefusedError(429, msg)
        if self._requests.total() >= self.limits.total_requests:
            raise IntakeRefusedError(503, _BUSY)
        entry = _Entry(visitor)
        self.count(entry)  # raises before a byte is read if a limit is exceeded
        self._requests[visitor] += 1
        return IncomingUpload(self, entry)

    def count(self, entry: _Entry, size: int = 0, files: int = 0) -> None:
        """Add bytes and files to an entry.

        Raises:
            IntakeRefusedError: A limit is exceeded.
        """
        entry.size += size
        entry.files += files
        self._add(entry.visitor, size, files)
        visitor, limits = entry.visitor, self.limits
        if self._sizes[visitor] > limits.visitor_bytes or (
            self._files[visitor] > limits.visitor_files
        ):
            msg = (
                f"You have uploaded {limits.visitor_bytes / _MEGABYTE:,.6g} MB or "
                f"{limits.visitor_files} files that are not added yet, which is the limit. "
                "Try again when they are added."
            )
            raise IntakeRefusedError(429, msg)
        if self._sizes.total() > limits.total_bytes or self._files.total() > limits.total_files:
            raise IntakeRefusedError(503, _BUSY)

    def end(self, intake: IncomingUpload, *, is_refused: bool = False) -> None:
        """Replace the count of a body by the files that Gradio stored.

        Of a body that was refused it has deleted them.
        """
        entry, now = intake.entry, self._clock()
        self._requests[entry.visitor] -= 1
        self._requests = +self._requests
        self._add(entry.visitor, -entry.size, -entry.files)
        stored = []
        for path in intake.stored:
            with suppress(OSError):
                stored.append(_Entry(entry.visitor, path.stat().st_size, 1, now, path))
        unlisted = entry.files - len(stored)
        if unlisted > 0 and not is_refused:
            size = max(entry.size - sum(each.size for each in stored), 0)
            stored.append(_Entry(entry.visitor, size, unlisted, now))
        known = {each.path for each in self._stored if each.path}
        for each in stored:
            if each.path not in known:
                self._stored.append(each)
                self._add(each.visitor, each.size, each.files)

    def _add(self, visitor: str, size: int, files: int) -> None:
        self._sizes[visitor] += size
        self._files[visitor] += files
        self._sizes, self._files = +self._sizes, +self._files  # drops visitors with nothing

    def _forget_deleted(self, folder: Path) -> None:
        """Delete the files that are too old, and count deleted files no longer."""
        oldest = self._clock() - self.limits.seconds
        remaining = []
        for entry in self._stored:
            if entry.since < oldest and entry.path:
                _delete(entry.path)
            if entry.since < oldest or (entry.path and not entry.path.exists()):
                self._add(entry.visitor, -entry.size, -entry.files)
            else:
                remaining.append(entry)
        self._stored = remaining
        with suppress(OSError):  # the first upload creates the folder
            for path in folder.iterdir():
                # A broken-off upload; Gradio gives each complete file a folder of its own.
                if path.is_file() and path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)


@dataclass(slots=True)
class IncomingUpload:
    """A request body being received; when the context ends, only the stored files count."""

    ledger: IntakeLedger
    entry: _Entry
    stored: tuple[Path, ...] = ()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Count the stored files instead of the body."""
        self.ledger.end(self, is_refused=error is not None)

    def add(self, size: int, files: int = 0) -> None:
        """Count bytes and files that have arrived.

        Raises:
            IntakeRefusedError: A limit is exceeded.
        """
        self.ledger.count(self.entry, size, files)
