from __future__ import annotations

import numpy as np
import pytest

from index.types import Span
from qa.evaluation.datasets import EvalArticle, EvalQuestion, Evidence
from qa.overview.summary import Sentence
from training.fit_summary import (
    BASELINES,
    Material,
    covered,
    measure,
    opening_of,
    spread_of,
    within,
    word_f1,
)

TEXT = "The bridge is long. The town is old. Smith built the bridge."
SENTENCES = tuple(
    Sentence(start, start + len(text), text, "", 0)
    for text in ("The bridge is long.", "The town is old.", "Smith built the bridge.")
    for start in [TEXT.index(text)]
)


def question(answer: str) -> EvalQuestion:
    start = TEXT.index(answer)
    evidence = Evidence((Span(start, start + len(answer)),))
    return EvalQuestion(
        answer, f"{answer}?", (answer,), answerable=True, kind="span", evidence=evidence
    )


ARTICLE = EvalArticle(
    "squad-en/bridge", "Bridge", TEXT, "en", (question("long"), question("Smith"))
)


def test_sentences_are_selected_while_they_fit() -> None:
    assert within([2, 0, 1], SENTENCES, 40) == [SENTENCES[2], SENTENCES[1]]
    assert within([0], SENTENCES, 5) == []


def test_a_question_is_covered_by_the_sentence_that_has_its_answer() -> None:
    assert covered(ARTICLE, SENTENCES[:1]) == [1.0, 0.0]
    assert covered(ARTICLE, SENTENCES) == [1.0, 1.0]


def test_words_are_compared_without_function_words() -> None:
    assert word_f1("The bridge is long.", "a long bridge") == 1.0
    assert word_f1("The bridge", "A town") == 0.0
    assert word_f1("long bridge", "bridge") == pytest.approx(2 / 3)


def test_the_opening_is_an_abstract_or_a_first_paragraph() -> None:
    first = "The bridge is long. " * 20
    article = EvalArticle("squad-en/x", "", f"{first}\n\nThe rest.", "en", ())
    assert opening_of(article) == Span(0, len(first))
    paper = EvalArticle("covidqa/x", "", f"Title\n\nAbstract: {first}\n\nThe rest.", "en", ())
    found = opening_of(paper)
    assert found is not None
    assert paper.text[slice(*found)] == first
    assert opening_of(EvalArticle("covidqa/y", "", f"Title\n\n{first}\n\nRest.", "en", ())) is None


def test_a_row_has_a_share_for_each_length() -> None:
    vectors = np.eye(3, dtype=np.float32)
    material = Material(ARTICLE, SENTENCES, vectors, vectors[0], None)
    row = measure("squad_en", "half", "lead", BASELINES["lead"], [material])
    assert [c.mean for c in row.answers] == [1.0, 1.0, 1.0]
    assert row.opening is None


def test_a_summary_of_the_opening_is_not_spread_over_the_article() -> None:
    sentences = tuple(
        Sentence(25 * chunk, 25 * chunk + 9, s.text, "", chunk) for chunk, s in enumerate(SENTENCES)
    )
    vectors = np.eye(3, dtype=np.float32)
    material = Material(ARTICLE, sentences, vectors, vectors[0], None)
    assert spread_of(material, [0, 1, 2]) == pytest.approx((1, 1 / 3, 1))
    assert spread_of(material, [0]) == pytest.approx((1 / 3, 1, 0))
