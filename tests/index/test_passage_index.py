from __future__ import annotations

import multiprocessing
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from index.embedding.embedder import ModelIdentity, Progress, SentenceTransformerEmbedder, Vectors
from index.errors import ArticleNotFound, LibraryLocked, LibraryUnwritable, WrongModel
from index.search.passage_index import PassageIndex
from index.store.folder import LOCK, STORE_FILE, TEXT_FOLDER, VECTOR_FILE
from index.types import Article

RIVER = Article.from_text("The Danube flows through ten countries.", title="Danube")
TREATY = Article.from_text("The treaty was signed in Shimla in 1972.", title="Treaty")


@pytest.fixture(params=["memory", "disk"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "library"


def found(index: PassageIndex, question: str, **limits: object) -> list[str]:
    vector = index.embedder.encode_query(question)
    candidates = index.candidates(question, vector, 10, **limits)  # type: ignore[arg-type]
    ids = [c.stored.chunk.article_id for c in sorted(candidates, key=lambda c: -c.similarity)]
    passage_sources = index.store.passage_sources(ids)
    return [passage_sources[article_id].title for article_id in ids]


def test_an_added_article_is_found_and_a_removed_one_is_not(
    folder: Path | None, embedder: SentenceTransformerEmbedder
) -> None:
    with PassageIndex(folder, embedder) as index:
        index.add(RIVER)
        index.add(TREATY)
        assert found(index, "Which river crosses many states?") == ["Danube", "Treaty"]
        index.remove(RIVER.id)
        assert found(index, "Which river crosses many states?") == ["Treaty"]


def test_the_same_content_twice_is_one_article(
    folder: Path | None, embedder: SentenceTransformerEmbedder
) -> None:
    with PassageIndex(folder, embedder) as index:
        assert index.add(RIVER) == index.add(RIVER)
        assert len(index.store.articles()) == 1
        assert len(index) == 1


def test_both_scores_of_a_candidate_are_exact(
    folder: Path | None, embedder: SentenceTransformerEmbedder
) -> None:
    with PassageIndex(folder, embedder) as index:
        index.add(RIVER)
        index.add(TREATY)
        question = "Where was the treaty signed?"
        vector = embedder.encode_query(question)
        shallow = {c.stored.id: c for c in index.candidates(question, vector, 1)}
        deep = {c.stored.id: c for c in index.candidates(question, vector, 10)}
        for chunk_id, candidate in shallow.items():
            assert candidate.similarity == pytest.approx(deep[chunk_id].similarity)
            assert candidate.bm25 == pytest.approx(deep[chunk_id].bm25)


def test_a_limit_to_articles_is_exact_and_unknown_ones_are_named(
    folder: Path | None, embedder: SentenceTransformerEmbedder
) -> None:
    with PassageIndex(folder, embedder) as index:
        index.add(RIVER)
        index.add(TREATY)
        assert found(index, "river", article_ids=[TREATY.id]) == ["Treaty"]
        assert found(index, "river", article_ids=[]) == []
        with pytest.raises(ArticleNotFound, match="no-such-id"):
            found(index, "river", article_ids=["no-such-id"])


def test_passages_have_a_new_title_at_once_and_nothing_is_embedded(
    folder: Path | None, embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PassageIndex(folder, embedder) as index:
        index.add(RIVER)
        monkeypatch.delattr(SentenceTransformerEmbedder, "encode_documents")
        index.store.rename(RIVER.id, "Donau")
        assert found(index, "Which river crosses many states?") == ["Donau"]
        assert [info.title for info in index.store.catalogue()] == ["Donau"]
        assert index.add(RIVER).title == "Donau"


def test_an_interrupted_addition_changes_nothing(
    folder: Path | None, embedder: SentenceTransformerEmbedder
) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with PassageIndex(folder, embedder) as index:
        with pytest.raises(KeyboardInterrupt):
            index.add(RIVER, interrupt)
        assert index.store.articles() == []
        index.add(RIVER)
        assert len(index.store.articles()) == 1


def filled_library(folder: Path, embedder: SentenceTransformerEmbedder) -> None:
    with PassageIndex(folder, embedder) as index:
        index.add(RIVER)
        index.add(TREATY)


def test_a_reopened_library_is_unchanged(
    tmp_path: Path, embedder: SentenceTransformerEmbedder
) -> None:
    filled_library(tmp_path / "l", embedder)
    with PassageIndex(tmp_path / "l", embedder) as index:
        assert [article.title for article in index.store.articles()] == ["Danube", "Treaty"]
        assert found(index, "river")[0] == "Danube"


@pytest.mark.parametrize("damage", ["lose vectors", "cut vectors", "lose words", "spoil words"])
def test_a_lost_or_damaged_index_is_rebuilt(
    tmp_path: Path, embedder: SentenceTransformerEmbedder, damage: str
) -> None:
    folder = tmp_path / "l"
    filled_library(folder, embedder)
    if damage == "lose vectors":
        (folder / VECTOR_FILE).unlink()
    elif damage == "cut vectors":
        (folder / VECTOR_FILE).write_bytes((folder / VECTOR_FILE).read_bytes()[:100])
    elif damage == "lose words":
        shutil.rmtree(folder / TEXT_FOLDER)
    else:
        (folder / TEXT_FOLDER / "meta.json").write_text("{")
    with PassageIndex(folder, embedder) as index:
        candidates = index.candidates("treaty", embedder.encode_query("treaty"), 5)
        assert len(candidates) == 2
        assert max(candidates, key=lambda c: c.bm25).stored.chunk.article_id == TREATY.id


def test_a_record_put_back_from_a_backup_gets_its_own_derived_indexes(
    tmp_path: Path, embedder: SentenceTransformerEmbedder
) -> None:
    folder = tmp_path / "l"
    with PassageIndex(folder, embedder) as index:
        index.add(RIVER)
    backup = (folder / STORE_FILE).read_bytes()
    with PassageIndex(folder, embedder) as index:
        index.add(TREATY)
    (folder / STORE_FILE).write_bytes(backup)
    with PassageIndex(folder, embedder) as index:
        index.add(Article.from_text("Bread is baked from flour.", title="Bread"))
        assert sorted(found(index, "treaty")) == ["Bread", "Danube"]
        candidates = index.candidates("treaty", embedder.encode_query("treaty"), 5)
        assert all(candidate.bm25 == 0 for candidate in candidates)


def test_changes_are_seen_in_another_open_index(
    tmp_path: Path, embedder: SentenceTransformerEmbedder
) -> None:
    with (
        PassageIndex(tmp_path / "l", embedder) as mine,
        PassageIndex(tmp_path / "l", embedder) as theirs,
    ):
        mine.add(RIVER)
        assert found(theirs, "river") == ["Danube"]
        theirs.add(TREATY)
        mine.remove(RIVER.id)
        assert found(theirs, "river") == ["Treaty"]


def _hold(path: str, held: object, done: object) -> None:
    import filelock

    with filelock.FileLock(path):
        held.set()  # type: ignore[attr-defined]
        done.wait(60)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_second_writer_times_out_and_readers_are_not_blocked(
    tmp_path: Path, embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "l"
    filled_library(folder, embedder)
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(folder / LOCK), held, done))
    with PassageIndex(folder, embedder) as index:
        other.start()
        assert held.wait(60)
        monkeypatch.setattr("index.store.folder.LOCK_SECONDS", 0.05)
        with pytest.raises(LibraryLocked, match="Try again"):
            index.remove(RIVER.id)
        assert found(index, "river")[0] == "Danube"
        done.set()
        other.join()
        index.remove(RIVER.id)


def test_threads_may_ask_while_articles_are_added(
    tmp_path: Path, embedder: SentenceTransformerEmbedder
) -> None:
    with PassageIndex(tmp_path / "l", embedder) as index:
        index.add(RIVER)
        errors: list[BaseException] = []

        def ask() -> None:
            try:
                for _ in range(10):
                    assert "Danube" in found(index, "river")
            except BaseException as error:  # reported by the main thread
                errors.append(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for i in range(5):
            index.add(Article.from_text(f"Text number {i} about bread."))
        for thread in threads:
            thread.join()
        assert not errors


class _OtherModel:
    """Another model: half of the default one's vectors."""

    max_tokens = 100
    identity = ModelIdentity("other", "f" * 64, 192)

    def __init__(self, embedder: SentenceTransformerEmbedder) -> None:
        self._embedder = embedder

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        vectors = self._embedder.encode_documents(texts, progress)[:, :192]
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def encode_query(self, text: str) -> Vectors:
        return np.asarray(self.encode_documents([text])[0])


def test_another_model_is_refused_until_the_library_is_re_embedded(
    tmp_path: Path, embedder: SentenceTransformerEmbedder
) -> None:
    folder = tmp_path / "l"
    filled_library(folder, embedder)
    other = _OtherModel(embedder)
    with pytest.raises(WrongModel, match="reembed"):
        PassageIndex(folder, other)
    calls = []
    with PassageIndex(folder, other, replacing=True) as index:
        index.reembed(lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]
    with PassageIndex(folder, other) as index:
        assert found(index, "river")[0] == "Danube"
    with pytest.raises(WrongModel):
        PassageIndex(folder, embedder)


def test_a_place_that_cannot_hold_a_library_is_named(
    tmp_path: Path, embedder: SentenceTransformerEmbedder
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LibraryUnwritable, match="cannot be written to"):
        PassageIndex(tmp_path / "file", embedder)
