"""Check a library, rebuild its damaged indexes, and salvage the articles of a damaged store."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from index.embedding.embedder import ModelIdentity, Progress, Vectors
from index.errors import LibraryDamaged, LibraryError, LibraryUnwritable
from index.search.passage_index import PassageIndex
from index.source_file import SourceFile
from index.store.database import Database, temporary_folder_errors
from index.store.folder import ORIGINALS_FOLDER, STORE_FILE, check_folder
from index.store.originals import Originals
from index.store.rows import (
    SELECT_CHUNK,
    SELECT_FILE,
    SELECT_LAYOUT,
    article_of,
    layout_of,
    stored_chunk,
)
from index.types import Article, Chunk, id_of_text

_SHOWN = 5
"""How many problems of one kind are listed."""
# float32 keeps the length of a unit vector to within 1e-6.
LENGTH_TOLERANCE = 1e-3

# Read as bytes, since sqlite3 raises for text that is not UTF-8.
_SELECT_RAW = (
    "SELECT CAST(id AS BLOB), CAST(title AS BLOB), CAST(text AS BLOB), CAST(source AS BLOB), "
    "CAST(headings AS BLOB), CAST(added_at AS BLOB), CAST(pages AS BLOB), CAST(structure AS BLOB) "
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
    return StoreReport(sound, chunks, shortened(damage), shortened(chunk_damage))


def readable_article(db: Database, key: int) -> Article | None:
    """Return the article with this key if the text still hashes to its id; else None."""
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
    """Return the number of chunks of an article, and the problems found in them."""
    chunks, problems = [], 0
    rows = db.read("SELECT id FROM chunks WHERE article = ? ORDER BY id", (key,))
    ids = [row[0] for row in rows]
    for chunk_id in ids:
        chunk = _readable_chunk(db, chunk_id)
        if chunk is None or not matches_article(chunk, article):
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


def matches_article(chunk: Chunk, article: Article) -> bool:
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
    return abs(length - 1) < LENGTH_TOLERANCE  # False for NaN


def shortened(sentences: list[str]) -> tuple[str, ...]:
    """Return the first few sentences, and how many more there are."""
    more = len(sentences) - _SHOWN
    return (*sentences[:_SHOWN], f"And {more} more like these.") if more > 0 else tuple(sentences)


_SELECT_MODEL = "SELECT model_name, model_sha256, dimension FROM library"


class Verdict(StrEnum):
    """The result of a check, from good to bad."""

    SOUND = "sound"
    """The library is intact."""
    REPAIRED = "repaired"
    """Its indexes were damaged and have been rebuilt."""
    REEMBED = "reembed"
    """The articles are intact; their passages or vectors are not, and must be made again."""
    DAMAGED = "damaged"
    """Articles are lost or changed."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found, and what it repaired."""

    verdict: Verdict
    articles: int
    """The number of intact articles."""
    passages: int
    found: tuple[str, ...] = ()
    """The problems, in sentences."""
    done: tuple[str, ...] = ()
    """The repairs, in sentences."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


def check_library(folder: Path, progress: Progress | None = None) -> Report:
    """Check the library in ``folder``, and rebuild its indexes if they are damaged.

    The database itself is never changed. ``progress`` is called with (articles read, articles),
    then with (passages compared, passages).

    Raises:
        LibraryError: There is no library, its format is newer, or another process kept it locked.
    """
    check_folder(folder, create=False)
    path = folder / STORE_FILE
    try:
        db = _open(path)
    except LibraryDamaged as error:
        return Report(Verdict.DAMAGED, 0, 0, (str(error),))
    try:
        state = check_store(db, progress)
        rows = [] if state.damage else db.read(_SELECT_MODEL)
        lost = () if state.damage else _lost_files(db, folder)
    finally:
        db.close()
    if state.damage:
        return Report(Verdict.DAMAGED, state.articles, state.chunks, state.damage)
    if state.chunk_damage:
        return Report(Verdict.REEMBED, state.articles, state.chunks, state.chunk_damage)
    if not rows:
        return Report(Verdict.SOUND, 0, 0)
    report = _check_indexes(folder, ModelIdentity(*rows[0]), state, progress)
    return replace(report, found=report.found + lost)


def _lost_files(db: Database, folder: Path) -> tuple[str, ...]:
    """Report the kept files that are missing or damaged, without which articles are intact."""
    originals = Originals(folder / ORIGINALS_FOLDER)
    lost = [name for name, sha256 in db.read(SELECT_FILE) if originals.read(sha256) is None]
    return tuple(
        f"The file {name!r} in {ORIGINALS_FOLDER} is missing or damaged. To see its pages again, "
        "remove the article and add it once more."
        for name in lost[:_SHOWN]
    )


def _open(path: Path) -> Database:
    """Open a database read-only if possible."""
    try:
        return Database(path, create=False, read_only=True)
    except LibraryUnwritable:
        return Database(path, create=False)


class _StoredModel:
    """The identity of a library's model; embeds nothing."""

    max_tokens = 0

    def __init__(self, identity: ModelIdentity) -> None:
        self.identity = identity

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        raise NotImplementedError

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        raise NotImplementedError

    def encode_query(self, text: str) -> Vectors:
        raise NotImplementedError


def _check_indexes(
    folder: Path, identity: ModelIdentity, state: StoreReport, progress: Progress | None
) -> Report:
    """Check the indexes of an intact store, and rebuild them if necessary."""
    model = _StoredModel(identity)
    with PassageIndex(folder, model, create=False, read_only=True) as index:
        problems, compared = index.index_problems, index.find_mismatches(progress)
        is_repaired = index.writable  # opening rebuilds missing and damaged files
    found = (*(f"{name} {problem}." for name, problem in problems.items()), *compared.derived)
    done = tuple(f"{name} was rebuilt from the database." for name in problems)
    if compared.derived:
        with PassageIndex(folder, model, create=False, rebuild=True) as index:
            is_repaired = index.writable
            if is_repaired:
                compared = index.find_mismatches(progress)
                done = ("The indexes were rebuilt from the database.",)
    if found and not is_repaired:
        msg = (
            f"{' '.join(found)} The indexes cannot be rebuilt because the library cannot be "
            "written to. Check its permissions, or copy it to a folder that you may write to."
        )
        raise LibraryUnwritable(msg)
    verdict = Verdict.REPAIRED if found else Verdict.SOUND
    if compared.derived or compared.vectors:
        found, verdict = (*found, *compared.vectors), Verdict.REEMBED
    return Report(verdict, state.articles, state.chunks, found, done)


_HEADER_BYTES = 100
_MAX_BYTES = 1 << 40  # of the sparse copy; a header with more is damaged
_MAX_KEYS = 100_000
"""How many articles are tried if their number cannot be read."""


def salvage_articles(folder: Path) -> Iterator[Article | None]:
    """Yield each intact article of a library, and None for each damaged one.

    It reads a copy of the database. If the list of articles cannot be read, every possible one is
    tried, and removed articles count as damaged.

    Raises:
        LibraryMissing: There is no library in ``folder``.
        LibraryDamaged: Nothing can be read.
        LibraryUnwritable: There is no room for the copy.
        LibraryError: The library cannot be opened for another reason.
    """
    check_folder(folder, create=False)
    with contextlib.ExitStack() as stack:
        with temporary_folder_errors():
            temporary = tempfile.TemporaryDirectory(prefix="article-qa-")
            # SQLite keeps the WAL beside the target of a link.
            database = (folder / STORE_FILE).resolve()
            copy = _copy(database, Path(stack.enter_context(temporary)))
        db = Database(copy, create=False)
        stack.callback(db.close)
        originals = Originals(database.parent / ORIGINALS_FOLDER)
        for key in _keys(db):
            article = readable_article(db, key)
            yield article and replace(article, file=_kept_file(db, originals, article.id))


def _kept_file(db: Database, originals: Originals, article_id: str) -> SourceFile | None:
    """Return the file of an article with its layouts; None if any of it cannot be read."""
    try:
        for name, sha256 in db.read(f"{SELECT_FILE} WHERE id = ?", (article_id,)):
            data = originals.read(sha256)
            rows = db.read(f"{SELECT_LAYOUT} WHERE id = ? ORDER BY page", (article_id,))
            if data is not None:
                return SourceFile(name, data, tuple(map(layout_of, rows)))
    except LibraryError:
        return None
    return None


def _copy(database: Path, folder: Path) -> Path:
    """Return a copy of a database; if its end is missing, the copy is extended."""
    copy, wal = folder / STORE_FILE, Path(f"{database}-wal")
    shutil.copyfile(database, copy)
    if wal.exists():
        shutil.copyfile(wal, f"{copy}-wal")
    with copy.open("r+b") as file:
        header = file.read(_HEADER_BYTES)
        if len(header) == _HEADER_BYTES:
            page_bytes = int.from_bytes(header[16:18], "big")
            length = page_bytes * int.from_bytes(header[28:32], "big")
            # SQLite refuses a file that is shorter than its header says.
            if copy.stat().st_size < length < _MAX_BYTES:
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
        return min(int(rows[0][0]), _MAX_KEYS)
    except (LibraryError, IndexError, TypeError, ValueError):
        return _MAX_KEYS
