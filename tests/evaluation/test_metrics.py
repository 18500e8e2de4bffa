from __future__ import annotations

import math

import pytest

from index.types import Span
from qa.evaluation.datasets import Evidence
from qa.evaluation.metrics import (
    answer_tokens,
    bootstrap,
    contained,
    document_recall,
    exact_match,
    f1,
    hits,
    ndcg,
    normalise,
    recall_at,
    recall_within,
    reciprocal_rank,
    strip_marks,
)

ANSWER = Evidence((Span(100, 110),))


class TestNormalise:
    def test_drops_case_punctuation_articles_and_extra_space(self) -> None:
        assert normalise("The  Amazon's\nbasin, an “area”!") == "amazons basin “area”"

    def test_other_languages_drop_unicode_punctuation_and_keep_a_and_the(self) -> None:
        assert normalise("¿Dónde? «a the»", "es") == "dónde a the"

    def test_keeps_the_vowel_signs_of_hindi(self) -> None:
        assert normalise("हिन्दी।", "hi") == "हिन्दी"

    def test_chinese_tokens_are_characters(self) -> None:
        assert answer_tokens("亚马逊 雨林。", "zh") == ["亚", "马", "逊", "雨", "林"]


def test_strip_marks_removes_only_the_answers_marks() -> None:
    reply = "It says [1] there [1]. So [2]"
    assert strip_marks(reply, [Span(18, 21), Span(26, 29)]) == "It says [1] there. So"


class TestAnswers:
    def test_the_best_of_the_answers_counts(self) -> None:
        assert exact_match("The Nile.", ["Amazon", "nile"]) == 1
        # Shared "amazon basin": precision 2/3, recall 2/2.
        assert f1("wide Amazon basin", ["Nile", "the Amazon basin"]) == pytest.approx(0.8)

    def test_a_repeated_token_is_shared_as_often_as_both_have_it(self) -> None:
        assert f1("very very big", ["very big"]) == pytest.approx(0.8)

    def test_nothing_in_common_is_zero(self) -> None:
        assert f1("Nile", ["Amazon"]) == exact_match("Nile", ["Amazon"]) == 0

    def test_an_answer_of_articles_alone_equals_only_another(self) -> None:
        assert f1("the", ["a"]) == 1
        assert f1("Nile", ["a"]) == 0

    def test_contained_wants_a_contiguous_run_of_tokens(self) -> None:
        assert contained("It is in Brazil, mostly.", ["Brazil"]) == 1
        assert contained("It is in Brazilian land.", ["Brazil"]) == 0
        assert contained("red or blue", ["red blue"]) == 0
        assert contained("anything", ["the"]) == 0

    @pytest.mark.parametrize("metric", [exact_match, f1, contained])
    def test_abstaining_is_right_exactly_where_nothing_answers(self, metric: object) -> None:
        assert callable(metric)
        assert metric(None, []) == 1
        assert metric(None, ["Brazil"]) == 0
        assert metric("Brazil", []) == 0


class TestHit:
    def test_half_of_the_evidence_is_enough(self) -> None:
        assert hits(Span(0, 105), Span(100, 110))
        assert not hits(Span(0, 104), Span(100, 110))

    def test_half_of_the_passage_is_enough_when_the_evidence_is_longer(self) -> None:
        assert hits(Span(90, 110), Span(100, 900))
        assert not hits(Span(89, 109), Span(100, 900))

    def test_touching_is_no_hit(self) -> None:
        assert not hits(Span(0, 100), Span(100, 101))


class TestRecall:
    def test_looks_at_the_first_k_only(self) -> None:
        passages = [Span(0, 50), Span(50, 99), Span(99, 200)]
        assert [recall_at(k, passages, ANSWER) for k in (1, 2, 3, 9)] == [0, 0, 1, 1]

    def test_any_of_alternative_spans_is_enough(self) -> None:
        evidence = Evidence((Span(0, 10), Span(100, 110)))
        assert recall_at(1, [Span(0, 50)], evidence) == 1

    def test_mode_all_is_the_share_of_spans_found(self) -> None:
        evidence = Evidence((Span(0, 10), Span(100, 110), Span(200, 210)), mode="all")
        assert recall_at(2, [Span(0, 50), Span(90, 150)], evidence) == pytest.approx(2 / 3)

    def test_a_question_without_evidence_is_refused(self) -> None:
        with pytest.raises(ValueError, match="without evidence"):
            recall_at(1, [Span(0, 50)], Evidence())

    def test_a_budget_cuts_the_passage_that_crosses_it(self) -> None:
        passages = [Span(0, 60), Span(90, 200)]
        # 60 characters are spent; the second passage is seen up to 90 + the rest.
        assert recall_within(75, passages, ANSWER) == 1
        assert recall_within(74, passages, ANSWER) == 0
        assert recall_within(60, passages, ANSWER) == 0

    def test_reciprocal_rank_is_of_the_first_hit_within_ten(self) -> None:
        miss, hit = Span(0, 50), Span(99, 200)
        assert reciprocal_rank([miss, miss, hit, hit], ANSWER) == pytest.approx(1 / 3)
        assert reciprocal_rank([miss] * 10 + [hit], ANSWER) == 0


class TestRankings:
    def test_ndcg_by_hand(self) -> None:
        got = 1 + 1 / math.log2(4)
        best = 1 + 1 / math.log2(3) + 1 / math.log2(4)
        assert ndcg(["a", "x", "b"], {"a", "b", "c"}) == pytest.approx(got / best)

    def test_ndcg_is_one_for_an_ideal_order_longer_than_k(self) -> None:
        ranked = [str(number) for number in range(20)]
        assert ndcg(ranked, set(ranked)) == pytest.approx(1)

    def test_nothing_found_is_zero(self) -> None:
        assert ndcg([], {"a"}) == 0

    def test_document_recall_is_the_share_found(self) -> None:
        assert document_recall(["a", "x", "b"], {"a", "b"}, k=2) == 0.5


class TestBootstrap:
    def test_the_mean_is_over_questions_not_over_articles(self) -> None:
        assert bootstrap([[1, 1, 1], [0]]).mean == 0.75

    def test_articles_that_agree_have_no_spread(self) -> None:
        interval = bootstrap([[1, 0], [0, 1], [1, 0]])
        assert (interval.low, interval.mean, interval.high) == (0.5, 0.5, 0.5)

    def test_whole_articles_are_drawn(self) -> None:
        # Two articles: all of the one (1/4 of the draws), all of the other, or both.
        interval = bootstrap([[1.0] * 50, [0.0] * 50])
        assert (interval.low, interval.high) == (0, 1)

    def test_a_seed_repeats_itself(self) -> None:
        groups = [[float(n % 3 == 0) for n in range(size)] for size in range(3, 30)]
        assert bootstrap(groups, seed=7) == bootstrap(groups, seed=7)
        assert bootstrap(groups, seed=7) != bootstrap(groups, seed=8)

    def test_no_value_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one value"):
            bootstrap([[], []])
