from __future__ import annotations

import math
from collections import Counter
from itertools import starmap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.search import text_index as lexical
from index.search.text_index import IndexedText, TextIndex, query_terms, stems
from index.store.rows import Revision

TEXTS = {
    1: "The river runs to the sea. Rivers run.",
    2: "A treaty was signed in Shimla between India and Pakistan.",
    3: "今天天气很好，我们去公园。",
    4: "यह भारत की कहानी है।",
    5: 'Café OR (title:secret) AND "quotes"',
    6: "The who and the what of it.",
}


@pytest.fixture(scope="module")
def index() -> TextIndex:
    made = TextIndex(None)
    made.update(Revision(1, 2), starmap(IndexedText, TEXTS.items()))
    return made


def test_words_match_by_their_stems(index: TextIndex) -> None:
    assert index.search("Where does the RIVER run?", 5)[0][0] == 1
    assert index.search("signing treaties", 5)[0][0] == 2


def test_scores_are_those_of_bm25() -> None:
    texts = {1: "alpha beta beta", 2: "alpha gamma", 3: "delta epsilon zeta eta"}
    index = TextIndex(None)
    index.update(Revision(1, 1), starmap(IndexedText, texts.items()))
    tokens = {i: stems(text) for i, text in texts.items()}
    # tantivy counts our revision document too, and keeps lengths in one byte,
    # which is exact for texts as short as these.
    total, mean = len(texts) + 1, sum(map(len, tokens.values())) / (len(texts) + 1)
    for found, score in index.search("beta alpha", 5):
        expected = 0.0
        for term in query_terms("beta alpha"):
            frequency = Counter(tokens[found])[term]
            holding = sum(term in words for words in tokens.values())
            idf = math.log(1 + (total - holding + 0.5) / (holding + 0.5))
            norm = 1.2 * (1 - 0.75 + 0.75 * len(tokens[found]) / mean)
            expected += idf * frequency * 2.2 / (frequency + norm)
        assert score == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("question", "found"), [("公园", 3), ("भारत", 4), ("cafe", 5)])
def test_other_scripts_and_accents_are_found(index: TextIndex, question: str, found: int) -> None:
    assert index.search(question, 5)[0][0] == found


@pytest.mark.parametrize(
    "question", ["title:secret", "(", '"', "a AND", "OR OR", "*", "/x/", "text:[a TO z]", "+-!^~\\"]
)
def test_a_question_is_never_query_syntax(index: TextIndex, question: str) -> None:
    assert {found for found, _ in index.search(question, 5)} <= set(TEXTS)


@given(st.text())
def test_any_question_can_be_searched(question: str) -> None:
    made = TextIndex(None)
    assert made.search(question.encode("utf-8", "ignore").decode(), 5) == []


def test_function_words_are_dropped_unless_there_are_no_others(index: TextIndex) -> None:
    assert query_terms("Who is the treaty for?") == ("treati",)
    assert query_terms("who is it") == ("who", "is", "it")
    assert index.search("who is it", 5)[0][0] == 6


def test_a_limit_to_ranges_is_exact(index: TextIndex) -> None:
    question = "river treaty cafe"
    assert {i for i, _ in index.search(question, 5, [(2, 2), (5, 5)])} == {2, 5}
    assert index.search(question, 5, []) == []
    unlimited = dict(index.search(question, 5))
    limited = dict(index.search(question, 5, [(2, 2)]))
    assert limited[2] == pytest.approx(unlimited[2])  # the limit adds nothing to a score


@pytest.mark.parametrize("at_once", [0, 1_000])
def test_scores_of_the_best_and_of_given_ids(
    index: TextIndex, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "_MAX_FULL_SEARCH", at_once)
    question = "the rivers of Shimla, the who and the what"
    by_search = dict(index.search(question, 5))
    assert len(by_search) == 2
    (best, score), (second, lower) = by_search.items()
    assert index.scores(question, 1, []) == {best: pytest.approx(score)}
    expected = {best: pytest.approx(score), second: pytest.approx(lower)}
    assert index.scores(question, 1, [second, 4]) == expected  # 4 has none of the words
    assert index.scores(question, 9, []) == expected
    assert index.scores(question, 1, [2], [(2, 2)]) == {2: pytest.approx(by_search[2])}


def test_equal_scores_are_ordered_by_id() -> None:
    index = TextIndex(None)
    index.update(Revision(1, 1), [IndexedText(i, "same") for i in (9, 4, 6)])
    assert [found for found, _ in index.search("same", 5)] == [4, 6, 9]


def test_an_index_on_disk_is_reopened_at_its_revision(tmp_path: Path) -> None:
    first = TextIndex(tmp_path / "lexical")
    first.update(Revision(3, 99), [IndexedText(1, "river"), IndexedText(2, "sea")])
    second = TextIndex(tmp_path / "lexical")
    assert second.revision == Revision(3, 99)
    first.update(Revision(4, 100), [IndexedText(3, "river mouth")], removed=[(1, 1)])
    second.refresh()
    assert second.revision == Revision(4, 100)
    assert [found for found, _ in second.search("river", 5)] == [3]


@given(st.text(st.sampled_from("aéİ 今 की's-\n\t\u00a0\u2028zZ9.,"), max_size=60))
def test_stems_are_those_of_the_index_however_words_are_remembered(text: str) -> None:
    assert stems(text) == list(lexical._analyzer().analyze(text))


def test_remembered_stems_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.search.text_index._MAX_CACHED_WORDS", 10)
    known = lexical._StemCache()
    words = [f"word{number}s" for number in range(100)]
    assert [known[word] for word in words] == [(f"word{number}",) for number in range(100)]
    assert known["x" * 41] == ("x" * 41,)
    assert len(known) <= 10


def test_a_word_of_the_title_counts_but_less_than_one_of_the_text() -> None:
    index = TextIndex(None)
    added = [
        IndexedText(1, "oak and ash", "Ferry"),
        IndexedText(2, "oak and ash", "Bridge"),
        IndexedText(3, "bridge and ash", "Bridge"),
        IndexedText(4, "bridge and ash", "Tunnel"),
    ]
    index.update(Revision(1, 1), added)
    assert [found for found, _ in index.search("oak ferry", 1)] == [1]
    assert [found for found, _ in index.search("bridge", 4)] == [3, 4, 2]


def test_the_title_that_all_share_hardly_counts() -> None:
    index = TextIndex(None)
    added = [IndexedText(i, f"elm {i}", "Garden") for i in range(1, 40)]
    index.update(Revision(1, 1), [*added, IndexedText(40, "garden path", "Garden")])
    best, *others = index.search("garden", 40)
    assert best[0] == 40
    assert all(score < best[1] / 50 for _, score in others)
