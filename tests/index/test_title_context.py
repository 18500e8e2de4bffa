"""The title of an article is searched along with each of its passages."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import tantivy

from bench.toys import ToyEmbedder
from index.embedding.embedder import Progress, SentenceTransformerEmbedder, Vectors
from index.maintenance import Verdict, check_library
from index.search import embedded_chunks
from index.search.chunk_cache import ChunkCache, title_as_context
from index.search.passage_index import PassageIndex
from index.store.folder import TEXT_FOLDER
from index.types import Article, Chunk, Heading
from qa.retrieval.retriever import Retriever
from tests.libraries import TOY

MODELS = {"Otter 5": "12 hours", "Otter 7": "19 hours", "Heron": "8 hours"}


def leaflet(model: str, lasting: str) -> Article:
    text = f"What is in the box\n\nA lamp and a cable. The battery lasts {lasting}."
    return Article.from_text(text, title=f"{model} lamp")


LEAFLETS = [leaflet(*each) for each in MODELS.items()]


@pytest.fixture(params=["memory", "disk"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "library"


def best_title(index: PassageIndex, question: str) -> str:
    return Retriever(index).retrieve(question, 1)[0].title


def bm25_by_title(index: PassageIndex, words: str) -> dict[str, float]:
    return {p.title: p.bm25 for p in Retriever(index).retrieve(words, 10) if p.bm25}


@pytest.mark.parametrize("model", MODELS)
def test_the_title_decides_between_articles_that_say_the_same(
    model: str, embedder: SentenceTransformerEmbedder
) -> None:
    with PassageIndex(None, embedder) as index:
        for article in LEAFLETS:
            index.add(article)
        question = f"How long does the battery of the {model} last?"
        assert best_title(index, question) == f"{model} lamp"
        (passage,) = Retriever(index).retrieve(question, 1)
        assert model not in passage.text
        assert passage.text == index.store.article(passage.article_id).text[passage.start :]


@pytest.mark.parametrize(
    ("title", "heading", "text"),
    [
        ("Harbour rules", "Harbour Rules", "Harbour Rules\nMoor here."),
        ("Harbour rules", "Harbour rules", "Moor here."),
        ("Harbour rules", "", "# Harbour rules\nMoor here."),
        ("Harbour rules", "", "Harbour rules, in short: moor here."),
        ("", "", "Moor here."),
        ("…", "", "Moor here."),
    ],
)
def test_a_title_that_is_repeated_is_not_added(title: str, heading: str, text: str) -> None:
    assert title_as_context(Chunk("id", 0, len(text), text, heading), title) == ""


def test_a_title_whose_letters_only_begin_the_text_is_added() -> None:
    assert title_as_context(Chunk("id", 0, 6, "Arthur"), "Art") == "Art"


class RecordingEmbedder(ToyEmbedder):
    """Keeps the texts that it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.texts += texts
        return super().encode_documents(texts, progress)


def embedded_texts(title: str, heading: str, body: str) -> list[str]:
    recording = RecordingEmbedder()
    text = f"{heading}\n\n{body}"
    headings = (Heading(0, len(heading), 1),)
    with PassageIndex(None, recording) as index:
        index.add(Article.from_text(text, title=title, headings=headings))
    return recording.texts


def test_title_and_heading_are_embedded_with_each_passage() -> None:
    sentence = "The lamps along the quay are lit at dusk by the keeper and his sons. "
    first, *others = embedded_texts("Quay handbook", "Lighting", sentence * 60)
    assert first.startswith("Quay handbook\nLighting\n\nThe lamps")
    assert others
    assert all(text.startswith("Quay handbook\nLighting\nThe lamps") for text in others)


def test_no_text_is_cut_off_for_its_title() -> None:
    words = "word " * (TOY.max_tokens - 5)
    title = "title " * 6
    assert embedded_texts(title, "Lighting", words) == [f"Lighting\n\n{words}".strip()]


def test_a_long_title_is_embedded_up_to_a_word() -> None:
    (text,) = embedded_texts("handbook " * 20, "Lighting", "The lamps are lit at dusk.")
    assert text == f"{' '.join(['handbook'] * 6)}\nLighting\n\nThe lamps are lit at dusk."


def test_a_renamed_article_is_found_by_its_new_title_alone(folder: Path | None) -> None:
    with PassageIndex(folder, TOY) as index:
        for article in LEAFLETS:
            index.add(article)
        index.store.rename(LEAFLETS[2].id, "Kestrel")
        assert bm25_by_title(index, "kestrel").keys() == {"Kestrel"}
        assert bm25_by_title(index, "heron") == {}
    if folder:
        with PassageIndex(folder, TOY) as index:
            assert bm25_by_title(index, "kestrel").keys() == {"Kestrel"}
        assert check_library(folder).verdict is Verdict.SOUND


@pytest.mark.parametrize("ids", [None, [LEAFLETS[0].id]])
def test_an_article_renamed_during_a_search_is_found(
    ids: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ChunkCache.of
    with PassageIndex(None, TOY) as index:
        index.add(LEAFLETS[0])

        def renaming(*arguments: object) -> object:
            monkeypatch.undo()
            index.store.rename(LEAFLETS[0].id, "Kestrel")
            return real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(ChunkCache, "of", renaming)
        (passage,) = Retriever(index).retrieve("battery", 1, ids)
        assert passage.title == "Kestrel"


def make_older(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a library as before titles were searched."""
    with monkeypatch.context() as patch:
        patch.setattr(embedded_chunks, "searchable_text", lambda chunk, _title="": chunk.text)
        with PassageIndex(folder, TOY) as index:
            for article in LEAFLETS:
                index.add(article)
    shutil.rmtree(folder / TEXT_FOLDER)
    (folder / TEXT_FOLDER).mkdir()
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_unsigned_field("revision", stored=True)
    builder.add_unsigned_field("digest", fast=True)
    builder.add_text_field("text", tokenizer_name="words-1", index_option="freq")
    tantivy.Index(builder.build(), str(folder / TEXT_FOLDER))


def test_an_older_library_opens_and_knows_its_titles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "library"
    make_older(folder, monkeypatch)
    with PassageIndex(folder, TOY) as index:
        assert bm25_by_title(index, "heron").keys() == {"Heron lamp"}
        assert best_title(index, "How long does the battery of the Heron last?") == "Heron lamp"
        before = index.chunks(LEAFLETS[2].id)[1]
    assert check_library(folder).verdict is Verdict.SOUND
    with PassageIndex(folder, TOY) as index:
        index.reembed()
        after = index.chunks(LEAFLETS[2].id)[1]
    assert (before != after).any()
