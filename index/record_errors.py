"""SQLite's errors, made ours: each says what to do."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from index.errors import LibraryDamaged, LibraryError, LibraryLocked, LibraryUnwritable

BUSY_SECONDS = 10.0
"""How long one process waits for another that is writing."""


@contextlib.contextmanager
def clear_errors(path: Path | None) -> Iterator[None]:
    """Turn what SQLite raises over the record at ``path`` into a LibraryError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _clear_error(error, path) from error
    except UnicodeDecodeError as error:  # of a message that quotes what is damaged
        raise _damaged(error, path) from error


@contextlib.contextmanager
def temporary_folder_errors() -> Iterator[None]:
    """Turn a failure to write to the temporary folder into a LibraryUnwritable."""
    try:
        yield
    except (OSError, sqlite3.DatabaseError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        msg = (
            f"The temporary folder could not be written to ({reason}). Make room there, or name "
            "another by the environment variable TMPDIR. Nothing was changed."
        )
        raise LibraryUnwritable(msg) from error


def _damaged(error: Exception, path: Path | None) -> LibraryDamaged:
    return LibraryDamaged(
        f"The library {path} is damaged ({error}). Restore library.sqlite from a backup. "
        "article-qa check --library DIR tells what is damaged, and with --salvage NEW_DIR "
        "it takes what can still be read into a new library."
    )


def _clear_error(error: sqlite3.DatabaseError, path: Path | None) -> LibraryError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LibraryLocked(
            f"Another process has been writing to the library {path} for over "
            f"{BUSY_SECONDS:.0f} s. Try again when it is done."
        )
    if code == sqlite3.SQLITE_FULL:
        return LibraryUnwritable(f"The disk of the library {path} is full. Nothing was changed.")
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return LibraryUnwritable(
            f"The library {path} cannot be opened for writing. Check that its folder exists and "
            "that you may write to it."
        )
    if code == sqlite3.SQLITE_IOERR:
        return LibraryUnwritable(
            f"The disk of the library {path} could not be read or written ({error}). Nothing was "
            "changed. Check that the disk has room and is sound."
        )
    # Of a text that is no longer UTF-8 Python tells by a message without a code; what our
    # queries name is missing only where the schema was damaged.
    told = str(error)
    misread = (code == 0 and "decode" in told) or "no such" in told or "malformed" in told
    if misread or code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return _damaged(error, path)
    return LibraryError(f"The library {path} could not be used: {error}.")
