"""Bound what visitors have sent that is not added yet, and delete it in time."""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_logger = logging.getLogger(__name__)
Version = tuple[int, int] | None
"""Which upload a path holds: its inode and time of change; None if it is gone."""


class Uploads:
    """Deletes uploads after use. Safe to use from several threads.

    Gradio names an upload by its content, so that two visitors who give the same file share
    one path: it is deleted by whoever is done with it last.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[Path] = Counter()
        self._versions: dict[Path, Version] = {}

    def take(self, files: Sequence[Path]) -> None:
        """Keep files until :meth:`release` is called for them as often as this."""
        with self._lock:
            for path in files:
                self._users[path] += 1
                self._versions[path] = _version(path)

    def release(self, files: Sequence[Path]) -> None:
        """Delete files that nobody else uses, and their folders; a failure is logged."""
        for path in files:
            with self._lock:
                self._users[path] -= 1
                if self._users[path] > 0:
                    continue
                del self._users[path]
                # One that was uploaded again since is another visitor's, who comes soon.
                if _version(path) == self._versions.pop(path):
                    _delete(path)


def _version(path: Path) -> Version:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _logger.warning("The upload %s could not be deleted: %s", path, error)
        return
    with suppress(OSError):  # another upload's file is in it
        path.parent.rmdir()


_MEGABYTE = 1_000_000
_BUSY = "Too much is waiting to be added at the moment. Try again in a few minutes."
_IPV6_NETWORK = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """How much is taken and kept; the visitor's limits are met with 429, the others with 503."""

    visitor_bytes: int
    """Also the most that one request may bring."""
    total_bytes: int
    visitor_requests: int
    """Requests of one visitor that are under way at once."""
    total_requests: int
    request_files: int = 100
    visitor_files: int = 300
    total_files: int = 3_000
    seconds: float = 3_600.0
    """How long a file is kept that is not added."""

    @classmethod
    def of_uploads(cls, max_file: int) -> Self:
        """Return the limits of uploads where one file may have ``max_file`` bytes."""
        sizes = {"visitor_bytes": 10 * max_file, "total_bytes": 40 * max_file}
        return cls(**sizes, visitor_requests=4, total_requests=32)

    @classmethod
    def of_events(cls, max_event: int) -> Self:
        """Return the limits of the page's events, which are held in memory as they arrive."""
        sizes = {"visitor_bytes": 2 * max_event, "total_bytes": 8 * max_event}
        return cls(**sizes, visitor_requests=256, total_requests=512)


class IntakeRefusedError(Exception):
    """There is too much already; ``status`` is that of the response."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


@dataclass(slots=True)
class _Held:
    """Bytes and files that count for a visitor."""

    visitor: str
    size: int = 0
    files: int = 0
    since: float = 0.0
    path: Path | None = None
    """None for what arrives, and for parts that Gradio wrote and did not list."""


class IntakeLedger:
    """Counts what arrives and what is kept of it in ``folder``; for the server's thread alone."""

    def __init__(
        self,
        limits: IntakeLimits,
        folder: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = limits
        self._folder, self._clock = folder, clock
        self._kept: list[_Held] = []
        self._sizes: Counter[str] = Counter()
        self._files: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()

    def begin(self, visitor: str) -> Arrival:
        """Return what counts a body as it arrives.

        Raises:
            IntakeRefusedError: The visitor, or all of them, have too much under way or kept.
        """
        if self._folder:
            self._release(self._folder)
        if self._requests[visitor] >= self.limits.visitor_requests:
            msg = f"{self._requests[visitor]} requests of yours are under way. Try again later."
            raise IntakeRefusedError(429, msg)
        if self._requests.total() >= self.limits.total_requests:
            raise IntakeRefusedError(503, _BUSY)
        held = _Held(visitor)
        self.count(held)  # refuses who is over a limit before a byte is read
        self._requests[visitor] += 1
        return Arrival(self, held)

    def count(self, held: _Held, size: int = 0, files: int = 0) -> None:
        """Count more for what is held, and refuse if that is over a limit."""
        visitor, limits = held.visitor, self.limits
        held.size += size
        held.files += files
        self._sizes[visitor] += size
        self._files[visitor] += files
        if self._sizes[visitor] > limits.visitor_bytes or (
            self._files[visitor] > limits.visitor_files
        ):
            msg = (
                f"You have sent {limits.visitor_bytes / _MEGABYTE:,.6g} MB or "
                f"{limits.visitor_files} files that are not added yet, which is the limit. "
                "Try again when they are."
            )
            raise IntakeRefusedError(429, msg)
        if self._sizes.total() > limits.total_bytes or self._files.total() > limits.total_files:
            raise IntakeRefusedError(503, _BUSY)

    def uncount(self, held: _Held) -> None:
        """Forget what is held."""
        self._sizes[held.visitor] -= held.size
        self._files[held.visitor] -= held.files
        self._sizes, self._files = +self._sizes, +self._files

    def end(self, arrival: Arrival, paths: Iterable[Path]) -> None:
        """Count, instead of what arrived, the files that Gradio made of it."""
        held, now = arrival.held, self._clock()
        self._requests[held.visitor] -= 1
        self._requests = +self._requests
        self.uncount(held)
        kept = []
        for path in paths:
            with suppress(OSError):
                kept.append(_Held(held.visitor, path.stat().st_size, 1, now, path))
        unlisted = held.files - len(kept)
        if kept and unlisted > 0:
            size = max(held.size - sum(each.size for each in kept), 0)
            kept.append(_Held(held.visitor, size, unlisted, now))
        known = {each.path for each in self._kept if each.path}
        for each in kept:
            if each.path not in known:
                self._kept.append(each)
                self._sizes[each.visitor] += each.size
                self._files[each.visitor] += each.files

    def _release(self, folder: Path) -> None:
        """Forget the files that were added, and delete those that are too old."""
        oldest = self._clock() - self.limits.seconds
        still = []
        for held in self._kept:
            if held.since < oldest and held.path:
                _delete_upload(held.path)
            if held.since < oldest or (held.path and not held.path.exists()):
                self.uncount(held)
            else:
                still.append(held)
        self._kept = still
        with suppress(OSError):  # it is made by the first upload
            for path in folder.iterdir():
                # Broken-off uploads: Gradio keeps each file in a folder of its own.
                if path.is_file() and path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)


@dataclass(slots=True)
class Arrival:
    """A body on its way; leaving the context counts it no more, but for what was kept of it."""

    ledger: IntakeLedger
    held: _Held
    kept: tuple[Path, ...] = ()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Count what was kept."""
        self.ledger.end(self, self.kept)

    def add(self, size: int, files: int = 0) -> None:
        """Count bytes and files that have come.

        Raises:
            IntakeRefusedError: It is too much together with what is kept.
        """
        self.ledger.count(self.held, size, files)


def visitor_of(scope: Any) -> str:  # noqa: ANN401 - of ASGI
    """Return whom a request counts for."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)


def _delete_upload(path: Path) -> None:
    """Delete a file and the folder that Gradio made for it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()  # fails if another file is in it
