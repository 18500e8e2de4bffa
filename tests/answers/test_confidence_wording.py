from __future__ import annotations

import pytest

from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.answers.confidence_wording import confidence_explained, confidence_in_words


def answer_at(confidence: float, quotes: int = 1) -> Answer:
    cited = tuple(Citation("a" * 32, "T", 5 * i, 5 * i + 4, "One.") for i in range(quotes))
    return Answer("q", "One.", None, cited, bool(cited), confidence, ())


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (0.0, "Not sure"),
        (0.49, "Not sure"),
        (0.5, "Perhaps right"),
        (0.66, "Perhaps right"),
        (0.67, "Likely right"),
        (1.0, "Likely right"),
    ],
)
def test_the_words_follow_the_probability(confidence: float, words: str) -> None:
    assert confidence_in_words(answer_at(confidence)) == words


def test_the_number_is_the_share_that_was_right_in_tests() -> None:
    explained = "In tests, 83\N{NO-BREAK SPACE}% of answers like this were right."
    assert confidence_explained(answer_at(0.831)) == explained
    assert "the first quote had" in confidence_explained(answer_at(0.831, quotes=2))


def test_a_refusal_says_that_no_confident_answer_was_found() -> None:
    refusal = answer_at(0.18, quotes=0)
    assert confidence_in_words(refusal) == "No confident answer found"
    assert "in 18\N{NO-BREAK SPACE}% of cases" in confidence_explained(refusal)
