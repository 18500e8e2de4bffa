"""Whoever writes at once, and whoever is killed when: nobody sees half of an article on Milvus."""

from __future__ import annotations

import functools
import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.crash_work import LIMITS
from index.errors import ArticleNotFound, LibraryError
from index.milvus.library import MilvusLibrary
from index.search.embedded_chunks import embed_article
from index.source_file import PageLayout, SourceFile
from index.types import Article
from tests.libraries import TOY, article
from tests.milvus_simulation import (
    STALE_SECONDS,
    Row,
    Shards,
    SimulatedConnection,
    Writer,
    library_of,
)

ARTICLES = 3
FILE = SourceFile("a.pdf", bytes(100_000), (PageLayout.of_words(9.0, 9.0, [(0, 4, 1, 1, 2, 2)]),))
Change = Callable[[MilvusLibrary], object]


@functools.cache
def texts_of(number: int) -> Counter[str]:
    """Return the texts of the chunks of an article."""
    parts = embed_article(article(number), TOY, LIMITS)
    return Counter(chunk.text for part in parts for chunk in part.chunks)


NUMBERS = {article(number).id: number for number in range(ARTICLES)}


def assert_whole(library: MilvusLibrary) -> None:
    """Assert that every article that can be seen is seen with all that it has."""
    for article_id in library.store.titles():
        number = NUMBERS[article_id]
        with suppress(ArticleNotFound):
            assert library.store.article(article_id).text == article(number).text
        with suppress(ArticleNotFound):
            assert Counter(chunk.text for chunk in library.chunks(article_id)[0]) == texts_of(
                number
            )
        with suppress(ArticleNotFound):
            assert set(found_in(library, [article_id])) == {article_id}
        file = library.store.source_file(article_id)
        assert file is None or file.data == FILE.data
    found_in(library)


def found_in(library: MilvusLibrary, article_ids: list[str] | None = None) -> set[str]:
    """Return which articles a search that finds all chunks finds; assert that they are whole."""
    question = "Word0 is beside a sentence"
    candidates = library.candidates(question, TOY.encode_query(question), 500, article_ids)
    texts: dict[str, Counter[str]] = {}
    for each in candidates:
        chunk = each.stored.chunk
        texts.setdefault(chunk.article_id, Counter())[chunk.text] += 1
    assert texts == {article_id: texts_of(NUMBERS[article_id]) for article_id in texts}
    return set(texts)


def add(number: int, library: MilvusLibrary, *, file: bool = False) -> None:
    library.add(replace(article(number), file=FILE if file else None))


def remove(number: int, library: MilvusLibrary) -> None:
    with suppress(ArticleNotFound):
        library.remove(article(number).id)


def rename(number: int, title: str, library: MilvusLibrary) -> None:
    with suppress(ArticleNotFound):
        library.store.rename(article(number).id, title)


CHANGES: dict[str, Change] = {
    "add": functools.partial(add, 2),
    "add with a file": functools.partial(add, 2, file=True),
    "add a file": functools.partial(add, 0, file=True),
    "remove": functools.partial(remove, 0),
    "remove with a file": functools.partial(remove, 1),
    "rename": functools.partial(rename, 0, "New"),
    "rename with a file": functools.partial(rename, 1, "New"),
}


def state(library: MilvusLibrary) -> dict[str, tuple[Article, bytes | None]]:
    assert_whole(library)
    assert found_in(library) == set(library.store.titles())
    return {
        each.id: (replace(each, added_at=None), file.data if file else None)
        for each in library.store.articles()
        for file in [library.store.source_file(each.id)]
    }


@pytest.mark.parametrize("change", CHANGES)
def test_a_writer_that_is_killed_at_any_call_leaves_all_or_nothing(change: str) -> None:
    calls, states = 0, []
    while True:
        with pytest.MonkeyPatch.context() as patch:
            shards = Shards(patch)
            library = library_of(SimulatedConnection(shards))
            add(0, library)
            add(1, library, file=True)
            before = state(library)
            writer = Writer(shards, CHANGES[change])
            for _ in range(calls):
                writer.step()
            finished = writer.done
            writer.kill()
            after = state(library_of(SimulatedConnection(shards)))
            states.append(after)
            CHANGES[change](library)  # whoever tries again succeeds
            final = state(library)
        if finished:
            break
        calls += 1
    assert calls > len(before)
    assert states[0] == before
    assert states[-1] == final != before
    assert all(each in (before, final) for each in states)
    assert [each == final for each in states] == sorted(each == final for each in states)


class FailingConnection(SimulatedConnection):
    """Fails at one write, which is done all the same if ``done``."""

    def __init__(self, shards: Shards, at: int, *, done: bool) -> None:
        super().__init__(shards)
        self.left, self._done = at, done

    def _write(self, call: str, name: str, rows: Mapping[str, Row | None]) -> None:
        self.left -= 1
        if self.left or self._done:
            super()._write(call, name, rows)
        if not self.left:
            msg = "Milvus cannot be reached."
            raise LibraryError(msg)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_a_write_that_fails_leaves_all_or_nothing(change: str, *, done: bool) -> None:
    at, left = 0, 0
    while not left:
        at += 1
        with pytest.MonkeyPatch.context() as patch:
            shards = Shards(patch)
            library = library_of(SimulatedConnection(shards))
            add(0, library)
            add(1, library, file=True)
            before = state(library)
            failing = FailingConnection(shards, at, done=done)
            with suppress(LibraryError):
                CHANGES[change](library_of(failing))
            left = max(failing.left, 0)
            after = state(library)
            CHANGES[change](library)  # whoever tries again succeeds
            assert after in (before, state(library))
    assert at > 1


def drawn_change(chance: random.Random, *, removing: bool = True) -> Change:
    number = chance.randrange(ARTICLES)
    kind = chance.choice(["add", "file", "rename", "rename", *["remove"] * (2 * removing)])
    if kind == "rename":
        return functools.partial(rename, number, f"Title {chance.randrange(3)}")
    if kind == "remove":
        return functools.partial(remove, number)
    return functools.partial(add, number, file=kind == "file")


def run_together(chance: random.Random, *, removing: bool, lag: bool) -> None:
    """Let writers make changes at once, some of which are killed, while somebody reads."""
    with pytest.MonkeyPatch.context() as patch:
        shards = Shards(patch)
        first = library_of(SimulatedConnection(shards))
        for number in range(ARTICLES):
            add(number, first, file=chance.random() < 0.5)
        shards.clock.seconds += chance.choice([0.0, 1.0, 100.0])
        writers = [
            Writer(shards, drawn_change(chance, removing=removing))
            for _ in range(chance.choice([1, 2, 2, 3]))
        ]

        def proceed(_call: str) -> None:
            for _ in range(chance.choice([0, 0, 1, 1, 2, 5, 20])):
                writer = chance.choice(writers)
                if chance.random() < 0.01:
                    writer.kill()
                else:
                    writer.step()
            shards.clock.seconds += chance.choice([0.0, 0.0, 0.1, 2.0])

        def seconds_behind() -> float:
            return chance.choice([0.0, chance.random(), STALE_SECONDS]) if lag else 0.0

        reader = library_of(SimulatedConnection(shards, proceed, seconds_behind))
        while not all(writer.done for writer in writers):
            read_something(reader, chance, is_all_there=not removing and not lag)
        assert [writer.error for writer in writers] == [None] * len(writers)
        shards.clock.seconds += 1
        for library in (first, library_of(SimulatedConnection(shards))):
            assert_whole(library)
            assert found_in(library) == set(library.store.titles())
            assert removing or set(library.store.titles()) == set(NUMBERS)


def read_something(reader: MilvusLibrary, chance: random.Random, *, is_all_there: bool) -> None:
    chosen = article(chance.randrange(ARTICLES)).id
    if chance.random() < 0.5:
        found = found_in(reader)
        assert not is_all_there or found == set(NUMBERS)
    else:
        with suppress(ArticleNotFound):
            assert found_in(reader, [chosen]) == {chosen}
    with suppress(ArticleNotFound):
        assert reader.store.article(chosen).id == chosen
    with suppress(ArticleNotFound):
        texts = Counter(chunk.text for chunk in reader.chunks(chosen)[0])
        assert texts == texts_of(NUMBERS[chosen])


QUICK = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
LONG = settings(QUICK, max_examples=500, derandomize=False)


@QUICK
@given(st.randoms(use_true_random=True))
def test_readers_see_whole_articles_while_others_write(chance: random.Random) -> None:
    run_together(chance, removing=True, lag=False)


@QUICK
@given(st.randoms(use_true_random=True))
def test_an_article_that_is_only_renamed_is_always_found(chance: random.Random) -> None:
    run_together(chance, removing=False, lag=False)


@QUICK
@given(st.randoms(use_true_random=True))
def test_readers_see_whole_articles_also_when_what_they_read_is_old(chance: random.Random) -> None:
    run_together(chance, removing=True, lag=True)


@pytest.mark.exhaustive
@pytest.mark.parametrize("lag", [False, True])
@pytest.mark.parametrize("removing", [False, True])
def test_readers_see_whole_articles_in_many_interleavings(*, removing: bool, lag: bool) -> None:
    @LONG
    @given(st.randoms(use_true_random=True))
    def run(chance: random.Random) -> None:
        run_together(chance, removing=removing, lag=lag)

    run()
