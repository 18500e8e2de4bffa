"""What every kind of library promises: a folder, one in memory, and Milvus in both of its forms."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.crash_work import LIMITS
from index.errors import (
    ArticleNotFound,
    LibraryError,
    LibraryMissing,
    LibraryUnwritable,
    WrongModel,
)
from index.library_address import MilvusAddress, milvus_address
from index.search.backend import Candidate, LibraryBackend
from index.search.embedded_chunks import embed_article
from index.source_file import PageLayout, SourceFile
from index.structure import Cell, Mark, MarkKind, Table
from index.types import Article, Heading
from qa.retrieval.retriever import Retriever
from tests.backends import Place, folder, memory, milvus, own_shelf, toy
from tests.libraries import TOY, article, found, titles
from tests.milvus_server import milvus_server

pytestmark = pytest.mark.slow
KINDS = ["memory", "folder", "lite", pytest.param("server", marks=pytest.mark.exhaustive)]
LASTING = KINDS[1:]
NO_IDS = ["", "x", "0" * 32, '"] or true or id in ["', "a\\", "' or 1=1 --", "é" * 32, "F" * 32]


@pytest.fixture(scope="session")
def lite(tmp_path_factory: pytest.TempPathFactory) -> MilvusAddress:
    return MilvusAddress("", file=tmp_path_factory.mktemp("lite") / "library.db")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusAddress]:
    with milvus_server(tmp_path_factory.mktemp("server")) as address:
        found = milvus_address(address)
        assert found
        yield found


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Place:
    return place_of(request)


@pytest.fixture(params=LASTING)
def lasting(request: pytest.FixtureRequest) -> Place:
    return place_of(request)


def place_of(request: pytest.FixtureRequest) -> Place:
    if request.param == "memory":
        return memory()
    if request.param == "folder":
        return folder(request.getfixturevalue("tmp_path") / "library")
    return milvus(own_shelf(request.getfixturevalue(request.param)))


@pytest.fixture
def library(place: Place) -> Iterator[LibraryBackend]:
    library = place.opened()
    yield library
    if place.is_milvus:  # the next tests share the database
        with suppress(LibraryError):
            for article_id in library.store.titles():
                library.remove(article_id)
    library.close()


def ask(
    library: LibraryBackend, question: str, depth: int = 50, **given: object
) -> list[Candidate]:
    vector = library.embedder.encode_query(question)
    return library.candidates(question, vector, depth, **given)  # type: ignore[arg-type]


def ids_of(candidates: Sequence[Candidate]) -> set[str]:
    return {candidate.stored.chunk.article_id for candidate in candidates}


def file_of(name: str = "a.pdf", pages: int = 2, size: int = 10) -> SourceFile:
    words = [(0, 4, 1.0, 2.0, 30.0, 12.0), (5, 9, 31.0, 2.0, 60.0, 12.0)]
    layouts = (
        PageLayout.of_words(100.0, 200.0, words),
        PageLayout.of_words(300.5, 50.0, [], 0.25),
    )
    return SourceFile(name, bytes(range(256)) * size, layouts[:pages])


def rich_article() -> Article:
    text = "# Head\nPlain words here. A [link] too.\n\nName | Age\nAnn | 7\n\fSecond page of it."
    table = text.index("Name |")
    return Article.from_text(
        text,
        title='A "quoted" \\title\\ — ’’ \U0001f9ea',
        source='https://example.org/?a="b"\\c&d=\u0000',
        headings=(Heading(2, 6, 1),),
        pages=(0, text.index("Second")),
        marks=(Mark(text.index("[link]"), text.index("[link]") + 6, MarkKind.LINK, 'x"\\y', 0),),
        tables=(
            Table(
                table,
                text.index("\f") - 1,
                (
                    Cell(table, table + 4, 0, 0, 1, is_header=True),
                    Cell(table + 7, table + 10, 0, 1, 1, is_header=True),
                    Cell(table + 11, table + 14, 1, 0),
                    Cell(table + 17, table + 18, 1, 1),
                ),
            ),
        ),
    )


TEXTS = {
    "one character": "x",
    "one sign": "!",
    "astral": "\U0001f600\U00020000 is an emoji and \U0001d54f a letter. " * 30,
    "NUL and controls": "A\x00B is here.\x01\x7f\x85 And more\u2028lines\u2029. \ufeffEnd\uffff.",
    "combining": "Cafe\u0301 e\u0301\u0302\u0303 a\u0300" + "\u0301" * 500 + " end of it.",
    "right to left": "שלום עולם. זהו משפט שני. العربية هنا. \u202eוזה\u202c סוף.",
    "CJK": "東京は日本の首都です。人口は約千四百万人。" * 40,
    "Devanagari": "नमस्ते दुनिया। यह एक वाक्य है। क्षत्रिय और ज्ञान।",
    "quotes and backslashes": 'Say "\\"] or true or id in [\\"" and \\n \\u0041 \'x\'. %s {} ${x}',
    "only stop words": "It was what it was. The and of the.",
    "long": "\n\n".join(f"{chr(97 + n % 26) * 1_400} number{n} is here." for n in range(50)),
    "long in four bytes": "\n\n".join("\U00020000" * 1_400 + f" {n}." for n in range(25)),
    "a word without end": "ab" * 40_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_an_article_comes_back_as_it_was(library: LibraryBackend, name: str) -> None:
    given = Article.from_text(TEXTS[name], title=f"About {name}", source=f"source of {name}")
    added = library.add(given)
    assert added.added_at
    assert replace(added, added_at=None) == given
    assert library.store.article(given.id) == added
    assert library.store.articles() == [added]
    expected = [each for part in embed_article(given, TOY, LIMITS) for each in part.chunks]
    vectors = np.concatenate([part.vectors for part in embed_article(given, TOY, LIMITS)])
    chunks, stored = library.chunks(given.id)
    assert chunks == expected
    np.testing.assert_array_equal(stored, vectors)
    assert stored.dtype == np.float32
    assert len(library) == len(expected)


@pytest.mark.parametrize("name", ["astral", "NUL and controls", "CJK", "Devanagari", "long"])
def test_its_passages_are_found_by_both_searches(library: LibraryBackend, name: str) -> None:
    given = library.add(Article.from_text(TEXTS[name]))
    library.add(article(1))
    chunks, vectors = library.chunks(given.id)
    candidates = library.candidates(chunks[-1].text, vectors[-1], 100)
    best = max(candidates, key=lambda each: each.bm25)
    assert best.bm25 > 0
    assert best.stored.chunk.article_id == given.id
    nearest = max(candidates, key=lambda each: each.similarity)
    assert nearest.similarity == pytest.approx(1, abs=1e-5)
    assert nearest.stored.chunk in chunks


def test_all_of_an_article_comes_back(library: LibraryBackend) -> None:
    given = rich_article()
    added = library.add(given)
    assert replace(added, added_at=None) == given
    (info,) = library.store.catalogue()
    assert (info.id, info.title, info.source) == (given.id, given.title, given.source)
    assert (info.characters, info.pages, info.file_bytes) == (len(given.text), 2, 0)
    assert info.added_at == added.added_at
    assert library.store.titles() == {given.id: given.title}
    source = library.store.passage_sources([given.id, *NO_IDS])
    assert {i: (s.title, s.pages) for i, s in source.items()} == {
        given.id: (given.title, given.pages)
    }


@pytest.mark.parametrize("size", [0, 1, 1_200])
def test_a_kept_file_comes_back(library: LibraryBackend, size: int) -> None:
    file = file_of('a "b"\\c \U0001f9ea.pdf', size=size)
    added = library.add(replace(article(1), file=file))
    assert added.file is None
    kept = library.store.source_file(added.id)
    assert kept
    assert (kept.name, kept.data, kept.layouts) == (file.name, file.data, ())
    assert library.store.catalogue()[0].file_bytes == len(file.data)
    assert library.store.page_shapes(added.id) == tuple(each.shape for each in file.layouts)
    for page, layout in enumerate(file.layouts, start=1):
        found = library.store.page_layout(added.id, page)
        assert found
        assert (found.shape, found.packed) == (layout.shape, layout.packed)
    for page in (-1, 0, 3, 10**9):
        assert library.store.page_layout(added.id, page) is None
    library.remove(added.id)
    assert library.store.source_file(added.id) is None
    assert library.store.page_shapes(added.id) == ()
    library.add(article(1))
    assert library.store.source_file(added.id) is None
    assert library.store.catalogue()[0].file_bytes == 0


def test_a_file_is_kept_of_an_article_that_has_none(library: LibraryBackend) -> None:
    library.add(article(1))
    assert library.store.source_file(article(1).id) is None
    first, second = file_of("first"), file_of("second", pages=0)
    library.add(replace(article(1), file=first))
    library.add(replace(article(1), file=second))
    kept = library.store.source_file(article(1).id)
    assert kept
    assert kept.name == "first"
    assert library.store.catalogue()[0].file_bytes == len(first.data)


def test_adding_again_changes_nothing(library: LibraryBackend) -> None:
    added = library.add(article(1))
    library.store.rename(added.id, "Renamed")
    before = library.revision(), library.store.articles(), len(library)
    again = library.add(replace(article(1), title="Another", source="elsewhere"))
    assert again == library.store.article(added.id)
    assert again.title == "Renamed"
    embedded = list(embed_article(article(1), TOY, LIMITS))
    assert library.add_embedded(article(1), embedded) == again
    assert (library.revision(), library.store.articles(), len(library)) == before
    assert found(library, 1) == ["Renamed"]


def test_it_is_added_as_embedded(library: LibraryBackend) -> None:
    embedded = list(embed_article(article(3), TOY, LIMITS))
    added = library.add_embedded(article(3), iter(embedded))
    assert replace(added, added_at=None) == article(3)
    assert library.chunks(added.id)[0] == [each for part in embedded for each in part.chunks]
    assert found(library, 3) == ["Title 3"]


def test_articles_are_in_the_order_in_which_they_were_added(library: LibraryBackend) -> None:
    for number in (3, 1, 2, 0):
        library.add(article(number))
    library.remove(article(1).id)
    library.add(article(1))
    library.store.rename(article(3).id, "Title three")
    expected = ["Title three", "Title 2", "Title 0", "Title 1"]
    assert titles(library) == expected
    assert [each.title for each in library.store.articles()] == expected
    assert [*library.store.titles().values()] == expected


def test_a_removed_article_is_gone(library: LibraryBackend) -> None:
    library.add(replace(article(1), file=file_of()))
    library.add(article(2))
    library.remove(article(1).id)
    assert titles(library) == ["Title 2"]
    assert len(library) == len(library.chunks(article(2).id)[0])
    assert found(library, 1) == []
    assert ids_of(ask(library, "Word1")) == {article(2).id}
    gone = article(1).id
    for call in calls_with(library, gone):
        with pytest.raises(ArticleNotFound):
            call()
    assert library.store.source_file(gone) is None
    assert library.store.passage_sources([gone]) == {}


def calls_with(library: LibraryBackend, article_id: str) -> list[Callable[[], object]]:
    """Return all calls that raise ArticleNotFound for an article that is not there."""
    return [
        lambda: library.remove(article_id),
        lambda: library.store.article(article_id),
        lambda: library.store.rename(article_id, "New"),
        lambda: library.chunks(article_id),
        lambda: ask(library, "Word1", article_ids=[article_id]),
        lambda: ask(library, "Word1", article_ids=[article(2).id, article_id]),
    ]


def test_an_id_of_no_article_finds_nothing(library: LibraryBackend) -> None:
    library.add(article(2))
    before = library.revision()
    for unknown in NO_IDS:
        for call in calls_with(library, unknown):
            with pytest.raises(ArticleNotFound):
                call()
        assert library.store.source_file(unknown) is None
        assert library.store.page_shapes(unknown) == ()
        assert library.store.page_layout(unknown, 1) is None
        assert library.store.passage_sources([unknown]) == {}
    assert library.revision() == before
    assert titles(library) == ["Title 2"]


def test_a_removed_article_can_be_added_again(library: LibraryBackend) -> None:
    for _ in range(2):
        added = library.add(replace(article(1), file=file_of()))
        library.store.rename(added.id, "Renamed")
        assert found(library, 1) == ["Renamed"]
        library.remove(added.id)
        assert titles(library) == found(library, 1) == []
    assert library.add(article(1)).title == "Title 1"
    assert found(library, 1) == ["Title 1"]
    assert library.store.source_file(article(1).id) is None


@pytest.mark.parametrize("title", ["New", 'A "b"\\c\\', "\U0001f9ea", "é" * 300, "Zebra"])
def test_a_renamed_article_has_its_new_title_everywhere(
    library: LibraryBackend, title: str
) -> None:
    library.add(replace(rich_article(), file=file_of()))
    library.add(article(2))
    given = rich_article()
    _, vectors = library.chunks(given.id)
    library.store.rename(given.id, title)
    assert titles(library) == [title, "Title 2"]
    stored = library.store.article(given.id)
    assert stored == replace(given, title=title, added_at=stored.added_at)
    assert library.store.passage_sources([given.id])[given.id].title == title
    assert library.store.source_file(given.id)
    np.testing.assert_array_equal(library.chunks(given.id)[1], vectors)
    candidates = [c for c in ask(library, "plain") if c.stored.chunk.article_id == given.id]
    assert candidates
    if title == "Zebra":
        assert ids_of([c for c in ask(library, "zebras") if c.bm25 > 0]) == {given.id}


def test_a_title_is_searched_until_it_is_changed(library: LibraryBackend) -> None:
    library.add(replace(article(1), title="Giraffe"))
    library.add(article(2))
    assert ids_of([c for c in ask(library, "giraffes") if c.bm25 > 0]) == {article(1).id}
    library.store.rename(article(1).id, "Zebra")
    assert [c for c in ask(library, "giraffes") if c.bm25 > 0] == []


def test_renaming_to_the_same_title_changes_nothing(library: LibraryBackend) -> None:
    library.add(article(1))
    before = library.revision()
    library.store.rename(article(1).id, "Title 1")
    assert library.revision() == before


def test_the_revision_changes_with_every_change(library: LibraryBackend) -> None:
    seen = [library.revision()]
    for change in (
        lambda: library.add(article(1)),
        lambda: library.add(article(2)),
        lambda: library.store.rename(article(1).id, "New"),
        lambda: library.remove(article(1).id),
        lambda: library.add(article(1)),
    ):
        change()
        assert library.revision() not in seen
        seen.append(library.revision())
    ask(library, "Word1")
    titles(library)
    assert library.revision() == seen[-1]
    assert len({hash(each) for each in seen}) == len(seen)


@pytest.mark.parametrize("question", ["", " \t\n", "the of and", "!?", "\x00", '"] or true', "\\"])
def test_odd_questions_are_answered_by_vectors(library: LibraryBackend, question: str) -> None:
    library.add(article(1))
    candidates = ask(library, question)
    assert len(candidates) == len(library)
    assert {c.bm25 for c in candidates} == {0.0}


def test_an_empty_library_has_nothing(library: LibraryBackend) -> None:
    assert ask(library, "Anything?") == []
    assert ask(library, "Anything?", article_ids=[]) == []
    assert len(library) == 0
    assert not library.store.articles()
    assert not library.store.catalogue()
    assert not library.store.titles()
    assert library.store.passage_sources([]) == {}
    assert library.writable


@pytest.mark.parametrize("depth", [1, 3, 10, 100_000])
def test_the_best_of_each_search_are_candidates(
    library: LibraryBackend, place: Place, depth: int
) -> None:
    for number in range(5):
        library.add(article(number))
    question = "Which word3x1 is beside Word3 in a sentence?"
    every = ask(library, question, 100_000)
    assert len(every) == len(library)
    some = ask(library, question, depth)
    ids = [c.stored.id for c in some]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    by_vector = sorted(every, key=lambda c: -c.similarity)[:depth]
    by_words = sorted((c for c in every if c.bm25), key=lambda c: -c.bm25)[:depth]
    assert set(ids) >= {c.stored.id for c in by_vector}
    least = min(c.bm25 for c in by_words)
    assert len([c for c in some if c.bm25 >= least]) >= len(by_words)
    assert len(some) <= 2 * depth
    exact = {c.stored.id: c for c in every}
    for candidate in some:
        assert candidate.similarity == pytest.approx(exact[candidate.stored.id].similarity)
        if not place.is_milvus:  # Milvus Lite weighs words by how rare they are in a filter's rows
            assert candidate.bm25 == pytest.approx(exact[candidate.stored.id].bm25, rel=1e-4)


def test_similarity_is_the_cosine(library: LibraryBackend) -> None:
    library.add(article(1))
    library.add(article(2))
    vector = TOY.encode_query("word1x3")
    similarities = {c.stored.chunk.text: c.similarity for c in ask(library, "word1x3")}
    for number in (1, 2):
        chunks, vectors = library.chunks(article(number).id)
        for chunk, expected in zip(chunks, vectors @ vector, strict=True):
            assert similarities[chunk.text] == pytest.approx(float(expected), abs=1e-5)


def test_a_search_can_be_limited_to_articles(library: LibraryBackend) -> None:
    for number in range(4):
        library.add(article(number))
    chosen = [article(2).id, article(0).id, article(2).id]
    candidates = ask(library, "Word1 Word2", article_ids=chosen)
    assert ids_of(candidates) == set(chosen)
    assert len(candidates) == sum(len(library.chunks(each)[0]) for each in set(chosen))
    assert ids_of([max(candidates, key=lambda c: c.bm25)]) == {article(2).id}
    assert ask(library, "Word1", article_ids=[]) == []
    library.store.rename(article(2).id, "Renamed")
    assert ids_of(ask(library, "Word1", article_ids=chosen)) == set(chosen)


def test_an_addition_that_is_cancelled_adds_nothing(library: LibraryBackend) -> None:
    library.add(article(1))
    before = library.revision()

    def cancel(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add(replace(article(2), file=file_of()), cancel)

    def broken() -> Iterator[object]:
        yield next(embed_article(article(2), TOY, LIMITS))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        library.add_embedded(replace(article(2), file=file_of()), broken())  # type: ignore[arg-type]
    assert library.revision() == before
    assert titles(library) == ["Title 1"]
    assert ids_of(ask(library, "Word2")) == {article(1).id}
    assert library.add(article(2)).title == "Title 2"
    assert found(library, 2) == ["Title 2"]


def test_progress_says_how_many_chunks_are_embedded(library: LibraryBackend) -> None:
    seen: list[tuple[int, int]] = []
    library.add(article(1), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(library), len(library))


def test_threads_may_add_remove_and_ask_at_once(library: LibraryBackend) -> None:
    library.add(article(0))
    chunks = len(library)
    done = threading.Event()
    wrong: list[object] = []

    def change(number: int) -> None:
        for turn in range(2):
            library.add(article(number))
            library.store.rename(article(number).id, f"Turn {turn}")
            library.remove(article(number).id)
        library.add(article(number))

    def watch() -> None:
        while not done.is_set():
            candidates = ask(library, "Word0")
            counts: dict[str, int] = {}
            for each in candidates:
                article_id = each.stored.chunk.article_id
                counts[article_id] = counts.get(article_id, 0) + 1
            if set(counts.values()) != {chunks} or article(0).id not in counts:
                wrong.append(counts)

    with ThreadPoolExecutor(4) as pool:
        watching = [pool.submit(watch)]
        for future in [pool.submit(change, number) for number in (1, 2, 3)]:
            future.result()
        done.set()
        watching[0].result()
    assert wrong == []
    assert sorted(titles(library)) == [f"Title {number}" for number in range(4)]
    assert len(library) == 4 * chunks
    for number in range(4):
        assert found(library, number) == [f"Title {number}"]


def test_threads_may_add_the_same_article_at_once(library: LibraryBackend) -> None:
    barrier = threading.Barrier(4)

    def add(_number: int) -> Article:
        barrier.wait()
        return library.add(article(1))

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(add, range(4)))
    assert {each.text for each in added} == {article(1).text}
    assert titles(library) == found(library, 1) == ["Title 1"]
    assert len(library) == len(library.chunks(article(1).id)[0])
    assert len(ask(library, "Word1")) == len(library)


def test_a_library_lasts(lasting: Place) -> None:
    with_file = replace(rich_article(), file=file_of())
    library = lasting.opened()
    library.add(article(1))
    library.add(with_file)
    library.add(article(2))
    library.remove(article(2).id)
    library.store.rename(article(1).id, "Renamed")
    before = library.revision(), library.store.articles(), library.store.catalogue(), len(library)
    library.close()
    for read_only in (True, False):
        library = lasting.opened(read_only=read_only, create=False)
        after = library.revision(), library.store.articles(), library.store.catalogue()
        assert (*after, len(library)) == before
        assert found(library, 1) == ["Renamed"]
        assert library.store.source_file(with_file.id)
        library.close()


def test_a_library_that_is_read_only_cannot_be_changed(lasting: Place) -> None:
    library = lasting.opened()
    library.add(article(1))
    library.close()
    library = lasting.opened(read_only=True)
    assert not library.writable
    before = library.revision()
    assert library.add(replace(article(1), file=file_of())).title == "Title 1"
    for change in (
        lambda: library.add(article(2)),
        lambda: library.add_embedded(article(2), embed_article(article(2), TOY, LIMITS)),
        lambda: library.remove(article(1).id),
        lambda: library.store.rename(article(1).id, "New"),
    ):
        with pytest.raises(LibraryUnwritable):
            change()
    assert library.revision() == before
    assert found(library, 1) == ["Title 1"]
    assert library.store.source_file(article(1).id) is None
    library.close()


def test_a_closed_library_cannot_be_used(library: LibraryBackend) -> None:
    library.add(article(1))
    library.close()
    library.close()
    for call in (
        lambda: library.add(article(2)),
        lambda: library.remove(article(1).id),
        lambda: library.store.rename(article(1).id, "New"),
        lambda: library.store.article(article(1).id),
        library.store.articles,
        library.store.catalogue,
        library.store.titles,
        lambda: library.store.source_file(article(1).id),
        library.revision,
        lambda: library.chunks(article(1).id),
        lambda: ask(library, "Word1"),
        lambda: ask(library, "Word1", article_ids=[article(1).id]),
        lambda: len(library),
    ):
        with pytest.raises(LibraryError):
            call()


@pytest.mark.parametrize("kind", LASTING)
def test_a_library_is_created_only_if_asked_to(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = empty_place(kind, tmp_path, request)
    with pytest.raises(LibraryMissing):
        place.opened(create=False)
    with pytest.raises(LibraryMissing):
        place.opened(read_only=True)
    place.opened().close()
    place.opened(create=False).close()


def empty_place(kind: str, path: Path, request: pytest.FixtureRequest) -> Place:
    """Return a place in a database of its own."""
    if kind == "folder":
        return folder(path / "library")
    if kind == "lite":
        return milvus(MilvusAddress("", file=path / "library.db"))
    return milvus(replace(request.getfixturevalue("server"), database=f"d{abs(hash(path))}"))


@pytest.mark.parametrize("kind", LASTING)
def test_vectors_of_another_model_are_refused(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = empty_place(kind, tmp_path, request)
    library = place.opened()
    library.add(article(1))
    library.close()
    with pytest.raises(WrongModel):
        place.opened(toy("other toy"))
    library = place.opened()
    assert found(library, 1) == ["Title 1"]
    library.close()


@pytest.mark.parametrize("kind", ["lite", pytest.param("server", marks=pytest.mark.exhaustive)])
def test_shelves_of_one_database_share_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    database = request.getfixturevalue(kind)
    one, other = (milvus(own_shelf(database)).opened() for _ in range(2))
    one.add(replace(article(1), file=file_of()))
    assert titles(other) == []
    assert ask(other, "Word1") == []
    assert len(other) == 0
    revision = other.revision()
    for call in calls_with(other, article(1).id):
        with pytest.raises(ArticleNotFound):
            call()
    assert other.store.source_file(article(1).id) is None
    assert other.store.passage_sources([article(1).id]) == {}
    one.store.rename(article(1).id, "Renamed")
    assert other.revision() == revision
    other.add(article(1))
    one.remove(article(1).id)
    assert titles(one) == []
    assert found(other, 1) == ["Title 1"]
    one.close()
    other.close()


@pytest.mark.parametrize("kind", LASTING)
def test_two_that_share_a_library_see_each_other_s_changes(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = None if kind == "folder" else own_shelf(request.getfixturevalue(kind))
    place = milvus(address) if address else folder(tmp_path / "library")
    one, other = place.opened(), place.opened()
    one.add(article(1))
    assert titles(other) == found(other, 1) == ["Title 1"]
    one.store.rename(article(1).id, "Renamed")
    assert titles(other) == found(other, 1) == ["Renamed"]
    assert len(other) == len(one)
    passages = Retriever(other).retrieve("Word1", k=30)
    assert {passage.title for passage in passages} == {"Renamed"}
    other.remove(article(1).id)
    assert titles(one) == found(one, 1) == []
    assert ask(one, "Word1") == []
    assert Retriever(one).retrieve("Word1", k=30) == []
    one.close()
    other.close()
