"""What can still be read of a damaged record."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from index.database import Database
from index.errors import LibraryDamaged, LibraryError
from index.library_folder import RECORD, check_folder
from index.record_check import readable_article
from index.record_errors import temporary_folder_errors
from index.types import Article

_HEADER_BYTES = 100
_MOST_BYTES = 1 << 40  # more is a damaged header's; the file is sparse
_MOST_KEYS = 100_000
"""Articles that are tried one by one where the record does not tell how many there are."""


def readable_articles(folder: Path) -> Iterator[Article | None]:
    """Yield each article of a library as it was added, or None for one that is not.

    Of a record that cannot be read through every article is looked up by itself; then
    those that were removed count as lost.

    It is read from a copy, and what is there is left as it is.

    Raises:
        LibraryMissing: There is no library in ``folder``.
        LibraryDamaged: Nothing of the record can be read.
        LibraryError: It cannot be opened for another reason.
        LibraryUnwritable: There is no room for the copy.
    """
    check_folder(folder, create=False)
    with contextlib.ExitStack() as stack:
        with temporary_folder_errors():
            place = tempfile.TemporaryDirectory(prefix="article-qa-")
            # SQLite keeps the WAL beside the file that a link leads to.
            record = (folder / RECORD).resolve()
            copy = _copied(record, Path(stack.enter_context(place)))
        db = Database(copy, create=False)
        stack.callback(db.close)
        for key in _keys(db):
            yield readable_article(db, key)


def _copied(record: Path, place: Path) -> Path:
    """Return a copy of a record; if its end is missing, one that is as long as it was."""
    copy, wal = place / RECORD, Path(f"{record}-wal")
    shutil.copyfile(record, copy)
    if wal.exists():
        shutil.copyfile(wal, f"{copy}-wal")
    with copy.open("r+b") as file:
        header = file.read(_HEADER_BYTES)
        if len(header) == _HEADER_BYTES:
            page_bytes = int.from_bytes(header[16:18], "big")
            length = page_bytes * int.from_bytes(header[28:32], "big")
            # SQLite reads nothing of a file that is shorter than its header says.
            if copy.stat().st_size < length < _MOST_BYTES:
                file.truncate(length)
    return copy


def _keys(db: Database) -> list[int]:
    try:
        return [row[0] for row in db.read("SELECT key FROM articles ORDER BY key")]
    except LibraryDamaged:
        return list(range(1, _last_key(db) + 1))


def _last_key(db: Database) -> int:
    try:
        rows = db.read("SELECT seq FROM sqlite_sequence WHERE name = 'articles'")
        return min(int(rows[0][0]), _MOST_KEYS)
    except (LibraryError, IndexError, TypeError, ValueError):
        return _MOST_KEYS
