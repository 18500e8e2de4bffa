"""A library of any kind lives through whatever befalls it, and is held against a plain model.

What only a folder can suffer is in test_library_life.py.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from index.errors import ArticleNotFound
from index.library_address import MilvusAddress, milvus_address
from index.search.backend import LibraryBackend
from index.source_file import SourceFile
from qa.retrieval.retriever import Retriever
from tests.backends import Place, folder, memory, milvus, own_shelf
from tests.libraries import article
from tests.milvus_server import milvus_server

pytestmark = pytest.mark.slow
NUMBERS = st.integers(0, 3)
FILE = SourceFile("kept.txt", b"\x00\xff" * 40_000)


class BackendLife(RuleBasedStateMachine):
    def __init__(self, place: Place, *, lasts: bool) -> None:
        super().__init__()
        self.place, self.lasts = place, lasts
        self.titles: dict[int, str] = {}  # in the order they were added
        self.files: set[int] = set()
        self.dropped: list[LibraryBackend] = []

    @initialize()
    def begin(self) -> None:
        self.library = self.place.opened()

    @rule(number=NUMBERS, with_file=st.booleans())
    def add(self, number: int, with_file: bool) -> None:  # noqa: FBT001 - of Hypothesis
        file = FILE if with_file else None
        added = self.library.add(replace(article(number), file=file))
        self.titles.setdefault(number, article(number).title)
        assert added.title == self.titles[number]
        if with_file:
            self.files.add(number)

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        if number in self.titles:
            self.library.remove(article(number).id)
            del self.titles[number]
            self.files.discard(number)
        else:
            with pytest.raises(ArticleNotFound):
                self.library.remove(article(number).id)

    @rule(number=NUMBERS, title=st.text("ab", min_size=1, max_size=3))
    def rename(self, number: int, title: str) -> None:
        if number in self.titles:
            self.library.store.rename(article(number).id, title)
            self.titles[number] = title
        else:
            with pytest.raises(ArticleNotFound):
                self.library.store.rename(article(number).id, title)

    @rule(number=NUMBERS)
    def ask(self, number: int) -> None:
        passages = Retriever(self.library).retrieve(f"Word{number}", k=60)
        found = {passage.article_id: passage.title for passage in passages if passage.bm25 > 0}
        expected = {article(number).id: self.titles[number]} if number in self.titles else {}
        assert found == expected
        for passage in passages:
            text = self.library.store.article(passage.article_id).text
            assert text[passage.start : passage.end] == passage.text
            assert 0 <= passage.score <= 1
            assert -1.001 <= passage.similarity <= 1.001

    @rule()
    def list(self) -> None:
        infos = self.library.store.catalogue()
        assert [info.title for info in infos] == [*self.titles.values()]
        sizes = [len(FILE.data) if number in self.files else 0 for number in self.titles]
        assert [info.file_bytes for info in infos] == sizes
        chunks = sum(len(self.library.chunks(article(n).id)[0]) for n in self.titles)
        assert len(self.library) == chunks

    @rule()
    def open_again(self) -> None:
        if self.lasts:
            self.library.close()
            self.library = self.place.opened(create=False)

    @rule()
    def join(self) -> None:
        """Go on as another process would, while the first one has the library open."""
        if self.lasts:
            self.dropped.append(self.library)
            self.library = self.place.opened()

    def teardown(self) -> None:
        self.list()
        for number in self.titles:
            assert (self.library.store.source_file(article(number).id) is not None) == (
                number in self.files
            )
        for each in (*self.dropped, self.library):
            assert [info.title for info in each.store.catalogue()] == [*self.titles.values()]
            each.close()


@pytest.fixture
def path() -> Iterator[Path]:
    """Return a folder that each life has for itself."""
    place = Path(tempfile.mkdtemp())
    yield place
    shutil.rmtree(place)


def live(kind: str, path: Path, examples: int) -> None:
    limits = settings(
        max_examples=examples,
        stateful_step_count=12,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )

    def machine() -> BackendLife:
        if kind == "memory":
            return BackendLife(memory(), lasts=False)
        if kind == "folder":
            return BackendLife(folder(Path(tempfile.mkdtemp(dir=path)) / "l"), lasts=True)
        address = MilvusAddress("", file=path / "l.db") if kind == "lite" else milvus_address(kind)
        assert address
        return BackendLife(milvus(own_shelf(address)), lasts=True)

    run_state_machine_as_test(machine, settings=limits)  # type: ignore[arg-type] # calls it


@pytest.mark.parametrize("kind", ["memory", "folder", "lite"])
def test_a_library_lives(kind: str, path: Path) -> None:
    live(kind, path, examples=4)


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["memory", "folder", "lite"])
def test_a_library_lives_many_lives(kind: str, path: Path) -> None:
    live(kind, path, examples=40)


@pytest.mark.exhaustive
def test_a_library_on_a_server_lives(path: Path) -> None:
    with milvus_server(path) as address:
        live(address, path, examples=20)
