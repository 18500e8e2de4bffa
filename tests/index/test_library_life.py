"""A library lives through whatever befalls it, and is held against a plain model of it.

It runs for a few seconds. ``ARTICLE_QA_LIVES=500 pytest tests/index/test_library_life.py`` lives
500 lives of up to 60 steps instead.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bench.crash_work import LIMITS, MODELS
from bench.toys import ToyEmbedder
from index.errors import ArticleNotFound, WrongModel
from index.maintenance import Verdict, check_library
from index.search.passage_index import PassageIndex
from qa.retrieval.retriever import Retriever
from tests.libraries import article, derived_files

pytestmark = pytest.mark.slow
LIVES = int(os.environ.get("ARTICLE_QA_LIVES", "0"))
NUMBERS = st.integers(0, 7)


class LibraryLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.folder = self.place / "library"
        self.titles: dict[int, str] = {}  # in the order they were added
        self.model = MODELS[0]
        self.dropped: list[PassageIndex] = []

    @initialize()
    def begin(self) -> None:
        self.index = self.opened()

    def opened(self, *, replacing: bool = False) -> PassageIndex:
        model = ToyEmbedder(name=self.model)
        return PassageIndex(self.folder, model, limits=LIMITS, replacing=replacing)

    @rule(number=NUMBERS)
    def add(self, number: int) -> None:
        added = self.index.add(article(number))
        self.titles.setdefault(number, article(number).title)
        assert added.title == self.titles[number]

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        if number in self.titles:
            self.index.remove(article(number).id)
            del self.titles[number]
        else:
            with pytest.raises(ArticleNotFound):
                self.index.remove(article(number).id)

    @rule(number=NUMBERS, title=st.text("ab", min_size=1, max_size=3))
    def rename(self, number: int, title: str) -> None:
        if number in self.titles:
            self.index.store.rename(article(number).id, title)
            self.titles[number] = title
        else:
            with pytest.raises(ArticleNotFound):
                self.index.store.rename(article(number).id, title)

    @rule(number=NUMBERS)
    def ask(self, number: int) -> None:
        passages = Retriever(self.index).retrieve(f"Word{number}", k=30)
        found_titles = {
            passage.article_id: passage.title for passage in passages if passage.bm25 > 0
        }
        expected = {article(number).id: self.titles[number]} if number in self.titles else {}
        assert found_titles == expected
        for passage in passages:
            text = self.index.store.article(passage.article_id).text
            assert text[passage.start : passage.end] == passage.text
            assert 0 <= passage.score <= 1
            assert -1.001 <= passage.similarity <= 1.001

    @rule()
    def list(self) -> None:
        assert [info.title for info in self.index.store.catalogue()] == [*self.titles.values()]
        assert len(self.index) == sum(
            len(self.index.chunks(article(number).id)[0]) for number in self.titles
        )

    @rule()
    def reembed(self) -> None:
        self.index.close()
        self.model = MODELS[1 - MODELS.index(self.model)]
        if self.titles:
            with pytest.raises(WrongModel):
                self.opened()
        with self.opened(replacing=True) as index:
            index.reembed()
        self.index = self.opened()

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.index = self.opened()

    @rule()
    def crash(self) -> None:
        """Go on with a copy of the files as they are, as if the process had been killed."""
        self.dropped.append(self.index)
        copy = self.place / f"after-crash-{len(self.dropped)}"
        shutil.copytree(self.folder, copy)
        self.folder = copy
        self.index = self.opened()

    @precondition(lambda self: self.folder.exists())
    @rule(which=st.integers(0, 99), where=st.floats(0, 0.999), bit=st.integers(-1, 7))
    def damage(self, which: int, where: float, bit: int) -> None:
        """Lose a derived file while nobody has the library open, or flip a bit of it."""
        self.index.close()
        if files := [path for path in derived_files(self.folder) if path.stat().st_size]:
            file = files[which % len(files)]
            content = bytearray(file.read_bytes())
            content[int(where * len(content))] ^= 1 << max(bit, 0)
            if bit < 0:
                file.unlink()
            else:
                file.write_bytes(content)
        self.index = self.opened()

    def teardown(self) -> None:
        for index in (self.index, *self.dropped):
            index.close()
        report = check_library(self.folder)
        assert report.verdict in {Verdict.SOUND, Verdict.REPAIRED}, report
        assert report.articles == len(self.titles)
        shutil.rmtree(self.place)


TestLibraryLife = LibraryLife.TestCase
TestLibraryLife.settings = settings(
    max_examples=LIVES or 6,
    stateful_step_count=60 if LIVES else 15,
    deadline=None,
    derandomize=not LIVES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
