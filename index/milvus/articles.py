"""The articles of a library on Milvus.

Milvus has no transactions, and no write that depends on what is there. So every addition and
every change of a title writes all of an article under names (of its body and of the version of
its chunks) that are drawn for it, and then one row, which names them and makes them visible. A
removal overwrites that row first.

That no reader sees half of an article, whoever else writes and whoever dies when, follows from
this: a row is written with the same names once at most, after all that they name. What a row
names is deleted only by who has not written that row yet and will not, or by who has read it and
then written another over it; no later write can bring the names back. Of two writers of the same
article the later wins: a title that is changed while the article is removed may bring it back,
whole. What a killed writer leaves is named by no row, and :mod:`index.milvus.maintenance` deletes
it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from index.errors import ArticleNotFound, LibraryError, LibraryUnwritable
from index.milvus.article_rows import (
    ARTICLE,
    FILE,
    REVISION,
    ArticleRow,
    FileRow,
    Stored,
    is_id,
    kind_of,
    value_of,
)
from index.milvus.bodies import Bodies
from index.milvus.chunk_rows import ChunkRows, ChunksMissing
from index.milvus.connection import Connection
from index.milvus.parts import Parts, damaged
from index.milvus.schema import UNUSED
from index.source_file import PageLayout, PageShape, SourceFile
from index.store.rows import article_not_found
from index.types import Article, ArticleInfo, PassageSource

_FIELDS = ("kind", "live", "changed", "value")
_OVERLAP_NS = 300 * 10**9
"""How far the clocks of writers may differ."""
_FULL_READ_SECONDS = 12 * 3_600
"""Rows of removed articles are kept for longer than this."""
_TRIES = 5


class MilvusArticles:
    """The articles of one shelf. Thread-safe.

    Args:
        connection: The database.
        names: The collections of articles and of parts.
        shelf: The shelf.
        chunks: Its chunks.
        read_only: Whether changes raise LibraryUnwritable.
    """

    def __init__(
        self,
        connection: Connection,
        names: tuple[str, str],
        shelf: str,
        chunks: ChunkRows,
        *,
        read_only: bool,
    ) -> None:
        self._connection, self._shelf, self._chunks = connection, shelf, chunks
        self._name = names[0]
        self.contents = Bodies(Parts(connection, names[1], shelf))
        self.read_only = read_only
        self._lock = threading.Lock()
        self._revision: str | None = None
        self._read_at = -float(_FULL_READ_SECONDS)
        self._latest = 0
        self._rows: dict[str, ArticleRow] = {}
        self._files: dict[str, FileRow] = {}

    def check_writable(self) -> None:
        """Raise LibraryUnwritable if the library was opened read-only."""
        if self.read_only:
            msg = "The library was opened read-only. Open it without that to change it."
            raise LibraryUnwritable(msg)

    def revision(self) -> str:
        """Return what changes with every change of the shelf."""
        rows = self._connection.get(self._name, [f"{self._shelf}:{REVISION}"], ["value"])
        return str(rows[0]["value"]) if rows else ""

    def rows(self, article_ids: Iterable[str], *, strong: bool = False) -> dict[str, ArticleRow]:
        """Return the rows of those of the articles that are there, by id."""
        ids = [self._id(ARTICLE, each) for each in set(article_ids) if is_id(each)]
        found = self._connection.get(self._name, ids, _FIELDS, strong=strong)
        stored = [Stored.of(values) for values in found]
        rows = [each.row for each in stored if each.live]
        return {row.article_id: row for row in rows if isinstance(row, ArticleRow)}

    def row(self, article_id: str) -> ArticleRow:
        """Return the row of an article as it is now.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        found = self.rows([article_id], strong=True).get(article_id)
        if found is None:
            raise article_not_found(article_id)
        return found

    def all_rows(self) -> dict[str, ArticleRow]:
        """Return the row of every article by its id, in the order they were added."""
        self._refresh()
        return self._rows

    def bodies(self) -> set[str]:
        """Return the tokens of the parts of all articles and files."""
        self._refresh()
        articles = {row.body for row in self._rows.values()}
        return articles | {row.body for row in self._files.values()}

    def _refresh(self) -> None:
        """Bring the rows in memory to the present revision, reading only what changed."""
        revision = self.revision()
        with self._lock:
            if revision == self._revision:
                return
            everything = time.monotonic() - self._read_at > _FULL_READ_SECONDS
            condition = f'shelf == "{self._shelf}" and kind != "{REVISION}"'
            if everything:
                rows, files, latest = {}, {}, 0
                condition += " and live == true"
            else:
                rows, files, latest = dict(self._rows), dict(self._files), self._latest
                condition += f" and changed >= {latest - _OVERLAP_NS}"
            started = time.monotonic()
            for values in self._connection.scan(self._name, condition, _FIELDS):
                stored = Stored.of(values)
                latest = max(latest, stored.changed)
                kept: dict[str, Any] = rows if stored.kind == ARTICLE else files
                if stored.row and stored.live:
                    kept[stored.row.article_id] = stored.row
                elif stored.row:
                    kept.pop(stored.row.article_id, None)
            ordered = sorted(rows.values(), key=lambda row: (row.position, row.article_id))
            self._rows = {row.article_id: row for row in ordered}
            self._files, self._latest, self._revision = files, latest, revision
            if everything:
                self._read_at = started

    def articles(self) -> list[Article]:
        """Return every article, in the order they were added."""
        articles = []
        for article_id in list(self.all_rows()):
            try:
                articles.append(self.article(article_id))
            except ArticleNotFound:  # removed meanwhile
                continue
        return articles

    def catalogue(self) -> list[ArticleInfo]:
        """Return all but the text of every article, in the order they were added."""
        rows = self.all_rows()
        files = self._files
        return [
            row.info(files[article_id].size if article_id in files else 0)
            for article_id, row in rows.items()
        ]

    def titles(
        self, article_ids: Iterable[str] | None = None, *, limit: int | None = None
    ) -> dict[str, str]:
        """Return titles by id, without those of articles that were removed.

        They are those of ``article_ids``; or for None of all articles, or the first ``limit``, in
        the order they were added.
        """
        rows = self.all_rows() if article_ids is None else self.rows(article_ids)
        return {row.article_id: row.title for row in islice(rows.values(), limit)}

    def count(self) -> int:
        """Return the number of articles."""
        return len(self.all_rows())

    def article(self, article_id: str) -> Article:
        """Return the article with this id.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        for _ in range(_TRIES):
            article = self.contents.read(self.row(article_id))
            if article is not None:
                return article
        msg = f"the text of {article_id} is missing"
        raise damaged(msg)

    def passage_sources(self, article_ids: Iterable[str]) -> dict[str, PassageSource]:
        """Return the title and page starts of each article, without those that were removed."""
        sources = {}
        for article_id, row in self.rows(article_ids).items():
            pages = self.contents.page_starts(row)
            if pages is not None:
                sources[article_id] = PassageSource(row.title, pages)
        return sources

    def new_row(self, article: Article) -> ArticleRow:
        """Return a row with new names for an article, of which nothing is stored yet."""
        return ArticleRow(
            article_id=article.id,
            title=article.title,
            source=article.source,
            added_at=article.added_at or datetime.now(UTC).isoformat(timespec="seconds"),
            position=time.time_ns(),
            characters=len(article.text),
            pages=len(article.pages),
            body=secrets.token_hex(8),
            text_pieces=0,
            structure_pieces=0,
            page_pieces=0,
            version=secrets.token_hex(6),
            chunks=0,
            shown=0,
        )

    def show(self, row: ArticleRow, file: FileRow | None = None) -> None:
        """Make an article visible, as this row has it, and with it its file.

        If this raises, the row may have been written all the same: keep what it names.
        """
        shown = replace(row, shown=time.time_ns())
        self._write([shown] if file is None else [file, shown], live=True)

    def discard(self, row: ArticleRow, file: FileRow | None = None) -> None:
        """Delete all that a row names which is not stored, and never will be again."""
        with suppress(LibraryError):  # it is not visible, and maintenance deletes it later
            self.contents.delete(row)
            if row.chunks:
                self._chunks.delete(row)
            else:  # how many were written is not known
                self._chunks.delete_version(row.version)
            if file is not None:
                self.contents.delete_file(file)

    def _write(self, rows: Sequence[ArticleRow | FileRow], *, live: bool) -> None:
        """Write rows, and with them, in one message, the shelf's revision."""
        common = {"shelf": self._shelf, "changed": time.time_ns(), UNUSED: [0.0, 0.0]}
        changed = [
            {
                "id": self._id(kind_of(row), row.article_id),
                "kind": kind_of(row),
                "live": live,
                "value": value_of(row if live else row.without_names()),
            }
            for row in rows
        ]
        revision = {
            "id": f"{self._shelf}:{REVISION}",
            "kind": REVISION,
            "live": True,
            "value": secrets.token_hex(8),
        }
        self._connection.upsert(self._name, [each | common for each in (*changed, revision)])

    def rename(self, article_id: str, title: str) -> None:
        """Change the title of an article; its vectors stay those made with the old title.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        self.check_writable()
        for _ in range(_TRIES):
            old = self.row(article_id)
            if old.title == title or self._replaced(old, title):
                return
        msg = f"the text or passages of {article_id} are missing"
        raise damaged(msg)

    def _replaced(self, old: ArticleRow, title: str) -> bool:
        """Copy an article under another title, and return whether it replaced the old row.

        Not if that was removed or changed meanwhile.
        """
        article, chunks = self.contents.read(old), self._chunks.read(old)
        if article is None or chunks is None:
            return False
        new = replace(
            self.new_row(article), title=title, added_at=old.added_at, position=old.position
        )
        try:
            new = self.contents.write(new, article)
            count = self._chunks.write(old.article_id, new.version, title, chunks)
            new = replace(new, chunks=count)
            is_current = self.row(old.article_id).version == old.version
        except ChunksMissing:
            is_current = False
        except BaseException:
            self.discard(new)
            raise
        if is_current:
            self.show(new)
        self.discard(old if is_current else new)
        return is_current

    def add_file(self, article_id: str, file: SourceFile) -> None:
        """Keep the file of an article that has none, which was read to the same text."""
        if not self._file_row(article_id):
            self._write([self.contents.write_file(article_id, file)], live=True)

    def remove(self, article_id: str) -> None:
        """Remove an article with its chunks and its file; the first write hides them.

        Raises:
            ArticleNotFound: There is no article with this id.
        """
        self.check_writable()
        row, file = self.row(article_id), self._file_row(article_id)
        self._write([row] if file is None else [file, row], live=False)
        self.discard(row, file)

    def source_file(self, article_id: str) -> SourceFile | None:
        """Return the file of an article, without its layouts; None if none is kept."""
        row = self._file_row(article_id)
        return self.contents.read_file(row) if row else None

    def page_shapes(self, article_id: str) -> tuple[PageShape, ...]:
        """Return the size of each page as printed, in order; empty if that is not known."""
        row = self._file_row(article_id)
        return self.contents.page_shapes(row) if row else ()

    def page_layout(self, article_id: str, page: int) -> PageLayout | None:
        """Return where the words of a page are, page 1 first; None if that is not known."""
        row = self._file_row(article_id)
        return self.contents.page_layout(row, page) if row else None

    def _file_row(self, article_id: str) -> FileRow | None:
        """Return the row of an article's file, of an article that is there."""
        if not is_id(article_id):
            return None
        ids = [self._id(FILE, article_id), self._id(ARTICLE, article_id)]
        found = self._connection.get(self._name, ids, _FIELDS, strong=True)
        stored = {each.kind: each for each in map(Stored.of, found) if each.live}
        row = stored[FILE].row if len(stored) == len(ids) else None
        return row if isinstance(row, FileRow) else None

    def _id(self, kind: str, article_id: str) -> str:
        return f"{self._shelf}:{kind}:{article_id}"
