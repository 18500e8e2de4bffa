"""A record that cannot be written to, as on a read-only disk, opened for reading all the same."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path
from urllib.parse import quote

from index.record_errors import clear_errors, temporary_folder_errors


class FrozenRecord:
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
        with clear_errors(self._path):
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
