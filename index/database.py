"""A library's SQLite file: opened, checked, changed in transactions, its errors made clear."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from index.errors import (
    LibraryDamaged,
    LibraryError,
    LibraryLocked,
    LibraryTooNew,
    LibraryUnwritable,
)

SCHEMA_VERSION = 2
_APPLICATION_ID = 0x41514131  # "AQA1": tells our file from another program's database
_BUSY_SECONDS = 10.0

_SCHEMA = """
CREATE TABLE library (
    model_name TEXT NOT NULL, model_sha256 TEXT NOT NULL, dimension INTEGER NOT NULL,
    generation INTEGER NOT NULL, token INTEGER NOT NULL);
CREATE TABLE articles (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL, source TEXT,
    headings TEXT NOT NULL, added_at TEXT NOT NULL, pages TEXT NOT NULL DEFAULT '[]');
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    article INTEGER NOT NULL REFERENCES articles (key) ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL,
    heading TEXT NOT NULL, sentences BLOB NOT NULL);
CREATE INDEX chunks_by_article ON chunks (article);
CREATE TABLE vectors (
    chunk INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE, vector BLOB NOT NULL);
CREATE TABLE changes (
    generation INTEGER PRIMARY KEY, token INTEGER NOT NULL, added INTEGER NOT NULL,
    first_chunk INTEGER NOT NULL, last_chunk INTEGER NOT NULL);
"""
# What brings a library of each older version to the next one.
_MIGRATIONS = {1: "ALTER TABLE articles ADD COLUMN pages TEXT NOT NULL DEFAULT '[]'"}


class Database:
    """One SQLite file in WAL mode, or a database in memory. Safe to use from several threads.

    Args:
        path: The file, made if absent; None for memory.

    Raises:
        LibraryTooNew: A newer version of this program wrote the file.
        LibraryDamaged: The file is not a library, or cannot be read.
        LibraryUnwritable: The file cannot be made or written.
        LibraryLocked: Another process held it for longer than the stated time.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._write_lock = threading.RLock()
        self._writer = self._connect()
        # Readers of a file have a connection of their own, so that a long
        # transaction does not make them wait; memory has but one.
        self._reader = self._writer if path is None else self._connect()
        self._read_lock = self._write_lock if path is None else threading.RLock()
        try:
            with self._write_lock, self._clear_errors():
                self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; nothing can be asked of it afterwards."""
        self._reader.close()
        self._writer.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose changes are kept together, or not at all."""
        with self._write_lock, self._clear_errors():
            db = self._writer
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def read(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query over what is committed."""
        with self._read_lock, self._clear_errors():
            return self._reader.execute(sql, values).fetchall()

    def _connect(self) -> sqlite3.Connection:
        target = ":memory:" if self._path is None else str(self._path)
        with self._clear_errors():
            db = sqlite3.connect(
                target, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            db.execute("PRAGMA foreign_keys = ON")
            # FULL: an article that was reported as added survives a power cut.
            db.execute("PRAGMA synchronous = FULL")
        return db

    def _prepare(self) -> None:
        db = self._writer
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if 0 < version <= SCHEMA_VERSION:
            self._check_application(db)
            if version < SCHEMA_VERSION:
                self._migrate()
            return
        if version > SCHEMA_VERSION:
            msg = (
                f"The library {self._path} has format {version}; this program knows formats up to "
                f"{SCHEMA_VERSION}. Update article-qa to open it."
            )
            raise LibraryTooNew(msg)
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise self._not_a_library()
        db.execute("PRAGMA journal_mode = WAL")
        with self.transaction():
            # Another process may have made it while this one waited.
            if not db.execute("PRAGMA user_version").fetchone()[0]:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _migrate(self) -> None:
        """Bring an older library to this version's format, all or nothing."""
        with self.transaction() as db:
            # Another process may have done it while this one waited.
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            for older in range(version, SCHEMA_VERSION):
                for statement in _MIGRATIONS[older].split(";"):
                    db.execute(statement)
            if version < SCHEMA_VERSION:
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _check_application(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
            raise self._not_a_library()

    def _not_a_library(self) -> LibraryDamaged:
        return LibraryDamaged(
            f"{self._path} is a database of another program. Name a folder of its own for the "
            "library."
        )

    @contextlib.contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """Turn SQLite's errors into ours, which say what to do."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _clear_error(error, self._path) from error


def _clear_error(error: sqlite3.DatabaseError, path: Path | None) -> LibraryError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LibraryLocked(
            f"Another process has been writing to the library {path} for over "
            f"{_BUSY_SECONDS:.0f} s. Try again when it is done."
        )
    if code == sqlite3.SQLITE_FULL:
        return LibraryUnwritable(f"The disk of the library {path} is full. Nothing was changed.")
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return LibraryUnwritable(
            f"The library {path} cannot be opened for writing. Check that its folder exists and "
            "that you may write to it."
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return LibraryDamaged(
            f"The library {path} is damaged ({error}). Restore library.sqlite from a backup, or "
            "add its articles to a new library."
        )
    return LibraryError(f"The library {path} could not be used: {error}.")
