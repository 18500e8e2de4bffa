from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.embedding.embedder import Vectors
from qa.overview.summary import Sentence, Weights, rank_sentences

COVERAGE_ALONE = Weights(floor=0, title=0, context=0, speech=0)


def unit(rows: list[list[float]]) -> Vectors:
    vectors = np.array(rows, dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def selected(
    some: list[Sentence],
    vectors: Vectors,
    title: Vectors | None,
    count: int,
    weights: Weights | None = None,
) -> list[Sentence]:
    order = rank_sentences(some, vectors, title, count, weights or Weights())
    return [some[i] for i in sorted(order)]


def sentences(*texts: str) -> list[Sentence]:
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
    return [
        Sentence(int(s), int(s) + len(t), t, "", 0) for s, t in zip(starts, texts, strict=False)
    ]


def test_the_sentence_that_covers_most_is_selected() -> None:
    some = sentences("Far.", "Near.", "Nearer.")
    vectors = unit([[1, 0, 0.1], [0.3, 1, 0.4], [0.6, 1, 0]])
    assert [s.text for s in selected(some, vectors, None, 1, COVERAGE_ALONE)] == ["Nearer."]


def test_near_duplicates_are_left_out() -> None:
    some = sentences("The bridge is long.", "The bridge is long!", "The town is old.")
    vectors = unit([[1, 0.2], [1, 0.201], [0.2, 1]])
    found = [s.text for s in selected(some, vectors, None, 3)]
    assert len(found) == 2
    assert found[1] == "The town is old."


def test_a_sentence_that_repeats_part_of_another_is_left_out() -> None:
    some = sentences(
        "“We are truly proud of the new bridge, and will build two more,” the mayor posted.",
        "Truly proud of the new bridge.",
        "The town is old.",
    )
    vectors = unit([[1, 0.4], [1, 0.2], [0.2, 1]])
    assert selected(some, vectors, None, 3) == [some[0], some[2]]


def test_a_sentence_that_needs_context_is_selected_later() -> None:
    some = sentences("The town is old.", "He built the bridge.", "Smith built the bridge.")
    vectors = unit([[0.1, 1], [1, 0.5], [1, 0.55]])
    assert selected(some, vectors, None, 1)[0].text == "Smith built the bridge."


def test_sentences_about_the_title_are_preferred() -> None:
    some = sentences("The bridge is long.", "The town is old.")
    vectors = unit([[1, 0], [0, 1]])
    assert selected(some, vectors, vectors[1], 1)[0].text == "The town is old."
    assert selected(some, vectors, vectors[0], 1)[0].text == "The bridge is long."


@given(
    st.lists(st.lists(st.floats(-1, 1), min_size=4, max_size=4), max_size=20), st.integers(0, 25)
)
def test_sentences_are_in_order_and_without_repeats(rows: list[list[float]], count: int) -> None:
    vectors = unit([[*row, 0.5] for row in rows]) if rows else np.zeros((0, 5), dtype=np.float32)
    some = sentences(*(f"Sentence {i}." for i in range(len(rows))))
    found = selected(some, vectors, None, count)
    assert len(found) <= count
    assert found == sorted(set(found), key=lambda s: s.start)
    assert bool(found) == (bool(rows) and count > 0)


def test_a_quotation_is_selected_later() -> None:
    some = sentences("The town is old.", "“The bridge is long.”", "The bridge is wide.")
    vectors = unit([[0.1, 1], [1, 0.5], [1, 0.55]])
    (found,) = selected(some, vectors, None, 1)
    assert found.text == "The bridge is wide."


def test_every_part_of_an_article_has_its_sentence() -> None:
    some = sentences(*(f"Sentence {i}." for i in range(12)))
    topics = np.repeat(np.eye(3), 4, axis=0) + 0.1
    vectors = unit([[*row, 0.01 * i] for i, row in enumerate(topics.tolist())])
    found = selected(some, vectors, None, 3)
    assert [some.index(sentence) // 4 for sentence in found] == [0, 1, 2]


def test_the_first_sentence_has_no_advantage() -> None:
    some = sentences("The bridge is long.", "The town is old.", "The mill is small.")
    vectors = unit([[1, 0, 0], [0.5, 1, 0.5], [0, 0, 1]])
    assert selected(some, vectors, None, 1)[0].text == "The town is old."
    assert selected(some[::-1], vectors[::-1], None, 1)[0].text == "The town is old."
