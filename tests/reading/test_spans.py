from __future__ import annotations

import itertools

import numpy as np
import pytest

from index.types import Passage, Span
from qa.reading.model import Window, WindowLogits
from qa.reading.spans import SPANS_OF_WINDOW, span_candidates, trim_to_words

TEXT = "The lighthouse was built by Anna Lindqvist in 1932"
WORDS = TEXT.split()
OFFSETS = tuple(Span(TEXT.index(word), TEXT.index(word) + len(word)) for word in WORDS)


def passage(text: str = TEXT, *, at: int = 100, heading: str = "") -> Passage:
    spans = [Span(at, at + len(text))]
    if heading:
        spans = [Span(at, at + len(heading)), Span(at + len(heading) + 1, at + len(text))]
    return Passage("a", "T", text, at, at + len(text), 0.5, 1, heading, tuple(spans))


def logits(
    start: dict[str, float], end: dict[str, float], *, no_answer: float = 0.0, has: float = 1.0
) -> WindowLogits:
    values = [np.array([part.get(w, -9.0) for w in WORDS], np.float32) for part in (start, end)]
    return WindowLogits(Window((), 0, 0, OFFSETS), values[0], values[1], no_answer, has)


def test_the_best_span_is_found_with_its_margin_over_none() -> None:
    found = span_candidates(
        passage(), [logits({"Anna": 4}, {"Lindqvist": 3}, no_answer=2.0, has=1.5)]
    )
    assert found[0].text == "Anna Lindqvist"
    assert found[0].span == Span(128, 142)
    assert (found[0].margin, found[0].has_answer) == (5.0, 1.5)


def test_an_answer_never_ends_before_it_begins() -> None:
    found = span_candidates(passage(), [logits({"1932": 5, "Anna": 1}, {"Anna": 4, "1932": 1})])
    assert [c.text for c in found[:2]] == ["1932", "Anna"]


def test_spans_of_a_window_do_not_overlap() -> None:
    found = span_candidates(
        passage(), [logits({"Anna": 4, "1932": 2}, {"Lindqvist": 4, "1932": 3})]
    )
    assert len(found) <= SPANS_OF_WINDOW
    assert [c.text for c in found[:2]] == ["Anna Lindqvist", "1932"]
    spans = sorted(c.span for c in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))


def test_a_span_found_in_two_windows_is_one_candidate() -> None:
    window = logits({"Anna": 4}, {"Lindqvist": 3})
    weaker = logits({"Anna": 2}, {"Lindqvist": 3})
    texts = [c.text for c in span_candidates(passage(), [weaker, window])]
    assert texts.count("Anna Lindqvist") == 1


def test_no_candidate_is_in_a_heading() -> None:
    with_heading = passage(heading="The lighthouse was")
    found = span_candidates(with_heading, [logits({"lighthouse": 9, "Anna": 1}, {"was": 9})])
    assert all(c.span.start >= 119 for c in found)


def test_a_candidate_in_a_heading_has_a_date_or_a_number() -> None:
    with_heading = passage(heading=TEXT)
    found = span_candidates(
        with_heading, [logits({"Anna": 9, "in": 5}, {"Lindqvist": 9, "1932": 4})]
    )
    assert found[0].text == "Anna Lindqvist in 1932"
    assert all("1932" in c.text for c in found)


def test_the_number_of_a_heading_is_no_answer() -> None:
    text = TEXT.replace("The", "12.")
    words = {"12.": 9.0, "lighthouse": 9.0}
    offsets = tuple(Span(text.index(word), text.index(word) + len(word)) for word in text.split())
    values = np.array([words.get(word, -9.0) for word in text.split()], np.float32)
    found = span_candidates(
        passage(text, heading=text), [WindowLogits(Window((), 0, 0, offsets), values, values, 0, 1)]
    )
    assert all("1932" in c.text for c in found)


def test_a_window_without_words_has_no_candidates() -> None:
    empty = WindowLogits(
        Window((), 0, 0, ()), np.zeros(0, np.float32), np.zeros(0, np.float32), 0, 0
    )
    assert span_candidates(passage(), [empty]) == []


def test_neighbouring_words_of_a_line_are_one_member() -> None:
    text = "Bluebird Ferries\nPike"
    tokens = ["Blue", "bird", "Fer", "ries", "Pi", "ke"]
    offsets = tuple(Span(text.index(t), text.index(t) + len(t)) for t in tokens)
    zeros = np.zeros(len(tokens), np.float32)
    inside = np.array([2, -1, -1, 2, -1, 2], np.float32)
    window = WindowLogits(Window((), 0, 0, offsets), zeros, zeros, 0.0, 1.0, inside=inside)
    candidate = span_candidates(passage(text, at=0), [window])[0]
    assert [text[slice(*member)] for member in candidate.members] == [
        "Bluebird Ferries",
        "Pike",
    ]


@pytest.mark.parametrize(
    ("text", "cut", "expected"),
    [
        ('He said "no" twice', '"no"', '"no"'),
        ('He said "no" twice', '"no', "no"),
        ("the (big) cat", "(big)", "(big)"),
        ("the (big cat)", "(big", "big"),
        ("(in 1990)", "1990)", "1990"),
        ("it cost -5 degrees", "-5", "-5"),
        ("in the U.S. today", "the U.S.", "the U.S."),
        ("by 3 p.m. sharp", "3 p.m.", "3 p.m."),
        ("an unbelievable story", "believ", "unbelievable"),
        ("this is the end.", " end.", "end"),
        ("“Hello there,” he said", "“Hello there,”", "“Hello there,”"),
        ("a, b", ", ", ""),
        ("Ångström's law", "Ångström's", "Ångström's"),
    ],
)
def test_a_span_is_trimmed_to_words(text: str, cut: str, expected: str) -> None:
    start = text.index(cut)
    assert text[slice(*trim_to_words(text, Span(start, start + len(cut))))] == expected
