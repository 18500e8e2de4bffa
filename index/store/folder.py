"""The folder of a library: its files, whether it may be created, and its write lock."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import filelock

from index.errors import (
    LibraryDamaged,
    LibraryError,
    LibraryLocked,
    LibraryMissing,
    LibraryUnwritable,
)

STORE_FILE = "library.sqlite"
VECTOR_FILE = "vectors.faiss"
TEXT_FOLDER = "lexical"
ORIGINALS_FOLDER = "originals"
_WAL = f"{STORE_FILE}-wal"
LOCK = "write.lock"
LOCK_SECONDS = 10.0
"""How long to wait for another writer."""


def check_folder(folder: Path, *, create: bool) -> bool:
    """Return whether a library may be created in ``folder``. Nothing is written.

    With ``create``, a folder that is absent, empty or holds only other files may become a
    library. One with index files but no database may not: its articles were lost, and a new
    database would hide that.

    Raises:
        LibraryMissing: There is no library in ``folder``, and ``create`` is not set.
        LibraryDamaged: The database of a library is missing or is not a file.
        LibraryError: The folder cannot be read.
    """
    try:
        return _may_create(folder, create=create)
    except OSError as error:
        msg = f"The folder {folder} cannot be read ({error.strerror}). Check its permissions."
        raise LibraryError(msg) from error


def _may_create(folder: Path, *, create: bool) -> bool:
    # List these before the database, which a process that creates a library writes first.
    remains = [name for name in (VECTOR_FILE, TEXT_FOLDER, _WAL) if (folder / name).exists()]
    database = folder / STORE_FILE
    problem = _problem_with(database)
    if problem is None:
        return create and not {VECTOR_FILE, TEXT_FOLDER}.intersection(remains)
    if remains:
        raise LibraryDamaged(
            f"The library in {folder} has lost its articles: {problem}, although "
            f"{' and '.join(remains)} {'is' if len(remains) == 1 else 'are'} there. Put "
            f"{STORE_FILE} back from a backup. To start a new library, name another folder."
        )
    if _is_new(database):
        if create:
            return True
        raise LibraryMissing(
            f"There is no library in {folder}. Create one with: "
            f"article-qa add FILE --library {folder}"
        )
    raise LibraryDamaged(
        f"There is no usable library in {folder}: {problem}. Put {STORE_FILE} back from a backup, "
        "or name another folder."
    )


def _is_new(database: Path) -> bool:
    """Return whether nothing was ever stored: the file is absent, or empty."""
    return not database.is_symlink() and (not database.exists() or database.is_file())


def _problem_with(database: Path) -> str | None:
    """Return what is wrong with the database file, judging by its type and size."""
    if database.is_file():
        return None if database.stat().st_size else f"{STORE_FILE} is empty"
    if database.is_symlink() and not database.exists():
        return f"{STORE_FILE} is a link to {database.readlink()}, which does not exist"
    if database.exists():
        kind = "a folder" if database.is_dir() else "not a file"
        return f"{STORE_FILE} is {kind}"
    return f"{STORE_FILE} is missing"


class WriteLock:
    """The write lock of a library. Creates ``folder`` if absent; None for a library in memory.

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
