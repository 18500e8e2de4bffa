"""Check a library, rebuild its damaged indexes, and salvage the articles of a damaged store."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from index.embedding.embedder import ModelIdentity, Progress, Vectors
from index.errors import LibraryDamaged, LibraryError, LibraryUnwritable
from index.search.passage_index import PassageIndex
from index.store.database import Database, temporary_folder_errors
from index.store.folder import STORE_FILE, check_folder
from index.store.integrity import StoreReport, check_store, readable_article
from index.types import Article

_SELECT_MODEL = "SELECT model_name, model_sha256, dimension FROM library"


class Verdict(StrEnum):
    """The result of a check, from good to bad."""

    SOUND = "sound"
    """The library is intact."""
    MENDED = "mended"
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
    finally:
        db.close()
    if state.damage:
        return Report(Verdict.DAMAGED, state.articles, state.chunks, state.damage)
    if state.chunk_damage:
        return Report(Verdict.REEMBED, state.articles, state.chunks, state.chunk_damage)
    if not rows:
        return Report(Verdict.SOUND, 0, 0)
    return _check_indexes(folder, ModelIdentity(*rows[0]), state, progress)


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
        is_mended = index.writable  # opening rebuilds missing and damaged files
    found = (*(f"{name} {problem}." for name, problem in problems.items()), *compared.derived)
    done = tuple(f"{name} was rebuilt from the database." for name in problems)
    if compared.derived:
        with PassageIndex(folder, model, create=False, rebuild=True) as index:
            is_mended = index.writable
            if is_mended:
                compared = index.find_mismatches(progress)
                done = ("The indexes were rebuilt from the database.",)
    if found and not is_mended:
        msg = (
            f"{' '.join(found)} The indexes cannot be rebuilt because the library cannot be "
            "written to. Check its permissions, or copy it to a folder that you may write to."
        )
        raise LibraryUnwritable(msg)
    verdict = Verdict.MENDED if found else Verdict.SOUND
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
        for key in _keys(db):
            yield readable_article(db, key)


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
