from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from index.types import Passage, Span
from qa.reading.ranking import (
    RankFeatures,
    Ranking,
    ScoredSpan,
    distinct,
    names_missing,
    rank_features,
)
from qa.reading.spans import SpanCandidate

NOTHING = RankFeatures(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
WEIGHTS = replace(NOTHING, margin=1.0, has_answer=0.5, retrieval=10.0)
TEXT = "Rubio called Sharif. Then Rubio left the town by car."
SENTENCES = (Span(10, 30), Span(31, 63))


def candidate(words: str, margin: float, *, has: float = 0.0, score: float = 0.5) -> SpanCandidate:
    passage = Passage("a", "T", TEXT, 10, 10 + len(TEXT), score, 1, sentences=SENTENCES)
    start = 10 + TEXT.index(words)
    return SpanCandidate(passage, Span(start, start + len(words)), margin, has)


def order(
    candidates: list[SpanCandidate], weights: RankFeatures, question: str = "Who?"
) -> list[ScoredSpan]:
    return Ranking(weights).rank(question, [candidates[0].passage], lambda _: candidates)


def test_spans_are_ordered_by_the_weighted_sum_of_their_features() -> None:
    spans = [candidate("Sharif", 2.0, score=0.2), candidate("Rubio", 1.0, score=0.4, has=2.0)]
    scored = order(spans, WEIGHTS)
    assert [j.candidate.text for j in scored] == ["Rubio", "Sharif"]
    assert [j.score for j in scored] == [6.0, 4.0]


def test_spans_of_the_same_score_are_ordered_by_position() -> None:
    spans = [candidate("car", 0.0), candidate("Rubio", 0.0)]
    assert [j.candidate.text for j in order(spans, WEIGHTS)] == ["Rubio", "car"]


def test_spans_with_the_same_words_are_kept_once() -> None:
    spans = [candidate("Rubio", 1), candidate("Rubio", 3), candidate("left", 0)]
    kept = [(j.candidate.text, j.candidate.margin) for j in distinct(order(spans, WEIGHTS))]
    assert kept == [("Rubio", 3), ("left", 0)]


def test_words_of_the_question_count_near_a_span_and_in_it() -> None:
    spans = [candidate("Sharif", 0.0), candidate("Rubio left", 0.0)]
    features = rank_features("How did Rubio leave the town?", [s.passage for s in spans], spans)
    assert features[1].near > features[0].near
    assert [feature.echo for feature in features] == [0.0, 0.5]
    assert features[1].length > features[0].length


def test_a_span_that_only_repeats_the_question_can_be_put_last() -> None:
    spans = [candidate("Rubio", 1.0), candidate("Sharif", 0.5)]
    weights = replace(NOTHING, margin=1.0, echo=-2.0)
    scored = order(spans, weights, "Whom did Rubio call?")
    assert [j.candidate.text for j in scored] == ["Sharif", "Rubio"]
    assert scored[1].score == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Whom did Rubio call?", 0.0),
        ("Whom did Rubio call in 1999?", 0.5),
        ("Whom did Obama call?", 1.0),
        ("Where to?", 0.0),
    ],
)
def test_names_and_numbers_that_a_text_lacks_are_counted(question: str, missing: float) -> None:
    assert names_missing(question, TEXT) == missing


def read_in_turn(margins: list[float], reach: float | None) -> list[int]:
    """Return the ranks of the passages that are read for spans of these margins."""
    passages = [
        Passage("a", "T", TEXT, 100 * n, 100 * n + len(TEXT), 1.0 - n / 10, n + 1)
        for n in range(len(margins))
    ]
    read: list[int] = []

    def spans_of(some: Sequence[Passage]) -> list[SpanCandidate]:
        read.extend(p.rank for p in some)
        return [
            SpanCandidate(p, Span(p.start, p.start + 5), margins[p.rank - 1], 0.0) for p in some
        ]

    ranking = Ranking(replace(NOTHING, margin=1.0, retrieval=10.0), reach)
    scored = ranking.rank("Who?", passages, spans_of)
    assert sorted(j.candidate.passage.rank for j in scored) == read
    return read


def test_reading_stops_when_the_rest_cannot_have_a_better_span() -> None:
    # The third passage scores .8, so its span could come to 8 + 5 at most.
    assert read_in_turn([4.0, 0.0, 9.0, 0.0, 0.0], reach=5.0) == [1, 2]
    assert read_in_turn([2.0, 0.0, 5.0, 0.0, 0.0], reach=5.0) == [1, 2, 3, 4]
    assert read_in_turn([0.0, 0.0, 0.0, 0.0, 0.0], reach=5.0) == [1, 2, 3, 4, 5]


def test_without_a_known_reach_everything_is_read() -> None:
    assert read_in_turn([99.0, 0.0, 0.0, 0.0], reach=None) == [1, 2, 3, 4]
