"""Titles of a library, of all articles or some, in a folder and on Milvus Lite."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench.toys import ToyEmbedder
from index.library_address import MilvusAccess, MilvusAddress
from index.search.backend import LibraryBackend
from index.search.passage_index import PassageIndex
from tests.libraries import article

HAS_MILVUS = importlib.util.find_spec("milvus_lite") is not None
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(params=["folder", pytest.param("milvus", marks=pytest.mark.slow)])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LibraryBackend]:
    if request.param == "folder":
        with PassageIndex(tmp_path / "library", ToyEmbedder()) as index:
            yield index
        return
    if not HAS_MILVUS:
        pytest.skip("Milvus Lite is not installed.")
    from index.milvus.library import MilvusLibrary

    file = tmp_path / "library.db"
    with closing(MilvusLibrary(MilvusAddress("", file=file), MilvusAccess(), ToyEmbedder())) as one:
        yield one
    importlib.import_module("milvus_lite.server_manager").server_manager_instance.release_server(
        str(file)
    )


def test_titles_of_all_of_the_first_and_of_some_articles(library: LibraryBackend) -> None:
    assert (library.store.count(), library.store.titles()) == (0, {})
    ids = [library.add(article(number)).id for number in range(4)]
    titles = {each: f"Title {number}" for number, each in enumerate(ids)}
    store = library.store
    assert list(store.titles().items()) == list(titles.items())
    assert list(store.titles(limit=2)) == ids[:2]
    assert store.titles(limit=9) == titles
    assert store.titles([ids[3], "none", ids[1]]) == {ids[1]: "Title 1", ids[3]: "Title 3"}
    assert store.titles([]) == {}
    library.remove(ids[0])
    assert store.count() == 3
    assert list(store.titles(limit=1)) == [ids[1]]
