"""The statements by which articles and chunks come into a record, and go."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import UTC, datetime

from index.rows import text_row
from index.spool import Spool
from index.types import Article


def record_article(db: sqlite3.Connection, article: Article, embedded: Spool) -> None:
    """Insert an article with its chunks and their vectors."""
    key = db.execute(
        "INSERT INTO articles (id, title, source, added_at, characters, page_count) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            article.id,
            article.title,
            article.source,
            datetime.now(UTC).isoformat(timespec="seconds"),
            len(article.text),
            len(article.pages),
        ),
    ).lastrowid
    db.execute(
        "INSERT INTO texts (article, headings, pages, text) VALUES (?, ?, ?, ?)",
        (key, *text_row(article)),
    )
    record_chunks(db, int(key or 0), article.id, embedded)


def record_chunks(db: sqlite3.Connection, key: int, article_id: str, embedded: Spool) -> None:
    """Insert the chunks of the article of ``key`` under ids without gaps, and note it."""
    before = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    first = int(before[0]) + 1 if before else 1
    count = 0
    for row, vector in embedded.rows(article_id):
        chunk_id = first + count
        db.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", (chunk_id, key, *row))
        db.execute("INSERT INTO vectors VALUES (?, ?)", (chunk_id, vector))
        count += 1
    note_change(db, added=True, first=first, last=first + count - 1)


def forget_chunks(db: sqlite3.Connection) -> None:
    """Delete every chunk, and note it."""
    first, last = db.execute("SELECT min(id), max(id) FROM chunks").fetchone()
    db.execute("DELETE FROM vectors")  # those of no chunk, too
    if first is not None:
        db.execute("DELETE FROM chunks")
        # No index is caught up from before this; and damage to the log ends here.
        db.execute("DELETE FROM changes")
        note_change(db, added=False, first=first, last=last)


def note_change(db: sqlite3.Connection, *, added: bool, first: int, last: int) -> None:
    """Move the record to its next revision, to which these chunks came or went."""
    token = secrets.randbits(62)
    db.execute("UPDATE library SET generation = generation + 1, token = ?", (token,))
    db.execute(
        "INSERT INTO changes SELECT generation, token, ?, ?, ? FROM library", (added, first, last)
    )
