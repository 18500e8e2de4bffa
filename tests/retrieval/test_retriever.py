from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.embedding.embedder import SentenceTransformerEmbedder
from index.errors import ArticleNotFound, QuestionError
from index.search.chunk_cache import SentenceStems
from index.search.passage_index import PassageIndex
from index.search.text_index import stop_stems
from index.types import Article, PassageSource
from qa.retrieval.fusion import BM25_ONLY, VECTORS_ONLY, FusionWeights, QuestionTerms, text_stems
from qa.retrieval.retriever import Retriever

ARTICLES = [
    Article.from_text("The cat sat on the warm mat all day long and purred.", title="Cat"),
    Article.from_text("Automobiles must be refuelled at a petrol station.", title="Cars"),
    Article.from_text("Xylophone model QZX-77 was sold for ten pounds.", title="Catalogue"),
    Article.from_text("Bread is baked from flour, water and salt.", title="Bread"),
]


@pytest.fixture(scope="module")
def index(embedder: SentenceTransformerEmbedder) -> Iterator[PassageIndex]:
    with PassageIndex(None, embedder) as made:
        for article in ARTICLES:
            made.add(article)
        yield made


@pytest.fixture(scope="module")
def retriever(index: PassageIndex) -> Retriever:
    return Retriever(index)


def titles(retriever: Retriever, question: str, k: int = 4) -> list[str]:
    return [passage.title for passage in retriever.retrieve(question, k)]


def test_vectors_find_a_passage_with_no_common_word(retriever: Retriever) -> None:
    assert titles(retriever, "Where does one get gasoline for a vehicle?")[0] == "Cars"


def test_bm25_finds_a_rare_word(retriever: Retriever) -> None:
    assert titles(retriever, "QZX-77")[0] == "Catalogue"


def test_vectors_and_bm25_can_be_used_alone(index: PassageIndex) -> None:
    question = "Where does one get gasoline for a vehicle?"
    assert titles(Retriever(index, weights=VECTORS_ONLY), question)[0] == "Cars"
    words = Retriever(index, weights=BM25_ONLY).retrieve(question, 4)
    assert all(passage.score == 0 for passage in words)


def test_bm25_counts_for_more_in_a_script_unknown_to_the_model(
    embedder: SentenceTransformerEmbedder,
) -> None:
    with PassageIndex(None, embedder) as index:
        index.add(Article.from_text("नदी समुद्र तक बहती है।", title="River"))
        index.add(Article.from_text("रोटी आटे से बनती है।", title="Bread"))
        usual = Retriever(index, weights=FusionWeights()).retrieve("रोटी किससे बनती है?", 2)
        fitting = Retriever(index).retrieve("रोटी किससे बनती है?", 2)
        assert fitting[0].title == "Bread"
        assert fitting[0].score - fitting[1].score > usual[0].score - usual[1].score


def test_passages_are_exact_ranked_and_scored_in_0_to_1(retriever: Retriever) -> None:
    passages = retriever.retrieve("Who purred on the mat?", 4)
    by_id = {article.id: article for article in ARTICLES}
    assert [passage.rank for passage in passages] == [1, 2, 3, 4]
    scores = [passage.score for passage in passages]
    assert scores == sorted(scores, reverse=True)
    for passage in passages:
        assert 0 <= passage.score <= 1
        assert by_id[passage.article_id].text[passage.start : passage.end] == passage.text


def test_the_same_question_always_gets_the_same_order(retriever: Retriever) -> None:
    assert retriever.retrieve("zzz", 4) == retriever.retrieve("zzz", 4)


def test_k_larger_than_the_library_returns_all_passages(retriever: Retriever) -> None:
    assert len(retriever.retrieve("cat", 10**12)) == len(ARTICLES)


def test_an_empty_library_has_no_passages(embedder: SentenceTransformerEmbedder) -> None:
    with PassageIndex(None, embedder) as empty:
        assert Retriever(empty).retrieve("anything", 5) == []


def test_passages_of_an_article_removed_during_the_search_are_left_out(
    embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PassageIndex(None, embedder) as index:
        for article in ARTICLES:
            index.add(article)
        real = index.store.passage_sources

        def passage_sources(article_ids: Iterable[str]) -> dict[str, PassageSource]:
            index.remove(ARTICLES[0].id)
            return real(article_ids)

        monkeypatch.setattr(index.store, "passage_sources", passage_sources)
        found = Retriever(index).retrieve("Who purred on the mat?", 4)
        assert {p.article_id for p in found} == {article.id for article in ARTICLES[1:]}
        assert [passage.rank for passage in found] == [1, 2, 3]


def test_only_the_given_articles_are_searched(retriever: Retriever) -> None:
    bread, cars = ARTICLES[3].id, ARTICLES[1].id
    found = retriever.retrieve("cat mat", 5, (i for i in [bread, cars]))
    assert {passage.article_id for passage in found} == {bread, cars}
    with pytest.raises(ArticleNotFound):
        retriever.retrieve("cat", 5, ["unknown"])


@pytest.mark.parametrize("question", ["", "  \n", "\u3000"])
def test_a_blank_question_is_refused(retriever: Retriever, question: str) -> None:
    with pytest.raises(QuestionError, match="blank"):
        retriever.retrieve(question)


def test_an_over_long_question_is_refused_with_the_limit(retriever: Retriever) -> None:
    with pytest.raises(QuestionError, match="2,000"):
        retriever.retrieve("word " * 500)


def test_a_question_that_is_not_unicode_is_refused(retriever: Retriever) -> None:
    with pytest.raises(QuestionError, match="surrogate"):
        retriever.retrieve("half \ud800")


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_is_refused(retriever: Retriever, k: int) -> None:
    with pytest.raises(QuestionError, match="at least 1"):
        retriever.retrieve("cat", k)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200).filter(str.strip))
def test_any_question_is_answered_with_passages(retriever: Retriever, question: str) -> None:
    assert len(retriever.retrieve(question, 2)) == 2


def terms_of(question: str, *texts: str) -> QuestionTerms:
    return QuestionTerms.of(question, [text_stems(text) for text in texts])


def test_coverage_is_the_share_of_the_questions_words() -> None:
    terms = terms_of("Which red cars were sold?")
    assert terms.coverage(text_stems("A car was sold.")) == pytest.approx(2 / 3)
    assert terms.coverage(text_stems("Nothing.")) == 0


def test_a_rarer_word_has_more_weight() -> None:
    terms = terms_of("red xylophone", "red car", "red sea", "xylophone")
    assert terms.coverage(text_stems("xylophone")) > terms.coverage(text_stems("red"))


def test_pairs_are_adjacent_apart_from_function_words() -> None:
    terms = terms_of("Who signed the treaty?")
    assert terms.pair_coverage(SentenceStems.of(["He signed a treaty."])) == 1
    assert terms.pair_coverage(SentenceStems.of(["The treaty was signed."])) == 0


@given(
    st.lists(st.sampled_from("red car sea was the sold".split()), max_size=6),
    st.lists(st.sampled_from("red car sea was the sold".split()), max_size=9),
)
def test_coverage_is_that_of_the_sets_of_words_and_of_pairs(
    asked: list[str], said: list[str]
) -> None:
    terms = terms_of(" ".join(asked), "red car", "sea")
    words = text_stems(" ".join(said))
    covered = sum(idf for stem, idf in terms.idf.items() if stem in words)
    assert terms.coverage(words) * terms.total == pytest.approx(covered)
    content = [word for word in words if word not in stop_stems()]
    adjacent = list(itertools.pairwise(content))
    covered = sum(weight for pair, weight in terms.pairs.items() if pair in adjacent)
    text = SentenceStems.of([" ".join(said)])
    assert terms.pair_coverage(text) * terms.total_of_pairs == pytest.approx(covered)


def test_a_question_without_words_covers_nothing() -> None:
    terms = terms_of("?!", "Words.")
    text = SentenceStems.of(["Words."])
    assert terms.coverage(text_stems("Words.")) == 0
    assert terms.pair_coverage(text) == terms.sentence_coverage(text) == 0
