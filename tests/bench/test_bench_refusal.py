from __future__ import annotations

import dataclasses

import pytest

from bench.datasets import in_first_half
from bench.refusal import Outcome, best_threshold, row_at, section

RIGHT = Outcome(
    article="a",
    kind="span",
    answerable=True,
    confidence=0.9,
    first_is_right=True,
    any_is_right=True,
    citations=1,
    characters=50,
)
WRONG = dataclasses.replace(RIGHT, confidence=0.6, first_is_right=False, any_is_right=False)
MISLED = dataclasses.replace(WRONG, kind="adversarial", answerable=False, confidence=0.7)
REFUSED = dataclasses.replace(MISLED, kind="off_topic", confidence=0.1)
ASKED = [RIGHT, WRONG, MISLED, REFUSED]


def test_a_row_counts_answers_and_refusals_at_its_threshold() -> None:
    row = row_at(0.5, ASKED)
    assert (row.answered, row.right) == (1.0, 0.5)
    assert row.precision == pytest.approx(1 / 3)
    assert row.refused == {"adversarial": 0.0, "off_topic": 1.0}
    assert row.score == 0.5  # RIGHT and REFUSED
    assert row_at(0.8, ASKED).score == 0.75  # and MISLED
    assert row_at(0.95, ASKED).answered == 0


def test_a_refused_wrong_answer_is_not_right() -> None:
    assert row_at(0.65, [WRONG]).score == 0


def test_the_threshold_is_chosen_on_sets_with_unanswerable_questions() -> None:
    chosen_on = next(name for name in "abcdefgh" if in_first_half(name))
    asked = [dataclasses.replace(outcome, article=chosen_on) for outcome in ASKED]
    easy = [dataclasses.replace(RIGHT, article=chosen_on, confidence=0.06)] * 99
    best = best_threshold({"mixed": asked, "without": easy})
    assert 0.7 < best.threshold <= 0.9


def test_the_report_names_every_threshold_and_kind() -> None:
    text = section("set", ASKED)
    assert "| 0.50 | 1.000 | 0.500 | 0.333 | 0.000 | 1.000 | 0.500 |" in text
    assert "answerable versus off_topic: 1.000" in text
