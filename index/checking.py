"""A library checked in full, and what is derived in it mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from index.database import Database
from index.embedder import ModelIdentity, Progress, Vectors
from index.errors import LibraryDamaged, LibraryUnwritable
from index.library_folder import RECORD, check_folder
from index.passage_index import PassageIndex
from index.record_check import RecordState, record_state


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
    path = folder / RECORD
    try:
        db = _opened(path)
    except LibraryDamaged as error:
        return Report(Verdict.DAMAGED, 0, 0, (str(error),))
    try:
        state = record_state(db, progress)
        identity = _identity(db, state)
    finally:
        db.close()
    if state.damage:
        return Report(Verdict.DAMAGED, state.articles, state.chunks, state.damage)
    if state.underivable:
        return Report(Verdict.REEMBED, state.articles, state.chunks, state.underivable)
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


def _identity(db: Database, state: RecordState) -> ModelIdentity | None:
    """Return the model of a record that is sound; None if it has none yet."""
    if state.damage:
        return None
    rows = db.read("SELECT model_name, model_sha256, dimension FROM library")
    return ModelIdentity(*rows[0]) if rows else None


def _with_derived(
    folder: Path, identity: ModelIdentity, state: RecordState, progress: Progress | None
) -> Report:
    """Return the report on a library whose record is sound, and mend what is derived."""
    model = _Recorded(identity)
    with PassageIndex(folder, model, create=False, read_only=True) as index:
        faults, compared = index.faults, index.disagreements(progress)
        is_mended = index.writable  # what was missing or damaged was rebuilt when it was opened
    found = (*(f"{name} {fault}." for name, fault in faults.items()), *compared.derived)
    done = tuple(f"{name} was rebuilt from the record." for name in faults)
    if compared.derived:
        with PassageIndex(folder, model, create=False, rebuild=True) as index:
            is_mended = index.writable
            if is_mended:
                compared = index.disagreements(progress)
                done = ("All that is derived from the record was rebuilt.",)
    if found and not is_mended:
        msg = f"{' '.join(found)} It cannot be mended where the library cannot be written to."
        raise LibraryUnwritable(msg)
    verdict = Verdict.MENDED if found else Verdict.SOUND
    if compared.derived or compared.vectors:
        found, verdict = (*found, *compared.vectors), Verdict.REEMBED
    return Report(verdict, state.articles, state.chunks, found, done)
