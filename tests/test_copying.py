"""Copies of libraries, between folders and Milvus Lite."""

from __future__ import annotations

import importlib
import importlib.util
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from bench.crash_work import LIMITS
from bench.toys import ToyEmbedder
from index.embedding.embedder import Embedder, Progress, Vectors
from index.errors import LibraryMissing
from index.library_address import MilvusAccess, milvus_address
from index.search.backend import LibraryBackend
from index.search.embedded_chunks import embed_article
from index.search.passage_index import PassageIndex
from index.source_file import PageLayout, SourceFile
from index.store.folder import STORE_FILE
from index.structure import Cell, Mark, MarkKind, Table
from index.types import Article, Heading
from qa.copying import compare, copy_articles
from tests.libraries import ROOT, TOY, article

HAS_MILVUS = importlib.util.find_spec("milvus_lite") is not None
# What pymilvus and Milvus Lite do themselves.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
LONG_AGO = "2020-01-02T03:04:05+00:00"
NASTY = "A title with “quotes”, \t ünï¢ode 𝄞 and 'SQL\"; --"


class Places(NamedTuple):
    """Where a library is copied from and to."""

    source: str
    target: str


@pytest.fixture(
    params=[
        ("folder", "folder"),
        pytest.param(("folder", "milvus"), marks=pytest.mark.slow),
        pytest.param(("milvus", "folder"), marks=pytest.mark.slow),
    ],
    ids="-to-".join,
)
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Places]:
    kinds: tuple[str, str] = request.param
    if "milvus" in kinds and not HAS_MILVUS:
        pytest.skip("Milvus Lite is not installed.")
    paths = {"folder": "{}", "milvus": "milvus-lite:{}.db"}
    names = (tmp_path / "source", tmp_path / "target")
    found = Places(*(paths[kind].format(name) for kind, name in zip(kinds, names, strict=True)))
    yield found
    release(found)


def release(places: Places) -> None:
    """Let other processes open the libraries: Milvus Lite keeps its lock when one is closed."""
    if HAS_MILVUS:
        servers = importlib.import_module("milvus_lite.server_manager").server_manager_instance
        for each in filter(None, map(milvus_address, places)):
            servers.release_server(str(each.file))


def opened(place: str, embedder: Embedder = TOY, *, create: bool = True) -> LibraryBackend:
    address = milvus_address(place)
    if address is None:
        return PassageIndex(Path(place), embedder, limits=LIMITS, create=create)
    from index.milvus.library import MilvusLibrary

    return MilvusLibrary(address, MilvusAccess(), embedder, limits=LIMITS, create=create)


class NotEmbedding(ToyEmbedder):
    """Fails if it is to embed passages."""

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        raise NotImplementedError


def rich_article() -> Article:
    """Return an article with everything that one can have."""
    text = "Report\n\nA | B\n1 | 2\n\n" + "The bridge was built. " * 5_000
    layouts = (
        PageLayout.of_words(595.3, 842, [(0, 6, 10.1, 10, 90, 20)], 0.97),
        PageLayout.of_words(842, 595.3, [(8, 9, 1, 2, 3, 4), (12, 13, 5, 6, 7, 8)]),
    )
    found = Article.from_text(
        text,
        title=NASTY,
        source="https://example.org/a?b=ü",
        headings=(Heading(0, 6, 1),),
        pages=(0, 8),
        marks=(Mark(0, 6, MarkKind.STRONG), Mark(22, 25, MarkKind.LINK, "https://example.org")),
        tables=(Table(8, 19, (Cell(8, 9, 0, 0, is_header=True), Cell(14, 15, 1, 0))),),
    )
    return replace(found, file=SourceFile("réport.pdf", bytes(range(256)) * 900, layouts))


def fill(place: str, count: int = 3) -> list[Article]:
    """Put a rich article and some others into a new library; return them as they are stored."""
    with closing(opened(place)) as library:
        library.add(rich_article())
        for number in range(count):
            old = replace(article(number), added_at=LONG_AGO)
            library.add_embedded(old, embed_article(old, TOY, LIMITS))
        library.add(Article.from_text("Ein 𝄞 Satz\x00 mit NUL.", source="note.txt"))
        return library.store.articles()


def file_of(library: LibraryBackend, article_id: str) -> tuple[str, bytes]:
    file = library.store.source_file(article_id)
    assert file
    return file.name, file.data


def candidates_for(word: str, library: LibraryBackend) -> set[str]:
    """Return the articles that have a word."""
    found = library.candidates(word, TOY.encode_query(word), 5)
    return {each.stored.chunk.article_id for each in found if each.bm25 > 0}


def copied(places: Places) -> None:
    with closing(opened(places.source)) as source, closing(opened(places.target)) as target:
        result = copy_articles(source, target)
        assert (result.left_out, result.without_file) == ([], [])


def test_a_copy_has_everything_in_the_same_order(places: Places) -> None:
    original = fill(places.source)
    with closing(opened(places.source)) as source, closing(opened(places.target)) as target:
        result = copy_articles(source, target)
        assert (result.added, result.already_there) == (len(original), 0)
        assert target.store.articles() == original
        assert {each.added_at for each in original} > {LONG_AGO}
        rich = original[0].id
        assert file_of(target, rich) == file_of(source, rich)
        assert target.store.page_shapes(rich) == source.store.page_shapes(rich)
        for page in (1, 2):
            first, second = (each.store.page_layout(rich, page) for each in (source, target))
            assert first
            assert second
            assert (first.packed, first.confidence) == (second.packed, second.confidence)
        for each in original:
            chunks, vectors = source.chunks(each.id)
            copied_chunks, copied_vectors = target.chunks(each.id)
            assert copied_chunks == chunks
            assert np.array_equal(copied_vectors, vectors)
        found = compare(source, target)
        assert found.differences == []
        assert (found.articles, found.passages) == (len(original), len(source))
        assert found.same_order
        found_in = candidates_for("Word1", target)
        assert found_in == candidates_for("Word1", source) == {article(1).id}


def test_what_is_added_with_many_others_is_found_at_once(places: Places) -> None:
    with closing(opened(places.target)) as library:
        with library.adding_many():
            library.add(article(1))
            assert candidates_for("Word1", library) == {article(1).id}
            library.add(article(2))
        with suppress(KeyboardInterrupt), library.adding_many():
            library.add(article(3))
            raise KeyboardInterrupt
    with closing(opened(places.target)) as library:
        assert candidates_for("Word3", library) == {article(3).id}


def test_vectors_of_the_same_model_are_copied_and_nothing_is_embedded(places: Places) -> None:
    fill(places.source)
    silent = NotEmbedding()
    with (
        closing(opened(places.source, silent)) as source,
        closing(opened(places.target, silent)) as target,
    ):
        copy_articles(source, target)
        assert compare(source, target).differences == []


def test_with_another_model_or_on_request_articles_are_embedded_again(places: Places) -> None:
    original = fill(places.source)
    other = ToyEmbedder(dimension=16, name="other")
    with (
        closing(opened(places.source)) as source,
        closing(opened(places.target, other)) as target,
    ):
        copy_articles(source, target)
        assert target.store.articles() == original
        for each in original:
            _, vectors = target.chunks(each.id)
            assert vectors.shape[1] == 16
        assert compare(source, target, with_passages=False).differences == []


def test_a_copy_is_interrupted_and_continued(places: Places) -> None:
    original = fill(places.source)

    def interrupt(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with closing(opened(places.source)) as source, closing(opened(places.target)) as target:
        with pytest.raises(KeyboardInterrupt):
            copy_articles(source, target, progress=interrupt)
        assert target.store.articles() == original[:2]
        result = copy_articles(source, target)
        assert (result.added, result.already_there) == (len(original) - 2, 2)
        assert target.store.articles() == original
        assert compare(source, target).differences == []


KILLED = """
from tests.test_copying import *
source, target = opened(sys.argv[1]), opened(sys.argv[2])
print("ready", flush=True)
with target.adding_many():
    copy_articles(source, target)
"""


@pytest.mark.slow
def test_a_copy_that_was_killed_is_continued(places: Places) -> None:
    original = fill(places.source, count=12)
    release(places)
    command = [sys.executable, "-c", KILLED, *places]
    for delay in (0.0, 0.03, 0.08):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        with closing(opened(places.target)) as target:
            known = target.store.articles()
            assert known == original[: len(known)]
        release(places)
    with closing(opened(places.source)) as source, closing(opened(places.target)) as target:
        copy_articles(source, target)
        assert target.store.articles() == original
        assert compare(source, target).differences == []


def test_what_is_there_gets_its_title_and_its_file(places: Places) -> None:
    fill(places.source)
    rich = rich_article()
    with closing(opened(places.target)) as target:
        target.add(replace(rich, title="Another title", file=None))
    with closing(opened(places.source)) as source, closing(opened(places.target)) as target:
        result = copy_articles(source, target)
        assert result.already_there == 1
        assert target.store.article(rich.id).title == rich.title
        assert file_of(target, rich.id) == file_of(source, rich.id)
        # Its vectors are those made with the other title, which is said and not hidden.
        (problem,) = compare(source, target).differences
        assert problem.article_id == rich.id
        assert problem.reason == "Not the same in the copy: vectors."


def test_differences_are_found(places: Places) -> None:
    original = fill(places.source)
    copied(places)
    with closing(opened(places.source)) as source, closing(opened(places.target)) as target:
        target.store.rename(original[1].id, "Renamed")
        target.remove(original[2].id)
        target.remove(original[0].id)
        target.add(replace(rich_article(), file=SourceFile("other.pdf", b"other")))
        target.add(article(99))
        found = compare(source, target)
        reasons = {each.article_id: each.reason for each in found.differences}
        assert reasons == {
            original[0].id: "Not the same in the copy: file.",
            original[1].id: "Not the same in the copy: title.",
            original[2].id: "It is missing in the copy.",
        }
        assert (found.articles, found.others, found.same_order) == (2, 1, False)


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[tuple[LibraryBackend, LibraryBackend, list[Article]]]:
    """A library in which the second article has a changed text, the third none, the fourth no
    passages, and the first no file; and an empty one."""
    original = fill(str(tmp_path / "source"))
    with closing(sqlite3.connect(tmp_path / "source" / STORE_FILE)) as db, db:
        db.execute("UPDATE texts SET text = replace(text, 'Word', 'Wrod') WHERE article = 2")
        db.execute("UPDATE texts SET headings = '[' WHERE article = 3")
        db.execute("DELETE FROM chunks WHERE article = 4")
    for file in (tmp_path / "source" / "originals").iterdir():
        file.unlink()
    with (
        closing(opened(str(tmp_path / "source"))) as source,
        closing(opened(str(tmp_path / "target"))) as target,
    ):
        yield source, target, original


def test_damaged_articles_are_listed_and_the_others_copied(
    damaged: tuple[LibraryBackend, LibraryBackend, list[Article]],
) -> None:
    source, target, original = damaged
    result = copy_articles(source, target)
    left_out = [(each.article_id, each.title) for each in result.left_out]
    assert left_out == [(each.id, each.title) for each in original[1:4]]
    assert [each.article_id for each in result.without_file] == [original[0].id]
    assert target.store.articles() == [original[0], original[4]]
    reasons = {each.article_id: each.reason for each in compare(source, target).differences}
    assert list(reasons) == [each.id for each in original[1:4]]
    assert "no passages" in reasons[original[3].id]


def test_damaged_passages_do_not_matter_if_articles_are_embedded_again(
    damaged: tuple[LibraryBackend, LibraryBackend, list[Article]],
) -> None:
    source, target, original = damaged
    result = copy_articles(source, target, embed=True)
    assert [each.article_id for each in result.left_out] == [each.id for each in original[1:3]]
    assert target.store.articles() == [original[0], *original[3:]]


def test_an_article_that_is_added_again_has_a_new_date(tmp_path: Path) -> None:
    with closing(opened(str(tmp_path / "library"))) as library:
        old = replace(article(1), added_at=LONG_AGO)
        assert (library.add(old).added_at or "") > "2026"


def test_an_original_must_exist(places: Places) -> None:
    with pytest.raises(LibraryMissing):
        opened(places.source, create=False)
