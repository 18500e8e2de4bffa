"""Check a library on Milvus, and delete what killed writers have left in it.

What belongs to no article is deleted only when it is a day old: it may be of an article that is
just being added. The rows of removed articles stay, without their titles: deleting one could meet
the same article being added again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from index.embedding.embedder import Progress
from index.errors import ArticleNotFound, LibraryDamaged, LibraryMissing
from index.library_address import MilvusAccess, MilvusAddress
from index.maintenance import LENGTH_TOLERANCE, Report, Verdict, matches_article, shortened
from index.milvus.article_rows import ArticleRow
from index.milvus.articles import MilvusArticles
from index.milvus.chunk_rows import ChunkRows
from index.milvus.connection import Connection, Row
from index.milvus.parts import token_of
from index.milvus.schema import (
    CHUNKS_PREFIX,
    VECTOR,
    Collection,
    collections_named,
    index_type_for,
    is_too_small,
)
from index.types import id_of_text

_OLD_SECONDS = 24 * 3_600
_DELETED_AT_ONCE = 10_000


@dataclass(slots=True)
class _Findings:
    """Problems, in sentences, by how bad they are."""

    damage: list[str] = field(default_factory=list)
    """Articles are lost or changed."""
    chunk_damage: list[str] = field(default_factory=list)
    """Articles are intact, but not their passages."""
    leftovers: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)


def check_milvus(
    address: MilvusAddress,
    access: MilvusAccess,
    progress: Progress | None = None,
    *,
    reindex: bool = False,
    now: Callable[[], float] = time.time,
) -> Report:
    """Compare every article of a shelf with its passages, and delete what belongs to none.

    Args:
        address: The library.
        access: How to reach it.
        progress: Called with (articles read, articles).
        reindex: Whether to give the vectors the index that fits their number. No question can be
            answered meanwhile.
        now: Returns the present time, in seconds since 1970.

    Raises:
        LibraryMissing: There is no library.
        LibraryError: Milvus cannot be used.
    """
    connection = Connection(address, access, create=False)
    try:
        names = [n for n in connection.collections() if n.startswith(CHUNKS_PREFIX)]
        if not names:
            msg = f"There is no library at {address}."
            raise LibraryMissing(msg)
        return _Check(connection, address, collections_named(sorted(names)[0]), now).run(
            access.index, progress, reindex=reindex
        )
    finally:
        connection.close()


class _Check:
    def __init__(
        self,
        connection: Connection,
        address: MilvusAddress,
        wanted: tuple[Collection, Collection, Collection],
        now: Callable[[], float],
    ) -> None:
        articles, parts, chunks = (collection.name for collection in wanted)
        self._connection, self._shelf, self._now = connection, address.shelf, now
        self._parts_name, self._collection = parts, wanted[-1]
        self._chunks = ChunkRows(connection, chunks, address.shelf)
        self._store = MilvusArticles(
            connection, (articles, parts), address.shelf, self._chunks, read_only=True
        )
        self._found = _Findings()

    def run(self, setting: str, progress: Progress | None, *, reindex: bool) -> Report:
        rows = self._store.all_rows()
        bodies = self._store.bodies()
        intact = passages = 0
        for done, row in enumerate(rows.values(), start=1):
            sound, count = self._article(row)
            intact += sound
            passages += count
            if progress:
                progress(done, len(rows))
        versions = {row.version for row in rows.values()}
        self._sweep(self._collection.name, "passages", lambda row: row["version"], versions)
        self._sweep(self._parts_name, "parts of texts", lambda row: token_of(row["id"]), bodies)
        self._check_index(setting, passages, reindex=reindex)
        return self._report(intact, passages)

    def _report(self, articles: int, passages: int) -> Report:
        found = self._found
        verdict = Verdict.REPAIRED if found.done else Verdict.SOUND
        if found.chunk_damage:
            verdict = Verdict.REEMBED
        if found.damage:
            verdict = Verdict.DAMAGED
        problems = (*shortened(found.damage), *shortened(found.chunk_damage), *found.leftovers)
        return Report(verdict, articles, passages, problems, tuple(found.done))

    def _article(self, row: ArticleRow) -> tuple[bool, int]:
        """Check an article; return whether it is intact, and the number of its passages."""
        name = f"“{row.title}” ({row.article_id[:8]})"
        try:
            article = self._store.article(row.article_id)
            if id_of_text(article.text) != row.article_id:
                self._found.damage.append(f"The text of {name} has been changed.")
                return False, 0
            read = self._chunks.read(self._store.row(row.article_id))
            if read is None:
                self._found.chunk_damage.append(f"{name} lacks some of its passages.")
                return True, 0
            count = wrong = 0
            for chunks, vectors in read:
                count += len(chunks)
                wrong += sum(not matches_article(chunk, article) for chunk in chunks)
                lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
                wrong += int((~(abs(lengths - 1) < LENGTH_TOLERANCE)).sum())
        except ArticleNotFound:  # removed meanwhile
            return False, 0
        except LibraryDamaged as error:
            self._found.damage.append(f"{name}: {error}")
            return False, 0
        if wrong:
            self._found.chunk_damage.append(f"{wrong} passages or vectors of {name} are wrong.")
        return True, count

    def _sweep(
        self,
        name: str,
        what: str,
        owner_of: Callable[[Row], str],
        owners: Iterable[str],
    ) -> None:
        """Delete the rows of a collection that belong to none of ``owners`` and are old."""
        known, before = set(owners), self._now() - _OLD_SECONDS
        fields = ["id", "written", *(["version"] if name == self._collection.name else [])]
        counts: Counter[str] = Counter()
        old: list[str] = []
        for row in self._connection.scan(name, f'shelf == "{self._shelf}"', fields):
            if owner_of(row) in known:
                continue
            is_old = row["written"] < before
            counts["old" if is_old else "new"] += 1
            if is_old:
                old.append(row["id"])
            if len(old) >= _DELETED_AT_ONCE:
                self._connection.delete(name, old)
                old.clear()
        self._connection.delete(name, old)
        if counts["old"]:
            self._found.done.append(
                f"{counts['old']} {what} that belong to no article were deleted."
            )
        if counts["new"]:
            self._found.leftovers.append(
                f"{counts['new']} {what} belong to no article, or to one that is being added. "
                "They are deleted by a check after a day."
            )

    def _check_index(self, setting: str, passages: int, *, reindex: bool) -> None:
        """Report an index of vectors that does not fit their number; replace it if wanted."""
        present = self._connection.index_type(self._collection.name, VECTOR)
        wanted = index_type_for(passages, setting)
        if reindex and present != wanted:
            self._connection.replace_index(self._collection, VECTOR, wanted)
            self._found.done.append(f"The index of vectors is {wanted} now, instead of {present}.")
        elif is_too_small(present, passages):
            self._found.leftovers.append(
                f"The index of vectors, {present}, is slow or large for {passages:,} passages; "
                f"{wanted} fits. To replace it, during which no question is answered, run the "
                "check with --reindex."
            )
