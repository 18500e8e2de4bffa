from __future__ import annotations

import pytest

from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.answers.confidence import confidence_explained, confidence_in_words
from qa.reading.reader import ExtractiveReader


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


def test_the_number_says_what_it_is_the_share_of() -> None:
    told = "83\N{NO-BREAK SPACE}%: in that share of such cases the quote held the answer."
    assert confidence_explained(answer_at(0.831)) == told
    assert "the first quote held" in confidence_explained(answer_at(0.831, quotes=2))


def test_a_refusal_says_that_nothing_was_sure_enough() -> None:
    refusal = answer_at(0.18, quotes=0)
    assert confidence_in_words(refusal) == "No confident answer found"
    assert confidence_explained(refusal).startswith("18\N{NO-BREAK SPACE}%: ")


def test_no_word_is_stronger_than_the_calibration_that_ships() -> None:
    """If it ever goes to 90 % and above, a stronger word would be due."""
    assert max(ExtractiveReader().calibration.true) < 0.9
