from __future__ import annotations

import pytest

from qa.evaluation.metrics import (
    AbstentionScore,
    abstention_rates,
    abstention_score,
    auroc,
    coverage_at,
    risk_coverage,
)


def test_abstention_rates_are_by_kind() -> None:
    kinds = ["span", "off_topic", "span", "off_topic", "span", "span"]
    rates = abstention_rates(kinds, [False, True, True, True, False, False])
    assert rates == {"span": 0.25, "off_topic": 1.0}


def test_the_unanswerable_are_the_positive_class() -> None:
    answerable = [True, True, True, False, False]
    score = abstention_score(answerable, [True, False, False, True, False])
    assert score == AbstentionScore(precision=0.5, recall=0.5, f1=0.5)


def test_never_abstaining_scores_zero() -> None:
    assert abstention_score([True, False], [False, False]) == AbstentionScore(0, 0, 0)
    assert abstention_score([True], [False]) == AbstentionScore(0, 0, 0)


class TestAuroc:
    def test_counts_pairs_in_order_and_ties_as_half(self) -> None:
        # Positives .9 .5 against negatives .5 .1: three pairs in order, one tie.
        assert auroc([True, False, True, False], [0.9, 0.5, 0.5, 0.1]) == pytest.approx(3.5 / 4)

    def test_one_class_alone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="two classes"):
            auroc([True, True], [0.1, 0.2])


class TestRisk:
    correct = (1, 1, 0, 1, 0)
    confidence = (0.9, 0.8, 0.7, 0.6, 0.5)

    def test_curve_by_hand(self) -> None:
        points = risk_coverage(self.correct, self.confidence)
        assert [point.coverage for point in points] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
        assert [point.risk for point in points] == pytest.approx([0, 0, 1 / 3, 1 / 4, 2 / 5])
        assert [point.threshold for point in points] == list(self.confidence)

    def test_replies_of_one_confidence_are_one_point(self) -> None:
        (point,) = risk_coverage([1, 0], [0.5, 0.5])
        assert (point.coverage, point.risk) == (1, 0.5)

    def test_order_of_the_questions_does_not_matter(self) -> None:
        turned = risk_coverage(self.correct[::-1], self.confidence[::-1])
        assert turned == risk_coverage(self.correct, self.confidence)

    def test_the_largest_coverage_that_keeps_the_precision(self) -> None:
        assert coverage_at(0.75, self.correct, self.confidence) == pytest.approx(0.8)
        assert coverage_at(0.9, self.correct, self.confidence) == pytest.approx(0.4)
        assert coverage_at(0.5, [0, 0], [0.1, 0.2]) == 0

    def test_exactly_the_precision_is_enough(self) -> None:
        assert coverage_at(0.8, [1, 1, 1, 1, 0], [0.5] * 5) == 1

    def test_no_reply_has_no_curve(self) -> None:
        assert risk_coverage([], []) == []
