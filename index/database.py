"""A library's SQLite file: opened, read in snapshots, changed in transactions."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from index import record_errors, schema
from index.errors import LibraryError, LibraryLocked, LibraryUnwritable
from index.forks import never_free, renew_in_children
from index.frozen import FrozenRecord
from index.record_errors import clear_errors


class Database:
    """One SQLite file in WAL mode, or a database in memory. Safe to use from several threads.

    A child process made by ``fork`` may go on using a file; it gets connections of its own.

    Args:
        path: The file, made if absent; None for memory.
        create: Whether a file that is absent or has no tables becomes a library.
        read_only: Whether to leave the file and its folder as they are: no byte of them changes,
            nor do files come and go beside it.

    Raises:
        LibraryTooNew: A newer version of this program wrote the file.
        LibraryDamaged: The file is not a library, or cannot be read.
        LibraryUnwritable: The file cannot be made; or it is of an older format, and cannot
            be written.
        LibraryLocked: Another process held it for longer than the stated time.
    """

    def __init__(self, path: Path | None, *, create: bool = True, read_only: bool = False) -> None:
        self._path = path
        self._create = create and not read_only
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
            self._open(read_only=read_only)
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
            # They must not be used, nor closed, in a child process.
            for connection in (*self._idle, self._writer):
                never_free(connection)
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

    def _open(self, *, read_only: bool) -> None:
        """Make the file if it is absent; of one that cannot be written to, become a reader."""
        try:
            if read_only:
                msg = f"The library {self._path} was opened for reading only."
                raise LibraryUnwritable(msg)
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

    def _prepare(self, db: sqlite3.Connection) -> None:
        schema.prepare(db, self._path, self.transaction, create=self._create)

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
