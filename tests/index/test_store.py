from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.embedding.embedder import ModelIdentity
from index.errors import (
    ArticleNotFound,
    LibraryDamaged,
    LibraryError,
    LibraryLocked,
    LibraryTooNew,
    LibraryUnwritable,
    WrongModel,
)
from index.source_file import PageLayout, SourceFile
from index.store import schema
from index.store.database import Database
from index.store.rows import NEW, ChunkSpool
from index.store.schema import SCHEMA_VERSION
from index.store.store import Store
from index.structure import Cell, Mark, MarkKind, Table
from index.types import Article, ArticleInfo, Chunk, Heading, Span

MODEL = ModelIdentity("model", "0" * 64, 2)


def article_with_chunks(text: str) -> tuple[Article, list[Chunk], np.ndarray]:
    article = Article.from_text(
        text, title="T", source="s", headings=(Heading(0, 1, 1),), pages=(0, 1)
    )
    chunks = [
        Chunk(article.id, 0, 1, text[:1], "H", (Span(0, 1),)),
        Chunk(article.id, 1, len(text), text[1:], "", (Span(1, 2), Span(2, len(text)))),
    ]
    return article, chunks, np.array([[1, 0], [0, 1]], dtype=np.float32)


def add(storage: Store, article: Article, chunks: list[Chunk], vectors: np.ndarray) -> bool:
    with ChunkSpool() as embedded:
        embedded.add(article.id, chunks, vectors)
        return storage.add(article, embedded)


def added(storage: Store, text: str) -> Article:
    article, chunks, vectors = article_with_chunks(text)
    add(storage, article, chunks, vectors)
    return article


FILE = SourceFile(
    "report.pdf", b"%PDF", (PageLayout.of_words(100, 200, [(0, 1, 10, 20, 50, 40)], 0.5),)
)


@pytest.fixture(params=["memory", "disk"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(None if request.param == "memory" else tmp_path / "library.sqlite", MODEL)


def test_an_added_article_is_read_back_unchanged(storage: Store) -> None:
    article, chunks, vectors = article_with_chunks("a\x00b🙂\u2028c")
    assert add(storage, article, chunks, vectors)
    stored = storage.article(article.id)
    assert stored.added_at is not None
    assert replace(stored, added_at=None) == article
    first, last = storage.chunk_ranges([article.id])[0]
    assert [s.chunk for s in storage.chunks_between(first, last)] == chunks
    ids, read = storage.vectors_between(first, last)
    assert ids.tolist() == [first, last]
    np.testing.assert_array_equal(read, vectors)


def test_the_same_text_twice_is_one_article(storage: Store) -> None:
    assert add(storage, *article_with_chunks("abc"))
    revision = storage.revision()
    assert not add(storage, *article_with_chunks("abc"))
    assert storage.revision() == revision
    assert len(storage.articles()) == 1


def test_removing_an_article_removes_all_that_belongs_to_it(storage: Store) -> None:
    article = added(storage, "abc")
    storage.remove(article.id)
    assert storage.articles() == []
    assert storage.chunk_count() == 0
    assert storage.vectors_between(0, 100)[0].size == 0
    with pytest.raises(ArticleNotFound):
        storage.remove(article.id)
    with pytest.raises(ArticleNotFound):
        storage.article(article.id)


def test_the_catalogue_tells_all_but_the_texts_in_the_order_they_were_added(
    storage: Store,
) -> None:
    articles = [added(storage, text) for text in ("a\x00b🙂\u2028c", "🙂é\nz", "plain")]
    assert [info.id for info in storage.catalogue()] == [article.id for article in articles]
    assert storage.catalogue() == [ArticleInfo.of(article) for article in storage.articles()]
    assert [info.characters for info in storage.catalogue()] == [6, 4, 5]


def chunks_of(storage: Store, article: Article) -> list[tuple[Chunk, list[float]]]:
    """Return the chunks of an article with their vectors."""
    ((first, last),) = storage.chunk_ranges([article.id])
    vectors = storage.vectors_between(first, last)[1].tolist()
    chunks = [stored.chunk for stored in storage.chunks_between(first, last)]
    return list(zip(chunks, vectors, strict=True))


def test_a_renamed_article_keeps_all_but_its_title(storage: Store) -> None:
    article, other = added(storage, "abc"), added(storage, "xyz")
    before, revision = storage.article(article.id), storage.revision()
    chunks = chunks_of(storage, article)
    storage.rename(article.id, "New")
    assert storage.article(article.id) == replace(before, title="New")
    assert storage.article(other.id).title == "T"
    assert storage.passage_sources([article.id])[article.id].title == "New"
    assert chunks_of(storage, article) == chunks
    # What is derived from title and chunks reads them again.
    assert [change.added for change in storage.changes_since(revision)] == [False, True]
    revision = storage.revision()
    storage.rename(article.id, "New")
    assert storage.revision() == revision
    with pytest.raises(ArticleNotFound):
        storage.rename("no-such-id", "New")


def test_chunk_ids_are_never_used_again(storage: Store) -> None:
    article = added(storage, "abc")
    before = storage.chunk_ranges([article.id])[0]
    storage.remove(article.id)
    added(storage, "abc")
    assert storage.chunk_ranges([article.id])[0][0] > before[1]


def test_the_changes_since_a_revision_are_listed(storage: Store) -> None:
    first = added(storage, "abc")
    seen = storage.revision()
    added(storage, "xyz")
    storage.remove(first.id)
    assert [(c.added, c.first_chunk, c.last_chunk) for c in storage.changes_since(seen)] == [
        (True, 3, 4),
        (False, 1, 2),
    ]
    assert storage.contains_revision(seen)
    assert storage.contains_revision(NEW)
    assert not storage.contains_revision(seen._replace(token=seen.token + 1))


def test_an_error_inside_an_addition_leaves_nothing(storage: Store) -> None:
    class Breaking(ChunkSpool):
        def rows(self, article_id: str) -> Iterator[tuple[tuple[object, ...], bytes]]:
            yield next(super().rows(article_id))
            raise KeyboardInterrupt

    article, chunks, vectors = article_with_chunks("abc")
    with Breaking() as embedded:
        embedded.add(article.id, chunks, vectors)
        with pytest.raises(KeyboardInterrupt):
            storage.add(article, embedded)
    assert storage.articles() == []
    assert storage.revision() == NEW
    assert add(storage, article, chunks, vectors)


def test_a_library_of_another_model_is_refused_with_the_command(tmp_path: Path) -> None:
    Store(tmp_path / "l", MODEL).close()
    with pytest.raises(WrongModel, match="article-qa reembed"):
        Store(tmp_path / "l", ModelIdentity("other", "1" * 64, 2))


def test_a_library_of_an_unreleased_format_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "l", MODEL).close()
    with sqlite3.connect(tmp_path / "l") as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(LibraryError, match="Add its articles to a new library"):
        Store(tmp_path / "l", MODEL)


def test_a_library_of_version_0_2_is_upgraded_and_keeps_its_articles(tmp_path: Path) -> None:
    article = added(Store(tmp_path / "l", MODEL), "Old text")
    with sqlite3.connect(tmp_path / "l") as db:
        db.executescript(
            "DROP TABLE files; DROP TABLE layouts; ALTER TABLE texts DROP COLUMN structure;"
            "PRAGMA user_version = 3"
        )
    db.close()
    storage = Store(tmp_path / "l", MODEL)
    assert storage.articles() == [replace(article, added_at=storage.articles()[0].added_at)]
    storage.add_file(article.id, FILE)
    assert storage.source_file(article.id) is not None


def test_another_programs_database_of_the_same_version_is_left_alone(tmp_path: Path) -> None:
    Store(tmp_path / "l", MODEL).close()
    with sqlite3.connect(tmp_path / "l") as db:
        db.execute("PRAGMA application_id = 1")
    db.close()
    with pytest.raises(LibraryDamaged, match="another program"):
        Store(tmp_path / "l", MODEL)


def test_a_library_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "l", MODEL).close()
    with sqlite3.connect(tmp_path / "l") as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    with pytest.raises(LibraryTooNew, match="Update article-qa"):
        Store(tmp_path / "l", MODEL)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "l") as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    with pytest.raises(LibraryDamaged, match="another program"):
        Store(tmp_path / "l", MODEL)


def test_a_file_that_is_no_database_is_reported_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(b"no database at all" * 100)
    with pytest.raises(LibraryDamaged):
        Store(tmp_path / "l", MODEL)


def test_a_full_disk_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    storage = Store(tmp_path / "l", MODEL)
    added(storage, "before")
    with storage._db.transaction() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LibraryUnwritable, match="full"):
        added(storage, "x" * 100_000)
    assert [article.text for article in storage.articles()] == ["before"]


def test_a_folder_that_does_not_exist_says_so(tmp_path: Path) -> None:
    with pytest.raises(LibraryUnwritable, match="folder exists"):
        Store(tmp_path / "absent" / "l", MODEL)


def test_a_second_writer_is_refused_and_readers_are_not_blocked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.database.BUSY_SECONDS", 0.05)
    mine, theirs = Store(tmp_path / "l", MODEL), Store(tmp_path / "l", MODEL)
    other = sqlite3.connect(tmp_path / "l", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LibraryLocked, match="Try again"):
        add(mine, *article_with_chunks("abc"))
    assert theirs.articles() == []
    other.execute("ROLLBACK")
    other.close()
    assert add(mine, *article_with_chunks("abc"))
    assert len(theirs.articles()) == 1


def test_threads_read_while_another_writes(tmp_path: Path) -> None:
    storage = Store(tmp_path / "l", MODEL)
    counts: list[int] = []

    def read() -> None:
        counts.extend(storage.chunk_count() for _ in range(50))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(20):
        add(storage, *article_with_chunks(f"text {i}"))
    for thread in threads:
        thread.join()
    assert len(counts) == 150
    assert all(count % 2 == 0 for count in counts)  # never half an article
    assert storage.chunk_count() == 40


def test_a_library_that_another_process_makes_meanwhile_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"

    class Slow(sqlite3.Connection):
        def execute(self, *given: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3 has it
            if path.with_suffix(".made").exists():
                return super().execute(*given)
            first = super().execute(*given).fetchone()
            path.with_suffix(".made").touch()
            Database(path).close()
            return super().execute("SELECT ?", first)

    with contextlib.closing(sqlite3.connect(path, factory=Slow)) as db:
        schema.prepare(db, path, lambda: contextlib.nullcontext(db))
        assert db.execute("PRAGMA user_version").fetchone()[0] == schema.SCHEMA_VERSION


def test_a_full_temporary_folder_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    with pytest.raises(LibraryUnwritable, match="TMPDIR"):
        ChunkSpool()


def test_closing_waits_for_a_reader_of_the_database_in_memory() -> None:
    database = Database(None)
    closer = threading.Thread(target=database.close)
    with database.snapshot():
        closer.start()
        closer.join(0.5)
        assert database.read("SELECT 1") == [(1,)]
    closer.join()
    with pytest.raises(LibraryError, match="was closed"):
        database.read("SELECT 1")


def added_with_file(storage: Store, text: str, file: SourceFile = FILE) -> Article:
    article, chunks, vectors = article_with_chunks(text)
    add(storage, replace(article, file=file), chunks, vectors)
    return article


def test_the_file_of_an_article_and_its_page_layouts_are_kept(storage: Store) -> None:
    article = added_with_file(storage, "Text")
    file = storage.source_file(article.id)
    assert file is not None
    assert (file.name, file.data) == ("report.pdf", b"%PDF")
    layout = storage.page_layout(article.id, 1)
    assert layout is not None
    assert (layout.width, layout.height, layout.confidence) == (100, 200, 0.5)
    assert layout.boxes_between(0, 1)[0].tolist() == pytest.approx([0.1, 0.1, 0.5, 0.2], abs=1e-4)
    assert storage.page_layout(article.id, 2) is None
    assert storage.page_shapes(article.id) == (layout.shape,)
    assert storage.page_shapes("0" * 32) == ()
    assert storage.catalogue()[0].file_bytes == 4


def test_a_file_goes_with_the_last_article_that_was_read_from_it(tmp_path: Path) -> None:
    storage = Store(tmp_path / "library.sqlite", MODEL)
    one, other = added_with_file(storage, "One"), added_with_file(storage, "Other")
    stray = tmp_path / "originals" / ("0" * 64)  # of a process killed before its transaction ended
    stray.write_bytes(b"stray")
    storage.remove(one.id)
    assert storage.source_file(other.id) is not None
    assert not stray.exists()
    storage.remove(other.id)
    assert list((tmp_path / "originals").iterdir()) == []


def test_a_damaged_file_is_not_returned(tmp_path: Path) -> None:
    storage = Store(tmp_path / "library.sqlite", MODEL)
    article = added_with_file(storage, "Text")
    (kept,) = (tmp_path / "originals").iterdir()
    kept.write_bytes(b"%PDG")
    assert storage.source_file(article.id) is None
    assert storage.articles()


def test_nothing_is_added_if_the_file_cannot_be_kept(tmp_path: Path) -> None:
    storage = Store(tmp_path / "library.sqlite", MODEL)
    (tmp_path / "originals").write_text("in the way")
    with pytest.raises(LibraryUnwritable, match="keep_files"):
        added_with_file(storage, "Text")
    assert storage.articles() == []


def test_marks_and_tables_are_read_back_unchanged(storage: Store) -> None:
    article, chunks, vectors = article_with_chunks("a | b")
    table = Table(0, 5, (Cell(0, 1, 0, 0, is_header=True), Cell(4, 5, 0, 1)))
    mark = Mark(0, 1, MarkKind.LINK, "https://example.org")
    add(storage, replace(article, marks=(mark,), tables=(table,)), chunks, vectors)
    read = storage.article(article.id)
    assert (read.marks, read.tables) == ((mark,), (table,))
