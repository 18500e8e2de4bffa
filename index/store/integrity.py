"""Check that every article, chunk and vector in a store is intact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from index.embedding.embedder import Progress
from index.errors import LibraryDamaged, LibraryError
from index.store.database import Database
from index.store.rows import SELECT_CHUNK, article_of, stored_chunk
from index.types import Article, Chunk, id_of_text

_SHOWN = 5
"""How many problems of one kind are listed."""
# float32 keeps the length of a unit vector to within 1e-6.
_LENGTH_TOLERANCE = 1e-3

# Read as bytes, since sqlite3 raises for text that is not UTF-8.
_SELECT_RAW = (
    "SELECT CAST(id AS BLOB), CAST(title AS BLOB), CAST(text AS BLOB), CAST(source AS BLOB), "
    "CAST(headings AS BLOB), CAST(added_at AS BLOB), CAST(pages AS BLOB) "
    "FROM articles JOIN texts ON article = key WHERE key = ?"
)


@dataclass(frozen=True, slots=True)
class StoreReport:
    """The result of checking a store."""

    articles: int
    """Number of intact articles."""
    chunks: int
    damage: tuple[str, ...] = ()
    """Sentences about data that is lost and cannot be rebuilt."""
    chunk_damage: tuple[str, ...] = ()
    """Sentences about chunks and vectors that re-embedding the articles would repair."""


def check_store(db: Database, progress: Progress | None = None) -> StoreReport:
    """Read the whole store and report what is damaged.

    ``progress`` is called with (articles read, articles).

    Raises:
        LibraryLocked: Another process kept it locked for more than :data:`BUSY_SECONDS`.
    """
    damage, chunk_damage, sound, chunks = [], [], 0, 0
    try:
        with db.snapshot():
            if not db.read("SELECT 1 FROM library") and not db.read("SELECT 1 FROM articles"):
                return StoreReport(0, 0)  # its creator was killed before adding anything
            damage += _sqlite_problems(db)
            chunk_damage += _orphan_problems(db)
            chunk_damage += _log_problems(db)
            dimension = int(db.read("SELECT dimension FROM library")[0][0])
            keys = [row[0] for row in db.read("SELECT key FROM articles ORDER BY key")]
            for done, key in enumerate(keys, start=1):
                article = readable_article(db, key)
                if article is None:
                    damage.append(f"Article number {key} is damaged.")
                else:
                    sound += 1
                    count, problems = _passage_problems(db, key, article, dimension)
                    chunks += count
                    chunk_damage += problems
                if progress:
                    progress(done, len(keys))
    except (LibraryDamaged, IndexError, TypeError, ValueError) as error:
        damage.append(f"It cannot be read to its end ({error}).")
    return StoreReport(sound, chunks, _shortened(damage), _shortened(chunk_damage))


def readable_article(db: Database, key: int) -> Article | None:
    """Return the article with this key if it matches its id, a digest of its text; else None."""
    try:
        rows = db.read(_SELECT_RAW, (key,))
        article = article_of(tuple(_decoded(value) for value in rows[0]))
    except (LibraryError, IndexError, TypeError, ValueError):
        return None
    return article if article.id == id_of_text(article.text) else None


def _decoded(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _sqlite_problems(db: Database) -> list[str]:
    found = [row[0] for row in db.read(f"PRAGMA integrity_check({_SHOWN})")]
    return [f"SQLite finds: {problem}." for problem in found if problem != "ok"]


def _orphan_problems(db: Database) -> list[str]:
    """Report rows that belong to no article or chunk."""
    lost = len(db.read("PRAGMA foreign_key_check"))
    return [f"{lost} passages or vectors belong to nothing."] if lost else []


def _log_problems(db: Database) -> list[str]:
    """Report gaps in the log of changes, which the indexes catch up from."""
    generation, token = db.read("SELECT generation, token FROM library")[0]
    log = db.read("SELECT generation, token FROM changes ORDER BY generation")
    whole = [row[0] for row in log] == list(range(generation - len(log) + 1, generation + 1))
    if whole and (log[-1] == (generation, token) if log else not generation):
        return []
    return ["The log of changes is incomplete."]


def _passage_problems(
    db: Database, key: int, article: Article, dimension: int
) -> tuple[int, list[str]]:
    """Return the number of chunks of an article, and what is chunk_damage with them."""
    chunks, problems = [], 0
    rows = db.read("SELECT id FROM chunks WHERE article = ? ORDER BY id", (key,))
    ids = [row[0] for row in rows]
    for chunk_id in ids:
        chunk = _readable_chunk(db, chunk_id)
        if chunk is None or not _matches_article(chunk, article):
            problems += 1
        else:
            chunks.append(chunk)
    name = f"“{article.title}” ({article.id[:8]})"
    found = [f"{problems} passages of {name} are not parts of its text."] if problems else []
    # Queries address the chunks of an article by their first and last id.
    if not ids or ids != list(range(ids[0], ids[0] + len(ids))):
        found.append(f"{name} does not have its passages in a row.")
    if bad := len(ids) - sum(_unit_vectors(db, ids, dimension)):
        found.append(f"{bad} vectors of {name} are missing or not of unit length.")
    return len(ids), found


def _readable_chunk(db: Database, chunk_id: int) -> Chunk | None:
    try:
        rows = db.read(f"{SELECT_CHUNK} WHERE chunks.id = ?", (chunk_id,))
        return stored_chunk(rows[0]).chunk
    except (LibraryError, IndexError, TypeError, ValueError):
        return None


def _matches_article(chunk: Chunk, article: Article) -> bool:
    """Return whether a chunk is part of the article's text and contains its sentences."""
    start, end = chunk.start, chunk.end
    inside = all(start <= s.start < s.end <= end for s in chunk.sentences)
    exact = 0 <= start < end and article.text[start:end] == chunk.text
    return exact and inside and bool(chunk.sentences)


def _unit_vectors(db: Database, ids: list[int], dimension: int) -> Iterator[bool]:
    if not ids:
        return
    query = "SELECT vector FROM vectors WHERE chunk BETWEEN ? AND ?"
    for (blob,) in db.read(query, (ids[0], ids[-1])):
        yield _is_unit(blob, dimension)


def _is_unit(blob: Any, dimension: int) -> bool:  # noqa: ANN401 - damage can make it anything
    if not isinstance(blob, bytes) or len(blob) != 4 * dimension:
        return False
    length = float(np.linalg.norm(np.frombuffer(blob, dtype="<f4").astype(np.float64)))
    return abs(length - 1) < _LENGTH_TOLERANCE  # False for NaN


def _shortened(sentences: list[str]) -> tuple[str, ...]:
    more = len(sentences) - _SHOWN
    return (*sentences[:_SHOWN], f"And {more} more like these.") if more > 0 else tuple(sentences)
