"""Check a library in full, repair what is derived, and salvage what a damaged store has left."""

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


class Verdict(StrEnum):
    """What is to be done about a library, from nothing to the worst."""

    SOUND = "sound"
    """Nothing: all of it agrees."""
    MENDED = "mended"
    """Nothing any more: what is derived was made anew."""
    REEMBED = "reembed"
    """The articles are sound; their passages or vectors are not and have to be made anew."""
    DAMAGED = "damaged"
    """Articles are lost or changed."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found and did."""

    verdict: Verdict
    articles: int
    """Articles that are as they were added."""
    passages: int
    found: tuple[str, ...] = ()
    """What was wrong, in sentences."""
    done: tuple[str, ...] = ()
    """What was made anew, in sentences."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


def check_library(folder: Path, progress: Progress | None = None) -> Report:
    """Check all of the library in ``folder``, and mend what is derived from its record.

    The record itself is never changed. ``progress`` is called with (articles read, articles),
    and then with (passages compared, passages).

    Raises:
        LibraryError: There is no library, it is of a newer format, or another process
            kept it locked for longer than the stated time.
    """
    check_folder(folder, create=False)
    path = folder / STORE_FILE
    try:
        db = _opened(path)
    except LibraryDamaged as error:
        return Report(Verdict.DAMAGED, 0, 0, (str(error),))
    try:
        state = check_store(db, progress)
        identity = _identity(db, state)
    finally:
        db.close()
    if state.damage:
        return Report(Verdict.DAMAGED, state.articles, state.chunks, state.damage)
    if state.chunk_damage:
        return Report(Verdict.REEMBED, state.articles, state.chunks, state.chunk_damage)
    if identity is None:
        return Report(Verdict.SOUND, 0, 0)
    return _with_derived(folder, identity, state, progress)


def _opened(path: Path) -> Database:
    """Open a record for reading only, or for writing if its format must be brought up to date."""
    try:
        return Database(path, create=False, read_only=True)
    except LibraryUnwritable:
        return Database(path, create=False)


class _Recorded:
    """Stands for the model of a library whose vectors are read and not made."""

    max_tokens = 0

    def __init__(self, identity: ModelIdentity) -> None:
        self.identity = identity

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        raise NotImplementedError

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        raise NotImplementedError

    def encode_query(self, text: str) -> Vectors:
        raise NotImplementedError


def _identity(db: Database, state: StoreReport) -> ModelIdentity | None:
    """Return the model of a record that is sound; None if it has none yet."""
    if state.damage:
        return None
    rows = db.read("SELECT model_name, model_sha256, dimension FROM library")
    return ModelIdentity(*rows[0]) if rows else None


def _with_derived(
    folder: Path, identity: ModelIdentity, state: StoreReport, progress: Progress | None
) -> Report:
    """Return the report on a library whose record is sound, and mend what is derived."""
    model = _Recorded(identity)
    with PassageIndex(folder, model, create=False, read_only=True) as index:
        index_problems, compared = index.index_problems, index.find_mismatches(progress)
        is_mended = index.writable  # what was missing or damaged was rebuilt when it was opened
    found = (*(f"{name} {problem}." for name, problem in index_problems.items()), *compared.derived)
    done = tuple(f"{name} was rebuilt from the record." for name in index_problems)
    if compared.derived:
        with PassageIndex(folder, model, create=False, rebuild=True) as index:
            is_mended = index.writable
            if is_mended:
                compared = index.find_mismatches(progress)
                done = ("All that is derived from the record was rebuilt.",)
    if found and not is_mended:
        msg = f"{' '.join(found)} It cannot be mended where the library cannot be written to."
        raise LibraryUnwritable(msg)
    verdict = Verdict.MENDED if found else Verdict.SOUND
    if compared.derived or compared.vectors:
        found, verdict = (*found, *compared.vectors), Verdict.REEMBED
    return Report(verdict, state.articles, state.chunks, found, done)


_HEADER_BYTES = 100
_MOST_BYTES = 1 << 40  # more is a damaged header's; the file is sparse
_MOST_KEYS = 100_000
"""Articles that are tried one by one where the record does not tell how many there are."""


def salvage_articles(folder: Path) -> Iterator[Article | None]:
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
            record = (folder / STORE_FILE).resolve()
            copy = _copied(record, Path(stack.enter_context(place)))
        db = Database(copy, create=False)
        stack.callback(db.close)
        for key in _keys(db):
            yield readable_article(db, key)


def _copied(record: Path, place: Path) -> Path:
    """Return a copy of a record; if its end is missing, one that is as long as it was."""
    copy, wal = place / STORE_FILE, Path(f"{record}-wal")
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
