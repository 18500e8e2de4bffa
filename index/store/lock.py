"""Allow one writer at a time in a library's folder, across threads and processes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import filelock

from index.errors import LibraryLocked, LibraryUnwritable

LOCK = "write.lock"
LOCK_SECONDS = 10.0
"""How long to wait for another writer."""


class WriteLock:
    """The write lock of the library in ``folder``, which is created if absent; None for memory.

    When a process dies, the lock file stays but the lock is released.

    Raises:
        LibraryUnwritable: The folder cannot be created.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _unwritable(folder, error) from error
        self._lock = filelock.FileLock(folder / LOCK) if folder else threading.RLock()

    @contextlib.contextmanager
    def held(self, *, wait: bool = True) -> Iterator[None]:
        """Hold the lock, which is reentrant.

        Raises:
            LibraryLocked: Another process or thread holds it; with ``wait``, for more than
                :data:`LOCK_SECONDS`.
            LibraryUnwritable: The lock file cannot be written.
        """
        try:
            if isinstance(self._lock, filelock.BaseFileLock):
                self._lock.acquire(timeout=LOCK_SECONDS if wait else 0)
            elif not self._lock.acquire(blocking=wait):
                msg = "Another thread is changing the library. Try again when it is done."
                raise LibraryLocked(msg)
        except filelock.Timeout as error:
            msg = (
                f"Another process has been writing to the library {self._folder} for over "
                f"{LOCK_SECONDS:.0f} s. Try again when it is done."
            )
            raise LibraryLocked(msg) from error
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        try:
            yield
        finally:
            self._lock.release()


def _unwritable(folder: Path | None, error: OSError) -> LibraryUnwritable:
    reason = error.strerror or str(error)
    return LibraryUnwritable(
        f"The library {folder} cannot be written to ({reason}). Check that it is a folder that "
        "you may write to, and that its disk has room."
    )
