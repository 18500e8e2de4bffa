from __future__ import annotations

from collections.abc import Sequence

import pytest

from index.chunking import chunk_article
from index.types import Article, Heading
from qa.conversation.language import seems_english
from qa.overview.summary import Sentence, is_statement, sentences_of


def sentence(text: str) -> Sentence:
    return Sentence(0, len(text), text, "", 0)


def words_in(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "The bridge opened in 1932.",
        "“We are glad,” the mayor said on Monday.",
        "他在一九三二年修建了这座跨越海港的大桥。",
        "El puente se abrió al tráfico en 1932.",
    ],
)
def test_a_whole_sentence_is_a_statement(text: str) -> None:
    assert is_statement(sentence(text))


@pytest.mark.parametrize(
    "text",
    [
        "Why did the bridge open so late?",
        "Table 3. Bridges of the world",
        "and so it was built at last.",
        "1 2 3 4 5 6 7 8 9 10 11.",
        "x = f(a, b) + g[3] ** 2 / 4.0.",
        "It rained.",
        "“The bridge is open to all of you.",
        "The bridge " + "is very long and " * 40 + "old.",
        ": the bridge is long and old.",
    ],
)
def test_other_text_is_not_a_statement(text: str) -> None:
    assert not is_statement(sentence(text))


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("He opened the bridge in 1932.", True),
        ("In the same year, the bridge opened.", True),
        ("In 1932, he opened the bridge.", True),
        ("Because it was late, the bridge opened.", True),
        ("The bridge opened in 1932.", False),
        ("In this study, we measured the bridge.", False),
        ("Andrea opened the bridge.", False),
    ],
)
def test_a_sentence_that_refers_to_the_one_before_needs_context(text: str, *, needs: bool) -> None:
    assert sentence(text).needs_context is needs


def test_headings_are_left_out_and_offsets_are_exact() -> None:
    text = "# The bridge\n\nIt opened in 1932. It is long.\n\n# The town\n\nIt is old."
    article = Article.from_text(
        text,
        headings=(Heading(2, 12, 1), Heading(text.index("The town"), text.index("\n\nIt is o"), 1)),
    )
    found = list(sentences_of(chunk_article(article, words_in)))
    assert [s.text for s in found] == ["It opened in 1932.", "It is long.", "It is old."]
    assert all(article.text[s.start : s.end] == s.text for s in found)
    assert [s.heading for s in found] == ["The bridge", "The bridge", "The town"]


def test_english_is_recognised_by_function_words() -> None:
    assert seems_english("The bridge was built in the year after the war, and it is still there.")
    assert not seems_english("Le pont fut construit en 1932 et la ville en est fière depuis.")
    assert not seems_english("Die Brücke wurde im Jahr nach dem Krieg gebaut und steht noch.")
