"""What can still be read of a damaged record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from index.database import Database
from index.errors import LibraryDamaged, LibraryError
from index.passage_index import RECORD
from index.record_check import readable_article
from index.types import Article

_MOST_KEYS = 100_000
"""Articles that are tried one by one where the record does not tell how many there are."""


def readable_articles(folder: Path) -> Iterator[Article | None]:
    """Yield each article of a library as it was added, or None for one that is not.

    Of a record that cannot be read through every article is looked up by itself; then
    those that were removed count as lost.

    Raises:
        LibraryDamaged: Nothing of the record can be read.
        LibraryError: It cannot be opened for another reason.
    """
    db = Database(folder / RECORD)
    try:
        for key in _keys(db):
            yield readable_article(db, key)
    finally:
        db.close()


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
