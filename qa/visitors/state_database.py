"""The SQLite file of what is kept for visitors: shelves, conversations, tags, tokens."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection
from urllib.parse import quote

from index.errors import LibraryDamaged, LibraryError, LibraryTooNew

__all__ = ["STATE_FILE", "Connection", "StateDatabase"]

STATE_FILE = "visitors.sqlite"
"""Its name in the folder of a library."""
_VERSION = 1
_BUSY_SECONDS = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS shelved (
    article TEXT NOT NULL, shelf TEXT NOT NULL, PRIMARY KEY (article, shelf)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tags (
    article TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (article, tag)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS watched (
    path BLOB NOT NULL, article TEXT NOT NULL, stamp TEXT NOT NULL, is_own INTEGER NOT NULL,
    PRIMARY KEY (path, article)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, visitor TEXT NOT NULL, name TEXT NOT NULL, searched TEXT NOT NULL,
    created_at TEXT NOT NULL, changed_at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS conversations_by_visitor ON conversations (visitor, changed_at);
CREATE TABLE IF NOT EXISTS turns (
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    number INTEGER NOT NULL, pinned INTEGER NOT NULL, characters INTEGER NOT NULL,
    question TEXT NOT NULL, note TEXT NOT NULL, searched TEXT NOT NULL, answer TEXT NOT NULL,
    PRIMARY KEY (conversation, number));
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE,
    can_write INTEGER NOT NULL, created_at TEXT NOT NULL, expires_at TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    sha256 TEXT PRIMARY KEY, account TEXT NOT NULL, password TEXT NOT NULL,
    used_at TEXT NOT NULL, expires_at TEXT NOT NULL) WITHOUT ROWID;
"""


class StateDatabase:
    """A SQLite file, or a database in memory. Safe to use from several threads and processes.

    Args:
        folder: The folder of the library, or another, which is created if absent; None to keep
            everything in memory. What is in one that cannot be written to is copied into memory,
            where changes stay until the end.

    Raises:
        LibraryError: The file cannot be read or written, or is of a newer version.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            _create(folder)
        is_writable = folder is not None and os.access(folder, os.W_OK)
        self.path = folder / STATE_FILE if folder and is_writable else None
        self._lock = threading.RLock()
        with self._translated_errors():
            self._db = sqlite3.connect(
                self.path or ":memory:",
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            weakref.finalize(self, self._db.close)
            if folder and not is_writable and (folder / STATE_FILE).exists():
                self._copy(folder / STATE_FILE)
            self._prepare()

    def _copy(self, file: Path) -> None:
        """Copy a file that cannot be written to into this database in memory."""
        address = f"file:{quote(str(file.absolute()))}?mode=ro"
        try:
            self._copy_from(address)
        except sqlite3.OperationalError:
            self._copy_from(f"{address}&immutable=1")  # no write-ahead log is there

    def _copy_from(self, address: str) -> None:
        with closing(sqlite3.connect(address, uri=True)) as source:
            source.backup(self._db)

    def _prepare(self) -> None:
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            msg = f"{self.path} was written by a newer version of this program. Update it."
            raise LibraryTooNew(msg)
        if version < _VERSION:
            with self.transaction() as db:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Return a context in which all changes are committed together, or none.

        Raises:
            LibraryError: The file cannot be read or written.
        """
        with self._lock, self._translated_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Return a context for one statement that reads.

        Raises:
            LibraryError: The file cannot be read.
        """
        with self._lock, self._translated_errors():
            yield self._db

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            msg = (
                f"{self.path} could not be read or written ({error}). Check its permissions and "
                "the room on its disk."
            )
            raise LibraryError(msg) from error
        except sqlite3.DatabaseError as error:
            msg = (
                f"{self.path} is damaged ({error}). It has the conversations, shelves and tags; "
                "restore it from a backup, or move it away to start without them."
            )
            raise LibraryDamaged(msg) from error


def _create(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = (
            f"The folder {folder} for conversations, tags and tokens cannot be created "
            f"({error.strerror}). Name another one with --state."
        )
        raise LibraryError(msg) from error
