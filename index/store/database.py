"""Open a library's SQLite file, read it in snapshots and change it in transactions."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from index.errors import LibraryDamaged, LibraryError, LibraryLocked, LibraryUnwritable
from index.store import schema

BUSY_SECONDS = 10.0
"""How long to wait for another process that is writing."""


@contextlib.contextmanager
def translate_sqlite_errors(path: Path | None) -> Iterator[None]:
    """Map sqlite3 errors about the database at ``path`` to LibraryError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _library_error(error, path) from error
    except UnicodeDecodeError as error:  # from a message that quotes damaged text
        raise _damaged(error, path) from error


@contextlib.contextmanager
def temporary_folder_errors() -> Iterator[None]:
    """Map errors in writing to the temporary folder to LibraryUnwritable."""
    try:
        yield
    except (OSError, sqlite3.DatabaseError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        msg = (
            f"The temporary folder could not be written to ({reason}). Free some space there, or "
            "set the environment variable TMPDIR to another folder. Nothing was changed."
        )
        raise LibraryUnwritable(msg) from error


def _damaged(error: Exception, path: Path | None) -> LibraryDamaged:
    return LibraryDamaged(
        f"The library {path} is damaged ({error}). Restore library.sqlite from a backup. "
        "article-qa check --library DIR lists the damage; with --salvage NEW_DIR it copies what "
        "can still be read into a new library."
    )


def _library_error(error: sqlite3.DatabaseError, path: Path | None) -> LibraryError:
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
    # Python reports text that is not UTF-8 by a message without a code. "no such table" can only
    # mean a damaged schema.
    message = str(error)
    misread = (code == 0 and "decode" in message) or "no such" in message or "malformed" in message
    if misread or code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return _damaged(error, path)
    return LibraryError(f"The library {path} could not be used: {error}.")


class ReadOnlyDatabase:
    """A way to read a database file that this process may not write to.

    With a live WAL, SQLite reads the file in place and sees what others write. Without a WAL,
    the file is opened as immutable, which creates no files beside it, and :meth:`changed`
    reports changes by others. A WAL left by a dead writer holds changes that are not yet in the
    file, so both are copied to a temporary folder.

    Raises:
        LibraryError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # SQLite keeps the WAL beside the target of a link
        self._wal = Path(f"{self._path}-wal")
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self.reopen()

    def reopen(self) -> None:
        """Choose again how to read the file."""
        self.close()
        self._stamp = self._stat()
        self.target = self._uri("mode=ro")
        """The URI for SQLite to open."""
        self._shared = self._wal.exists() and self._can_open()
        if self._shared:
            return
        self.target = self._uri("mode=ro&immutable=1")
        with contextlib.suppress(FileNotFoundError):
            if self._wal.stat().st_size:
                self.target = self._copy_with_wal()

    def changed(self) -> bool:
        """Return whether the file was changed since it was opened as immutable."""
        return not self._shared and self._stat() != self._stamp

    def close(self) -> None:
        """Delete the temporary copy, if there is one."""
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None

    def _uri(self, options: str) -> str:
        return f"file:{quote(str(self._path.absolute()))}?{options}"

    def _can_open(self) -> bool:
        with translate_sqlite_errors(self._path):
            db = sqlite3.connect(self.target, uri=True)
        try:
            db.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError:
            return False
        except sqlite3.DatabaseError:  # damaged: the next read reports it
            return True
        finally:
            db.close()
        return True

    def _copy_with_wal(self) -> str:
        with temporary_folder_errors():
            self._copy = tempfile.TemporaryDirectory(
                prefix="article-qa-", ignore_cleanup_errors=True
            )
            copy = Path(self._copy.name) / self._path.name
            try:
                shutil.copyfile(self._path, copy)
                shutil.copyfile(self._wal, f"{copy}-wal")
            except OSError:
                self.close()
                raise
        return f"file:{quote(str(copy))}"

    def _stat(self) -> list[tuple[int, int, int] | None]:
        found: list[tuple[int, int, int] | None] = []
        for path in (self._path, self._wal):
            try:
                stat = path.stat()
            except FileNotFoundError:
                found.append(None)
            else:
                found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
        return found


class Database:
    """One SQLite file in WAL mode, or a database in memory. Safe to use from several threads.

    A child process made by ``fork`` must open its own.

    Args:
        path: The file, created if absent; None for memory.
        create: Whether to create the tables in a file that is absent or has none.
        read_only: Whether to change nothing in the file's folder, not even temporarily.

    Raises:
        LibraryTooNew: A newer version of this program wrote the file.
        LibraryDamaged: The file is not a library, or cannot be read.
        LibraryUnwritable: The file cannot be created.
        LibraryLocked: Another process kept it locked for more than :data:`BUSY_SECONDS`.
    """

    def __init__(self, path: Path | None, *, create: bool = True, read_only: bool = False) -> None:
        self._path = path
        self._create = create and not read_only
        self._process = os.getpid()
        self._write_lock = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        # Each reader of a file has its own connection, so it waits for no transaction and no
        # other reader. A database in memory has only one connection.
        self._idle: deque[sqlite3.Connection] = deque()
        self._current = threading.local()
        self._read_only_file: ReadOnlyDatabase | None = None
        self._closed = False
        self.unwritable: LibraryUnwritable | None = None
        """Why the file can only be read; None if it can be written."""
        try:
            self._open(read_only=read_only)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections; using the database afterwards raises LibraryError.

        Queries and transactions of other threads are completed first.
        """
        self._closed = True
        with contextlib.suppress(IndexError):  # a reader may take the last one
            while self._idle:
                self._idle.pop().close()
        # SQLite crashes if a connection is closed while another thread is using it. In a forked
        # child there is no such thread, and the lock may never be released.
        is_child = os.getpid() != self._process
        with contextlib.nullcontext() if is_child else self._write_lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        if self._read_only_file is not None:
            self._read_only_file.close()

    def check_process(self) -> None:
        """Raise LibraryError in a child process made by ``fork`` after this was opened.

        SQLite's connections, and locks that other threads held, do not survive a fork.
        """
        if os.getpid() != self._process:
            msg = (
                f"The library {self._path or 'in memory'} was opened before this process was "
                "forked. Open it in the child process."
            )
            raise LibraryError(msg)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose changes are committed together, or rolled back.

        Raises:
            LibraryUnwritable: The file is read-only, or its disk is full.
        """
        self.check_process()
        if self.unwritable is not None:
            raise LibraryUnwritable(str(self.unwritable))
        with self._write_lock, translate_sqlite_errors(self._path):
            db = self._writer_connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def read(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the committed data."""
        with self._reader() as db:
            return db.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Make all reads of this thread see one state of the database."""
        with self._reader() as db:
            if self._path is None or db.in_transaction:
                yield  # in memory, the one connection is locked
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
        """Yield a connection that no other thread is using."""
        self.check_process()
        with translate_sqlite_errors(self._path):
            if self._path is None:
                with self._write_lock:
                    yield self._writer_connection()
            elif getattr(self._current, "reader", None) is not None:
                yield self._current.reader
            else:
                with self._pooled_connection() as db:
                    yield db

    @contextlib.contextmanager
    def _pooled_connection(self) -> Iterator[sqlite3.Connection]:
        if self._read_only_file is not None and self._read_only_file.changed():
            self._reopen_read_only(self._read_only_file)
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
        if self._read_only_file is not None and self._read_only_file.changed():
            msg = f"Another process has just changed the library {self._path}. Try again."
            raise LibraryLocked(msg)

    def _reopen_read_only(self, file: ReadOnlyDatabase) -> None:
        with self._write_lock:
            if file.changed():
                while self._idle:
                    self._idle.pop().close()
                file.reopen()

    def _writer_connection(self) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = self._connect()
        return self._writer

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            msg = f"The library {self._path or 'in memory'} was closed. Open it again."
            raise LibraryError(msg)
        target = ":memory:" if self._path is None else str(self._path)
        if self._read_only_file is not None:
            target = self._read_only_file.target
        with translate_sqlite_errors(self._path):
            db = sqlite3.connect(
                target,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                uri=self._read_only_file is not None,
            )
            db.execute("PRAGMA foreign_keys = ON")
            # FULL: an article that was reported as added survives a power cut.
            db.execute("PRAGMA synchronous = FULL")
        return db

    def _open(self, *, read_only: bool) -> None:
        """Open or create the file; fall back to reading if it cannot be written to."""
        try:
            if read_only:
                msg = f"The library {self._path} was opened for reading only."
                raise LibraryUnwritable(msg)
            self._check_permission()
            with self._write_lock, translate_sqlite_errors(self._path):
                self._prepare(self._writer_connection())
        except LibraryUnwritable as error:
            if self._path is None or not self._path.is_file():
                raise
            self.unwritable = error
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._read_only_file = ReadOnlyDatabase(self._path)
            with self._reader() as db:
                self._prepare(db)

    def _prepare(self, db: sqlite3.Connection) -> None:
        schema.prepare(db, self._path, self.transaction, create=self._create)

    def _check_permission(self) -> None:
        """Raise LibraryUnwritable now for what SQLite would only report at the first write."""
        if self._path is not None and self._path.exists():
            for path in (self._path, self._path.parent):
                if not os.access(path, os.W_OK):
                    msg = (
                        f"The library {self._path} cannot be opened for writing: there is no "
                        f"permission to write to {path.name}, or its disk is read-only."
                    )
                    raise LibraryUnwritable(msg)
