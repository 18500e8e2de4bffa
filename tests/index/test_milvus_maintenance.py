"""Checking a library on Milvus, and deleting what killed writers have left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.crash_work import LIMITS
from index.errors import LibraryMissing
from index.library_address import MilvusAccess, MilvusAddress
from index.maintenance import Report, Verdict
from index.milvus.library import MilvusLibrary
from index.milvus.maintenance import check_milvus
from index.milvus.schema import VECTOR
from tests.libraries import TOY, article

DAYS = 2 * 24 * 3_600


@pytest.fixture
def address(tmp_path: Path) -> MilvusAddress:
    return MilvusAddress("", file=tmp_path / "library.db")


@pytest.fixture
def library(address: MilvusAddress) -> Iterator[MilvusLibrary]:
    with MilvusLibrary(address, MilvusAccess(index="FLAT"), TOY, limits=LIMITS) as opened:
        for number in (1, 2):
            opened.add(article(number))
        yield opened


def checked(address: MilvusAddress, *, later: float = 0, reindex: bool = False) -> Report:
    return check_milvus(address, MilvusAccess(), reindex=reindex, now=lambda: time.time() + later)


def killed_while_adding(library: MilvusLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(library.store, "show", killed)
        patch.setattr(library.store, "discard", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            library.add(article(3))


def test_a_sound_library_is_in_order(address: MilvusAddress, library: MilvusLibrary) -> None:
    report = checked(address, later=DAYS)
    assert (report.verdict, report.found, report.done) == (Verdict.SOUND, (), ())
    assert (report.articles, report.passages) == (2, len(library))


def test_what_a_killed_writer_left_is_deleted_after_a_day(
    address: MilvusAddress, library: MilvusLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_while_adding(library, monkeypatch)
    report = checked(address)
    assert report.verdict is Verdict.SOUND
    assert any("passages belong to no article" in sentence for sentence in report.found)
    report = checked(address, later=DAYS)
    assert report.verdict is Verdict.REPAIRED
    assert len(report.done) == 2  # passages, and the text
    assert checked(address, later=DAYS).verdict is Verdict.SOUND
    assert library.add(article(3)).text == article(3).text
    assert [info.title for info in library.store.catalogue()] == ["Title 1", "Title 2", "Title 3"]


def test_missing_passages_are_reported(address: MilvusAddress, library: MilvusLibrary) -> None:
    row = library.store.row(article(1).id)
    lost = library._chunks.ids(row.article_id, row.version, 1)
    library._connection.delete(library._chunks_name, lost)
    report = checked(address)
    assert report.verdict is Verdict.REEMBED
    assert "Title 1" in report.found[0]


def test_a_missing_text_is_reported(address: MilvusAddress, library: MilvusLibrary) -> None:
    row = library.store.row(article(1).id)
    library.store.contents.delete(row)
    report = checked(address)
    assert (report.verdict, report.articles) == (Verdict.DAMAGED, 1)
    assert "Title 1" in report.found[0]


def test_the_index_of_vectors_is_replaced_only_when_asked(
    address: MilvusAddress, library: MilvusLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.milvus.schema._FLAT_UP_TO", 1)
    report = checked(address)
    assert (report.verdict, len(report.found)) == (Verdict.SOUND, 1)
    assert "--reindex" in report.found[0]
    assert checked(address, reindex=True).verdict is Verdict.REPAIRED
    assert library._connection.index_type(library._chunks_name, VECTOR) == "HNSW"
    assert library.candidates("Word", TOY.encode_query("Word"), 3)


def test_a_removed_title_is_kept_nowhere(address: MilvusAddress, library: MilvusLibrary) -> None:
    library.remove(article(1).id)
    assert checked(address, later=DAYS).articles == 1
    rows = library._connection.scan(library.store._name, 'shelf == "main"', ["value"])
    assert not [row for row in rows if "Title 1" in row["value"]]


def test_where_nothing_is_there_is_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(LibraryMissing):
        checked(MilvusAddress("", file=tmp_path / "none.db"))
    assert not (tmp_path / "none.db").exists()
