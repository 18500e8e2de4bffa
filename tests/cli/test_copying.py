"""The command that copies a library; what is copied is tested in tests/test_copying.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from index.chunking import ChunkLimits
from index.embedding.embedder import Embedder, Progress
from index.errors import LibraryMissing, SettingsError
from index.search.embedded_chunks import EmbeddedChunks, embed_article
from index.types import Article
from qa.article_qa import ArticleQA
from qa.cli.commands import app
from qa.cli.terminal import EXIT_ERROR
from tests.libraries import state

pytestmark = pytest.mark.slow


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["copy", *arguments])


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    with ArticleQA.open(folder) as qa:
        qa.add_text("The Harbour Bridge opened in 1932.", title="Bridge")
        qa.add_text("The tower is 150 metres tall.", title="Tower")
    return folder


def test_a_library_is_copied_compared_and_can_be_asked(library: Path, tmp_path: Path) -> None:
    new, before = tmp_path / "new", state(library)
    result = run(str(library), str(new))
    assert result.exit_code == 0
    assert "Articles copied: 2. Already there: 0." in result.output
    assert "The same in both: articles 2, passages 2." in result.output
    assert state(library) == before
    with ArticleQA.open(new, create=False) as qa:
        assert qa.ask("When did the Harbour Bridge open?").short == "1932"
    again = json.loads(run(str(library), str(new), "--json").output)
    assert (again["copied"]["added"], again["copied"]["already_there"]) == (0, 2)
    assert again["compared"]["differences"] == []


def test_differences_are_listed_and_are_an_error(library: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert run(str(library), str(new)).exit_code == 0
    with ArticleQA.open(new) as qa:
        qa.remove(qa.resolve(next(iter(qa.titles()))).id)
    before = state(new)
    result = run(str(library), str(new), "--verify-only")
    assert result.exit_code == EXIT_ERROR
    assert "Different: 1" in result.output
    assert "“Bridge”" in result.output
    assert "missing in the copy" in result.output
    assert state(new) == before


def test_only_comparing_creates_nothing(library: Path, tmp_path: Path) -> None:
    result = run(str(library), str(tmp_path / "new"), "--verify-only")
    assert isinstance(result.exception, LibraryMissing)
    assert not (tmp_path / "new").exists()


def test_without_an_original_nothing_is_created(tmp_path: Path) -> None:
    result = run(str(tmp_path / "none"), str(tmp_path / "new"))
    assert isinstance(result.exception, LibraryMissing)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("library", "./library/"),
        ("milvus://host/db", "MILVUS://host:19530/db?shelf=main"),
        ("milvus-lite:a.db", "milvus-lite:./a.db"),
    ],
)
def test_a_library_is_not_copied_to_itself(
    source: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(source, target)
    assert result.exit_code == 2
    assert "the same library" in result.output


@pytest.mark.parametrize("place", [0, 1])
def test_a_wrong_address_is_an_error(place: int, library: Path) -> None:
    arguments = [str(library), str(library)]
    arguments[place] = "milvus://user@host"
    assert isinstance(run(*arguments).exception, SettingsError)


def test_articles_are_embedded_again_on_request_alone(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[str] = []

    def counted(
        article: Article, embedder: Embedder, limits: ChunkLimits, progress: Progress
    ) -> Iterator[EmbeddedChunks]:
        embedded.append(article.title)
        return embed_article(article, embedder, limits, progress)

    monkeypatch.setattr("qa.copying.embed_article", counted)
    assert run(str(library), str(tmp_path / "same")).exit_code == 0
    assert embedded == []
    assert run(str(library), str(tmp_path / "new"), "--embed").exit_code == 0
    assert embedded == ["Bridge", "Tower"]
