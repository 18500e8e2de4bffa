from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking import ChunkLimits, chunk_article
from index.embedding.embedder import SentenceTransformerEmbedder
from index.limits import LoadLimits
from index.sources.document import TextBuilder
from index.types import Article, Chunk, Heading
from tests.index.test_sentences import TEXTS

SMALL = ChunkLimits(min_tokens=6, max_tokens=12, max_chars=120)


def count_words(texts: Sequence[str]) -> list[int]:
    """Count as a wordpiece model does on plain words: no spaces, one token."""
    return [max(1, len(text.split())) for text in texts]


def chunks_of(text: str, limits: ChunkLimits = SMALL, headings: Sequence[str] = ()) -> list[Chunk]:
    marks = tuple(Heading(text.index(h), text.index(h) + len(h), 1) for h in headings)
    return chunk_article(Article.from_text(text, headings=marks), count_words, limits)


def check_invariants(article: Article, chunks: list[Chunk], limits: ChunkLimits) -> None:
    at = 0
    for chunk in chunks:
        assert chunk.text == article.text[chunk.start : chunk.end]
        assert not article.text[at : chunk.start].strip()
        assert chunk.sentences[0].start == chunk.start
        assert chunk.sentences[-1].end == chunk.end
        assert chunk.end - chunk.start <= limits.max_chars
        place = chunk.start
        for start, end in chunk.sentences:
            assert place <= start < end
            assert not article.text[place:start].strip()
            place = end
        at = chunk.end
    assert not article.text[at:].strip()


@given(TEXTS.filter(str.strip))
def test_chunks_are_exact_in_order_and_cover_all_that_is_not_blank(text: str) -> None:
    article = Article.from_text(text)
    check_invariants(article, chunk_article(article, count_words, SMALL), SMALL)


@given(TEXTS.filter(str.strip), st.data())
def test_the_same_holds_with_headings_anywhere(text: str, data: st.DataObject) -> None:
    article = Article.from_text(text)
    lines = [
        Heading(start, start + len(line), 1)
        for start, line in _lines(article.text)
        if line.strip() and data.draw(st.booleans())
    ]
    article = Article.from_text(article.text, headings=tuple(lines))
    check_invariants(article, chunk_article(article, count_words, SMALL), SMALL)


def _lines(text: str) -> list[tuple[int, str]]:
    found, at = [], 0
    for line in text.split("\n"):
        found.append((at, line))
        at += len(line) + 1
    return found


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "e\u0301" * 5_000, "שלום" * 5_000, "🙂‍↔️" * 3_000, "same. " * 5_000]
)
def test_a_text_without_places_to_cut_is_cut_all_the_same(text: str) -> None:
    article = Article.from_text(text)
    limits = ChunkLimits()
    check_invariants(article, chunk_article(article, count_words, limits), limits)


def test_a_paragraph_that_fits_stays_whole() -> None:
    first, second = "One two three. Four five six.", "Seven eight nine. Ten eleven twelve."
    assert [chunk.text for chunk in chunks_of(f"{first}\n\n{second}")] == [first, second]


def test_short_paragraphs_are_joined_until_they_are_worth_retrieving() -> None:
    assert [chunk.text for chunk in chunks_of("One two.\n\nThree four.\n\nFive six.")] == [
        "One two.\n\nThree four.\n\nFive six."
    ]


def test_a_long_paragraph_is_cut_between_sentences_into_even_runs() -> None:
    text = " ".join(f"Word{i} is so good." for i in range(5))
    assert [len(chunk.sentences) for chunk in chunks_of(text)] == [3, 2]


def test_a_chunk_never_crosses_a_heading_and_carries_its_own() -> None:
    chunks = chunks_of(
        "Intro text.\nFirst Part\nBody one.\nSecond Part\nBody two.",
        headings=["First Part", "Second Part"],
    )
    assert [(chunk.heading, chunk.text) for chunk in chunks] == [
        ("", "Intro text."),
        ("First Part", "First Part\nBody one."),
        ("Second Part", "Second Part\nBody two."),
    ]


def test_headings_in_a_row_belong_to_the_section_below_them() -> None:
    chunks = chunks_of("Title\nSubtitle\nBody.", headings=["Title", "Subtitle"])
    assert [(chunk.heading, chunk.text) for chunk in chunks] == [
        ("Subtitle", "Title\nSubtitle\nBody.")
    ]


def test_the_marks_of_a_markdown_heading_stay_with_it() -> None:
    chunks = chunks_of(
        "# Title\n\n## Part\n\nBody.\n\n## Next\n\nMore.", headings=["Title", "Part", "Next"]
    )
    assert [(chunk.heading, chunk.text) for chunk in chunks] == [
        ("Part", "# Title\n\n## Part\n\nBody."),
        ("Next", "## Next\n\nMore."),
    ]


def test_a_sentence_longer_than_the_models_window_is_cut_and_nothing_is_lost(
    embedder: SentenceTransformerEmbedder,
) -> None:
    text = "word and " * 1_000 + "end."
    chunks = chunk_article(Article.from_text(text), embedder.count_tokens)
    assert max(embedder.count_tokens([chunk.text for chunk in chunks])) <= embedder.max_tokens
    assert " ".join(chunk.text for chunk in chunks) == text


def test_each_row_of_a_table_is_one_sentence() -> None:
    builder = TextBuilder(LoadLimits())
    builder.add_paragraph("Ships sail daily. Look.")
    rows = [
        ["Alba", "Built 1931. Sunk 1952.", "no. 4"],
        ["brio and", "two", "three"],
        ["Cetus", "x"],
    ]
    builder.add_table(rows)
    builder.add_paragraph("The end.")
    document = builder.build()
    article = Article.from_text(document.text, title="T", tables=document.tables)
    chunks = chunk_article(article, count_words, SMALL)
    check_invariants(article, chunks, SMALL)
    sentences = [article.text[slice(*span)] for chunk in chunks for span in chunk.sentences]
    assert sentences == [
        "Ships sail daily.", "Look.", *(" | ".join(row) for row in rows), "The end.",
    ]  # fmt: skip
