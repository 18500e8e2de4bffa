from __future__ import annotations

import math

import pytest

from index.embedder import SentenceTransformerEmbedder
from index.passage_index import PassageIndex
from index.types import Article, Heading, Passage
from qa.composing import REFUSAL, REFUSAL_OF_SEVERAL, compose_answer
from qa.reader import MAX_SENTENCES, ExtractiveReader, Quote, Reading
from qa.retriever import Retriever
from qa.sentence_scoring import FEATURE_NAMES, Features, probability, sentence_features

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
        self.reader = ExtractiveReader(embedder)

    def passages(self, question: str) -> list[Passage]:
        return Retriever(self.index).retrieve(question, 5)

    def quoted(self, question: str) -> list[str]:
        reading = self.reader.read(question, self.passages(question))
        return [self.index.article(q.article_id).text[q.start : q.end] for q in reading.quotes]


@pytest.fixture(scope="module")
def library(embedder: SentenceTransformerEmbedder) -> Library:
    return Library(embedder, TEXT)


def test_the_sentence_that_answers_is_quoted_whole(library: Library) -> None:
    assert library.quoted("Who built the lighthouse?") == ["Anna Lindqvist built the lighthouse."]


def test_a_sentence_that_goes_on_with_the_answer_is_quoted_with_it(library: Library) -> None:
    assert library.quoted("Who did Marco Rubio call?") == [
        "Marco Rubio made a call to the Indian minister on Thursday. "
        "He also called the prime minister of Pakistan."
    ]


def test_a_sentence_that_leans_on_those_before_is_quoted_with_them(library: Library) -> None:
    assert library.quoted("How many metres above the sea is it?") == [
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


def test_a_question_the_text_answers_is_surer_than_one_it_does_not(library: Library) -> None:
    confidence = {
        question: library.reader.read(question, library.passages(question)).confidence
        for question in ("Who built the lighthouse?", "Who invented the telephone?")
    }
    assert confidence["Who built the lighthouse?"] > 0.5
    assert confidence["Who invented the telephone?"] < 0.1


def test_without_passages_there_is_nothing_to_quote(library: Library) -> None:
    assert library.reader.read("Who?", []) == Reading((), 0.0)


def test_a_passage_without_a_word_is_not_quoted(embedder: SentenceTransformerEmbedder) -> None:
    assert Library(embedder, "Heading\n?? ?? — …").quoted("What?") == []


@pytest.mark.parametrize(
    ("question", "sentence", "fits"),
    [
        ("When did it open?", "It opened in 1932.", 1.0),
        ("When did it open?", "It opened with a parade.", -1.0),
        ("When did it open in 1932?", "It opened in 1932.", -1.0),
        ("How many were there?", "There were twelve.", 1.0),
        ("How many were there?", "There were some.", -1.0),
        ("Who came?", "Only Anna came.", 1.0),
        ("Who came?", "only she came.", -1.0),
        ("What is it?", "It is a bridge.", 0.0),
    ],
)
def test_a_sentence_fits_if_it_holds_the_kind_of_thing_asked_for(
    embedder: SentenceTransformerEmbedder, question: str, sentence: str, fits: float
) -> None:
    passages = Library(embedder, f"h\n{sentence}").passages(question)
    assert [f.fits for _, _, f in sentence_features(question, passages, embedder)] == [fits]


def test_the_probability_is_the_logistic_of_weighted_features() -> None:
    nothing = Features(**dict.fromkeys(FEATURE_NAMES, 0.0))
    everything = Features(**dict.fromkeys(FEATURE_NAMES, 1.0))
    assert 0 < probability(nothing) < 0.05
    assert math.isclose(probability(everything), 1, abs_tol=0.01)


ARTICLE = Article.from_text("One fact. [1] Two facts.", title="T", source="t.txt")


def passage(article: Article) -> Passage:
    return Passage(article.id, article.title, article.text, 0, len(article.text), 0.5, 1)


def test_an_answer_marks_each_quote_where_it_ends() -> None:
    reading = Reading((Quote(ARTICLE.id, 0, 9), Quote(ARTICLE.id, 14, 24, "H")), 0.8)
    answer = compose_answer("Q?", [passage(ARTICLE)], reading, lambda _: ARTICLE, 0.5)
    assert answer.text == "One fact. [1] Two facts. [2]"
    assert [answer.text[start:end] for start, end in answer.marks] == ["[1]", "[2]"]
    assert [c.quote for c in answer.citations] == ["One fact.", "Two facts."]
    assert answer.citations[1].heading == "H"
    assert answer.citations[0].source == "t.txt"


def test_a_mark_of_the_article_itself_is_not_taken_for_ours() -> None:
    reading = Reading((Quote(ARTICLE.id, 0, 24),), 0.8)
    answer = compose_answer("Q?", [passage(ARTICLE)], reading, lambda _: ARTICLE, 0.5)
    assert answer.text == "One fact. [1] Two facts. [1]"
    assert [start for start, _ in answer.marks] == [25]


@pytest.mark.parametrize("reading", [Reading((), 0.9), Reading((Quote(ARTICLE.id, 0, 9),), 0.499)])
def test_what_is_not_sure_enough_is_refused(reading: Reading) -> None:
    answer = compose_answer("Q?", [passage(ARTICLE)], reading, lambda _: ARTICLE, 0.5)
    assert (answer.answered, answer.citations, answer.text) == (False, (), REFUSAL)
    assert answer.confidence == reading.confidence
    other = Article.from_text("Other.")
    several = [passage(ARTICLE), passage(other)]
    assert compose_answer("Q?", several, reading, lambda _: ARTICLE, 0.5).text == REFUSAL_OF_SEVERAL
