from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import qa.library
from qa.article_qa import ArticleQA
from qa.encoding.workers import (
    ArticleEncoder,
    ReadSource,
    Source,
    SourceResult,
    read_source,
    sendable,
)
from qa.settings import Settings

TEXT = "The bridge opened in 1932. It is 1,149 m long."
USER = "root:hunter2"
NOWHERE = "milvus://127.0.0.1:1"


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    file = tmp_path / "bridge.txt"
    file.write_text(TEXT, encoding="utf-8")
    return file


def test_a_path_becomes_absolute_and_an_address_stays(
    bridge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bridge.parent)
    assert Source.of(3, "bridge.txt") == Source(3, "bridge.txt", str(bridge))
    assert Source.of(0, "https://example.org/a").place == "https://example.org/a"
    assert Source.of(0, "no\0name").place.endswith("no\0name")


def test_a_file_is_read(bridge: Path) -> None:
    read = read_source(Source.of(0, str(bridge)), Settings())
    assert read.article
    assert read.article.text == TEXT
    assert not read.error


def test_a_source_that_cannot_be_read_has_a_reason(tmp_path: Path) -> None:
    read = read_source(Source.of(0, str(tmp_path / "missing.txt")), Settings())
    assert read.article is None
    assert "No such file" in read.error
    encoded = ArticleEncoder(NOWHERE, Settings()).add(read)
    assert encoded == SourceResult(read.source, error=read.error)


def test_a_bug_in_reading_is_the_problem_of_its_file_alone(
    bridge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("glyph")

    monkeypatch.setattr(qa.library, "read_file", fail)
    read = read_source(Source.of(0, str(bridge)), Settings())
    assert "KeyError: 'glyph'" in read.error


def test_an_article_is_embedded_once(bridge: Path, tmp_path: Path) -> None:
    library = str(tmp_path / "library")
    read = read_source(Source.of(7, str(bridge)), Settings())
    first = ArticleEncoder(library, Settings()).add(read)
    assert first.article
    assert first.article.title == "Bridge"
    assert first == SourceResult(read.source, first.article, passages=1)
    with ArticleQA.open(library, read_only=True) as shelf:
        assert shelf.article(first.article.id).text == TEXT


def test_an_article_that_is_there_is_not_embedded_again(bridge: Path, tmp_path: Path) -> None:
    encoder = ArticleEncoder(str(tmp_path / "library"), Settings())
    read = read_source(Source.of(0, str(bridge)), Settings())
    first, second = encoder.add(read), encoder.add(read)
    assert (first.passages, second.passages) == (1, 0)
    assert first.article
    assert second.article
    assert second.article.id == first.article.id


def test_an_error_of_the_library_stops_everything(bridge: Path, tmp_path: Path) -> None:
    (tmp_path / "library").write_text("a file", encoding="utf-8")
    read = read_source(Source.of(0, str(bridge)), Settings())
    result = ArticleEncoder(str(tmp_path / "library"), Settings()).add(read)
    assert result.stops
    assert result.article is None
    assert "library" in result.error


def test_a_bug_in_adding_is_the_problem_of_its_article_alone(
    bridge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(qa.library, "backend_of", fail)
    read = read_source(Source.of(0, str(bridge)), Settings())
    result = ArticleEncoder(NOWHERE, Settings()).add(read)
    assert "ZeroDivisionError" in result.error
    assert not result.stops


def test_workers_get_the_token_of_milvus_and_no_other_secret() -> None:
    settings = Settings.load(
        milvus_token=USER, llm_key="sk-1", llm_url="http://localhost:1", llm_model="m"
    )
    sent = sendable(settings)
    received: Settings = pickle.loads(pickle.dumps(sent))  # noqa: S301 - as Ray does
    assert received.milvus_access.token == USER
    assert received.llm_key is None
    assert "hunter2" not in repr(sent) + repr(received) + str(received.milvus_token)


def test_workers_find_the_model_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own-model").mkdir()
    monkeypatch.chdir(tmp_path)
    sent = sendable(Settings(model="own-model", milvus_ca_file="ca.pem"))
    assert sent.model == str(tmp_path / "own-model")
    assert sent.milvus_ca_file == str(tmp_path / "ca.pem")
    assert sendable(Settings(model="owner/name")).model == "owner/name"


def test_what_is_sent_between_workers_can_be_pickled(bridge: Path) -> None:
    read = read_source(Source.of(0, str(bridge)), Settings())
    for value in (read, ReadSource(read.source, error="x"), SourceResult(read.source)):
        assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - as Ray does
