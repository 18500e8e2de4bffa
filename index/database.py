"""A library's SQLite file: opened, checked, changed in transactions, its errors made clear."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from index import record_errors
from index.errors import (
    LibraryDamaged,
    LibraryError,
    LibraryLocked,
    LibraryTooNew,
    LibraryUnwritable,
)
from index.forks import renew_in_children
from index.frozen import FrozenRecord
from index.record_errors import clear_errors

SCHEMA_VERSION = 3
_APPLICATION_ID = 0x41514131  # "AQA1": tells our file from another program's database
# SQLite's connections must not be used, nor closed, in a child process: they are kept here
# unused, so that the child's garbage collector does not close them.
_of_the_parent: list[sqlite3.Connection] = []

_SCHEMA = """
CREATE TABLE library (
    model_name TEXT NOT NULL, model_sha256 TEXT NOT NULL, dimension INTEGER NOT NULL,
    generation INTEGER NOT NULL, token INTEGER NOT NULL);
CREATE TABLE articles (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, source TEXT, added_at TEXT NOT NULL,
    characters INTEGER NOT NULL, page_count INTEGER NOT NULL);
CREATE TABLE texts (
    article INTEGER PRIMARY KEY REFERENCES articles (key) ON DELETE CASCADE,
    headings TEXT NOT NULL, pages TEXT NOT NULL, text TEXT NOT NULL);
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
_MIGRATIONS = {
    1: "ALTER TABLE articles ADD COLUMN pages TEXT NOT NULL DEFAULT '[]'",
    # A list of articles need not read past their texts.
    2: """
CREATE TABLE texts (
    article INTEGER PRIMARY KEY REFERENCES articles (key) ON DELETE CASCADE,
    headings TEXT NOT NULL, pages TEXT NOT NULL, text TEXT NOT NULL);
INSERT INTO texts SELECT key, headings, pages, text FROM articles;
ALTER TABLE articles ADD COLUMN characters INTEGER NOT NULL DEFAULT 0;
ALTER TABLE articles ADD COLUMN page_count INTEGER NOT NULL DEFAULT 0;
UPDATE articles SET characters = code_points(text), page_count = json_array_length(pages);
ALTER TABLE articles DROP COLUMN text;
ALTER TABLE articles DROP COLUMN headings;
ALTER TABLE articles DROP COLUMN pages
""",
}


class Database:
    """One SQLite file in WAL mode, or a database in memory. Safe to use from several threads.

    A child process made by ``fork`` may go on using a file; it gets connections of its own.

    Args:
        path: The file, made if absent; None for memory.

    Raises:
        LibraryTooNew: A newer version of this program wrote the file.
        LibraryDamaged: The file is not a library, or cannot be read.
        LibraryUnwritable: The file cannot be made; or it is of an older format, and cannot
            be written.
        LibraryLocked: Another process held it for longer than the stated time.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._write_lock = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        # Readers of a file have connections of their own, so that they wait neither for a
        # long transaction nor for each other; memory has but one.
        self._idle: deque[sqlite3.Connection] = deque()
        self._current = threading.local()
        self._frozen: FrozenRecord | None = None
        self._closed = False
        self.unwritable: LibraryUnwritable | None = None
        """Why nothing can be changed, if the file can only be read."""
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        renew_in_children(self)

    def close(self) -> None:
        """Close the file; nothing can be asked of it afterwards."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        if self._writer is not None:
            self._writer.close()
        if self._frozen is not None:
            self._frozen.close()

    def renew_in_child(self) -> None:
        """Let go of the parent's connections; those to a file are made anew when needed."""
        self._write_lock = threading.RLock()
        self._current = threading.local()
        if self._path is not None:
            _of_the_parent.extend(self._idle)
            if self._writer is not None:
                _of_the_parent.append(self._writer)
            self._idle, self._writer = deque(), None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose changes are kept together, or not at all.

        Raises:
            LibraryUnwritable: The file can only be read, or its disk is full.
        """
        if self.unwritable is not None:
            raise LibraryUnwritable(str(self.unwritable))
        with self._write_lock, clear_errors(self._path):
            db = self._writing()
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
        with self._reader() as db:
            return db.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Have all that this thread reads be of one state of the record."""
        with self._reader() as db:
            if self._path is None or db.in_transaction:
                yield  # memory has one connection, which nobody changes meanwhile
                return
            db.execute("BEGIN")
            self._current.reader = db
            try:
                yield
            finally:
                self._current.reader = None
                if db.in_transaction:
                    db.execute("ROLLBACK")

    @contextlib.contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that no other thread uses meanwhile."""
        with clear_errors(self._path):
            if self._path is None:
                with self._write_lock:
                    yield self._writing()
            elif getattr(self._current, "reader", None) is not None:
                yield self._current.reader
            else:
                with self._borrowed() as db:
                    yield db

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        if self._frozen is not None and self._frozen.changed():
            self._thaw(self._frozen)
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._connect()
        try:
            yield db
        finally:
            if self._closed:
                db.close()
            else:
                self._idle.append(db)
        if self._frozen is not None and self._frozen.changed():
            msg = f"Somebody has just changed the library {self._path}. Try again."
            raise LibraryLocked(msg)

    def _thaw(self, frozen: FrozenRecord) -> None:
        with self._write_lock:
            if frozen.changed():
                while self._idle:
                    self._idle.pop().close()
                frozen.renew()

    def _writing(self) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = self._connect()
        return self._writer

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            msg = f"The library {self._path} was closed. Open it again."
            raise LibraryError(msg)
        target = ":memory:" if self._path is None else str(self._path)
        if self._frozen is not None:
            target = self._frozen.target
        with clear_errors(self._path):
            db = sqlite3.connect(
                target,
                timeout=record_errors.BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                uri=self._frozen is not None,
            )
            db.execute("PRAGMA foreign_keys = ON")
            # FULL: an article that was reported as added survives a power cut.
            db.execute("PRAGMA synchronous = FULL")
            # SQLite's own length() stops at a NUL.
            db.create_function("code_points", 1, len, deterministic=True)
        return db

    def _open(self) -> None:
        """Make the file if it is absent; of one that cannot be written to, become a reader."""
        try:
            self._check_permission()
            with self._write_lock, clear_errors(self._path):
                self._prepare(self._writing())
        except LibraryUnwritable as error:
            if self._path is None or not self._path.is_file():
                raise
            self.unwritable = error
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._frozen = FrozenRecord(self._path)
            with self._reader() as db:
                self._prepare(db)

    def _check_permission(self) -> None:
        """Raise LibraryUnwritable where SQLite would find out at the first change."""
        if self._path is not None and self._path.exists():
            for path in (self._path, self._path.parent):
                if not os.access(path, os.W_OK):
                    msg = (
                        f"The library {self._path} cannot be opened for writing: there is no "
                        f"permission to write to {path.name}, or its disk is read-only."
                    )
                    raise LibraryUnwritable(msg)

    def _prepare(self, db: sqlite3.Connection) -> None:
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
