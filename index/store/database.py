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
"""How long one process waits for another that is writing."""


@contextlib.contextmanager
def translate_sqlite_errors(path: Path | None) -> Iterator[None]:
    """Turn what SQLite raises over the record at ``path`` into a LibraryError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _translated(error, path) from error
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


def _translated(error: sqlite3.DatabaseError, path: Path | None) -> LibraryError:
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


class ReadOnlyDatabase:
    """Where a record is read from that this process may not write to.

    SQLite shares a WAL through files beside the record. If they are there, it reads them in
    place and sees what others write. If there is no WAL, the file is read as it is, which makes
    no files beside it, and :meth:`changed` tells if somebody changes it. A WAL that its writer
    left behind is copied with the record, since its changes have yet to be put in.

    Args:
        path: The record.

    Raises:
        LibraryError: It cannot be read either.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # SQLite keeps the WAL beside the file that a link leads to
        self._wal = Path(f"{self._path}-wal")
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self.renew()

    def renew(self) -> None:
        """Look anew at how the record can be read."""
        self.close()
        self._stamp = self._stat()
        self.target = self._uri("mode=ro")
        """What SQLite is to open, as a URI."""
        self._shared = self._wal.exists() and self._opens()
        if self._shared:
            return
        self.target = self._uri("mode=ro&immutable=1")
        with contextlib.suppress(FileNotFoundError):
            if self._wal.stat().st_size:
                self.target = self._copied()

    def changed(self) -> bool:
        """Whether the file was changed under a reader that expects it to stay as it is."""
        return not self._shared and self._stat() != self._stamp

    def close(self) -> None:
        """Remove the copy, if one was made."""
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None

    def _uri(self, options: str) -> str:
        return f"file:{quote(str(self._path.absolute()))}?{options}"

    def _opens(self) -> bool:
        with translate_sqlite_errors(self._path):
            db = sqlite3.connect(self.target, uri=True)
        try:
            db.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError:
            return False
        except sqlite3.DatabaseError:  # damaged: whoever reads it next is told
            return True
        finally:
            db.close()
        return True

    def _copied(self) -> str:
        with temporary_folder_errors():
            place = tempfile.TemporaryDirectory(prefix="article-qa-", ignore_cleanup_errors=True)
            self._copy = place
            copy = Path(place.name) / self._path.name
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

    Not to be used in a child process made by ``fork``, which must open the library itself.

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
        self._process = os.getpid()
        self._write_lock = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        # Readers of a file have connections of their own, so that they wait neither for a
        # long transaction nor for each other; memory has but one.
        self._idle: deque[sqlite3.Connection] = deque()
        self._current = threading.local()
        self._frozen: ReadOnlyDatabase | None = None
        self._closed = False
        self.unwritable: LibraryUnwritable | None = None
        """Why nothing can be changed, if the file can only be read."""
        try:
            self._open(read_only=read_only)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; nothing can be asked of it afterwards."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        if self._writer is not None:
            self._writer.close()
        if self._frozen is not None:
            self._frozen.close()

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
        """Yield a connection whose changes are kept together, or not at all.

        Raises:
            LibraryUnwritable: The file can only be read, or its disk is full.
        """
        self.check_process()
        if self.unwritable is not None:
            raise LibraryUnwritable(str(self.unwritable))
        with self._write_lock, translate_sqlite_errors(self._path):
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
        self.check_process()
        with translate_sqlite_errors(self._path):
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

    def _thaw(self, frozen: ReadOnlyDatabase) -> None:
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
        with translate_sqlite_errors(self._path):
            db = sqlite3.connect(
                target,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                uri=self._frozen is not None,
            )
            db.execute("PRAGMA foreign_keys = ON")
            # FULL: an article that was reported as added survives a power cut.
            db.execute("PRAGMA synchronous = FULL")
        return db

    def _open(self, *, read_only: bool) -> None:
        """Make the file if it is absent; of one that cannot be written to, become a reader."""
        try:
            if read_only:
                msg = f"The library {self._path} was opened for reading only."
                raise LibraryUnwritable(msg)
            self._check_permission()
            with self._write_lock, translate_sqlite_errors(self._path):
                self._prepare(self._writing())
        except LibraryUnwritable as error:
            if self._path is None or not self._path.is_file():
                raise
            self.unwritable = error
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._frozen = ReadOnlyDatabase(self._path)
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
