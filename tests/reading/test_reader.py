from __future__ import annotations

import pytest

from index.embedding.embedder import SentenceTransformerEmbedder
from index.search.passage_index import PassageIndex
from index.types import Article, Heading, Passage
from qa.reading.model import Turn
from qa.reading.quotes import MAX_SENTENCES
from qa.reading.reader import ExtractiveReader, Reading, with_last_question
from qa.retrieval.retriever import Retriever

TEXT = """Rubio's calls
Marco Rubio made a call to the Indian minister on Thursday. He also called the prime minister of \
Pakistan. The weather in Delhi was warm.

Anna Lindqvist built the lighthouse. It is white. It stands 42 metres above the sea at Cape Ferro.
"""


class Library:
    def __init__(self, embedder: SentenceTransformerEmbedder, *texts: str) -> None:
        self.index = PassageIndex(None, embedder)
        for text in texts:
            heading = Heading(0, text.index("\n"), 1)
            self.index.add(Article.from_text(text, headings=(heading,)))
        self.reader = ExtractiveReader()

    def passages(self, question: str) -> list[Passage]:
        return Retriever(self.index).retrieve(question, 5)

    def read(self, question: str) -> Reading:
        return self.reader.read(question, self.passages(question))

    def quoted(self, question: str) -> list[str]:
        quotes = self.read(question).quotes
        return [self.index.store.article(q.article_id).text[q.start : q.end] for q in quotes]

    def short(self, question: str) -> str:
        reading = self.read(question)
        assert reading.short
        return self.index.store.article(reading.quotes[0].article_id).text[slice(*reading.short)]


@pytest.fixture(scope="module")
def library(embedder: SentenceTransformerEmbedder) -> Library:
    return Library(embedder, TEXT)


def test_the_words_that_answer_are_found_and_their_sentence_quoted_whole(library: Library) -> None:
    assert library.short("Who built the lighthouse?") == "Anna Lindqvist"
    assert library.quoted("Who built the lighthouse?") == ["Anna Lindqvist built the lighthouse."]


def test_a_sentence_that_refers_to_earlier_ones_is_quoted_with_them(library: Library) -> None:
    question = "How many metres above the sea is it?"
    assert library.short(question).startswith("42")
    assert library.quoted(question) == [
        "Anna Lindqvist built the lighthouse. It is white. "
        "It stands 42 metres above the sea at Cape Ferro."
    ]


def test_a_heading_is_never_quoted(library: Library) -> None:
    for question in ("Rubio's calls", "What were Rubio's calls?"):
        assert not any("Rubio's calls" in quote for quote in library.quoted(question))


def test_no_more_than_three_sentences_are_quoted(embedder: SentenceTransformerEmbedder) -> None:
    text = "Cats\n" + "\n\n".join(f"The cat number {i} sleeps on the mat." for i in range(9))
    quotes = Library(embedder, text).quoted("Where does the cat sleep?")
    assert 1 <= sum(quote.count(".") for quote in quotes) <= MAX_SENTENCES


def test_an_answered_question_has_a_higher_confidence(
    library: Library,
) -> None:
    sure = library.read("Who built the lighthouse?").confidence
    unsure = library.read("Who invented the telephone?").confidence
    assert 0 <= unsure < library.reader.levels["balanced"] < sure <= 1


def test_passages_are_reordered_by_how_well_they_answer(
    embedder: SentenceTransformerEmbedder,
) -> None:
    said_often = "Bridge\n" + "The bridge was opened, the bridge that was opened in the city. " * 12
    said_once = "River\nThe bridge was opened by Queen Maud in 1932."
    library = Library(embedder, said_often, said_once)
    reading = library.read("Who opened the bridge?")
    assert "Queen Maud" in reading.passages[0].text
    assert [p.rank for p in reading.passages] == list(range(1, len(reading.passages) + 1))
    scores = [p.score for p in reading.passages]
    assert scores == sorted(scores, reverse=True)
    assert {p.start for p in reading.passages} == {
        p.start for p in library.passages("Who opened the bridge?")
    }


def test_turns_are_used_if_the_question_alone_is_not_answered(library: Library) -> None:
    turns = (Turn("Who built the lighthouse?", "Anna Lindqvist"),)
    passages = library.passages("Who built the lighthouse? Where?")
    after = library.reader.read("Where?", passages, turns)
    assert after.used_turns
    assert not library.reader.read("Where?", passages).used_turns
    complete = "Who made a call on Thursday?"
    alone = library.reader.read(complete, library.passages(complete))
    assert library.reader.read(complete, library.passages(complete), turns) == alone


def test_a_long_question_before_it_does_not_push_a_question_out() -> None:
    last = Turn(f"Who {'built it ' * 200}?", "")
    assert len(with_last_question("Where?", [last])) < 220
    assert with_last_question("Where?", [last]).endswith("? Where?")


def test_without_passages_there_is_nothing_to_quote(library: Library) -> None:
    assert library.reader.read("Who?", []) == Reading((), 0.0)


def test_a_passage_without_a_word_is_not_quoted(embedder: SentenceTransformerEmbedder) -> None:
    assert Library(embedder, "Heading\n?? ?? — …").quoted("What?") == []


def test_load_loads_the_model() -> None:
    reader = ExtractiveReader()
    assert not reader.is_loaded
    reader.load()
    assert reader.is_loaded
    assert 0 <= reader.levels["eager"] <= reader.levels["balanced"] <= reader.levels["careful"] <= 1
