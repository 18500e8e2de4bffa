"""Create the tables of a library's SQLite file, and check the format of existing files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from index.errors import LibraryDamaged, LibraryError, LibraryTooNew, LibraryUnwritable

SCHEMA_VERSION = 4
_FIRST_RELEASED = 3
_APPLICATION_ID = 0x41514131  # "AQA1", in ASCII

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
    headings TEXT NOT NULL, pages TEXT NOT NULL, text TEXT NOT NULL,
    structure TEXT NOT NULL DEFAULT '');
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
_ADDED_IN_4 = """
CREATE TABLE files (
    article INTEGER PRIMARY KEY REFERENCES articles (key) ON DELETE CASCADE,
    name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE layouts (
    article INTEGER NOT NULL REFERENCES articles (key) ON DELETE CASCADE, page INTEGER NOT NULL,
    width REAL NOT NULL, height REAL NOT NULL, confidence REAL, words BLOB NOT NULL,
    PRIMARY KEY (article, page)) WITHOUT ROWID;
"""
_FROM_3_TO_4 = f"ALTER TABLE texts ADD COLUMN structure TEXT NOT NULL DEFAULT '';{_ADDED_IN_4}"

Transaction: TypeAlias = Callable[[], AbstractContextManager[sqlite3.Connection]]
"""Returns a context in which all changes are committed together, or rolled back."""


def prepare(
    db: sqlite3.Connection, path: Path | None, transaction: Transaction, *, create: bool = True
) -> None:
    """Create the tables in a new file, or check that an existing one has this format.

    Args:
        db: A connection to the file.
        path: The file, for error messages; None for memory.
        transaction: Begins a transaction on the writing connection.
        create: Whether to create the tables in a file that has none.

    Raises:
        LibraryTooNew: A newer version of this program wrote the file.
        LibraryUnwritable: It has an older format, and cannot be written to.
        LibraryError: An unreleased version of this program wrote it.
        LibraryDamaged: It is another program's, or has no tables and ``create`` is not set.
    """
    # Read before the version, since another process may be creating the library.
    has_tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0
    version = _version(db)
    if version > SCHEMA_VERSION:
        msg = (
            f"The library {path} has format {version}; this program knows formats up to "
            f"{SCHEMA_VERSION}. Update article-qa to open it."
        )
        raise LibraryTooNew(msg)
    if version > 0:
        if db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
            raise _not_a_library(path)
        if version < _FIRST_RELEASED:
            msg = (
                f"The library {path} has format {version}, which no released version wrote. "
                "Add its articles to a new library."
            )
            raise LibraryError(msg)
        if version < SCHEMA_VERSION:
            _upgrade(transaction, path)
        return
    if has_tables:
        raise _not_a_library(path)
    if not create:
        msg = (
            f"{path} is not a library: it has no tables. Restore it from a backup, or name another "
            "folder."
        )
        raise LibraryDamaged(msg)
    db.execute("PRAGMA journal_mode = WAL")
    _create(transaction)


def _version(db: sqlite3.Connection) -> int:
    """Return the format version; 0 for a file without tables."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _create(transaction: Transaction) -> None:
    with transaction() as db:
        # Another process may have created it while this one waited.
        if not _version(db):
            for statement in (_SCHEMA + _ADDED_IN_4).split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _upgrade(transaction: Transaction, path: Path | None) -> None:
    """Add what format 4 has and format 3 lacks, in one transaction."""
    try:
        with transaction() as db:
            # Another process may have upgraded it while this one waited.
            if _version(db) < SCHEMA_VERSION:
                for statement in _FROM_3_TO_4.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except LibraryUnwritable as error:
        msg = (
            f"The library {path} was made by an earlier version and has to be brought up to date "
            f"first. Open it once where it can be written to. ({error})"
        )
        raise LibraryUnwritable(msg) from error


def _not_a_library(path: Path | None) -> LibraryDamaged:
    return LibraryDamaged(
        f"{path} is the database of another program. Choose another folder for the library."
    )
