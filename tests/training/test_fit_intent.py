from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from bench.environment import Environment
from qa.answers.answer import Kind
from qa.conversation.intent import Intent
from training.evaluate_intent import (
    EXPECTED_KINDS,
    HAND_WRITTEN,
    HandRow,
    SetRow,
    WordingResults,
    render,
)
from training.fit_intent import PHRASES, Phrase, draw_questions, fit, read_phrases


def key(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_no_training_phrase_is_in_the_test_set() -> None:
    rows = [json.loads(line) for line in HAND_WRITTEN.read_text(encoding="utf-8").splitlines()]
    assert not {key(row["question"]) for row in rows} & {key(p.text) for p in read_phrases()}


def test_every_class_has_phrases_and_no_phrase_is_repeated() -> None:
    phrases = read_phrases()
    assert {phrase.wanted for phrase in phrases} == set(Intent)
    assert len({phrase.text.casefold() for phrase in phrases}) == len(phrases)
    others = [phrase for phrase in phrases if phrase.wanted is not Intent.FACTUAL]
    assert len(others) >= 300


def test_phrases_of_an_unknown_class_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "phrases.txt"
    path.write_text("[nonsense]\nHi\n", encoding="utf-8")
    with pytest.raises(ValueError, match="nonsense"):
        read_phrases(path)


def test_a_fitted_model_classifies_its_training_phrases() -> None:
    axes = np.eye(len(Intent) + 1, dtype=np.float32)
    phrases = [Phrase(f"word{i} this", wanted) for i, wanted in enumerate(Intent)]
    model = fit(phrases, axes[:-1], axes[-1:])
    for phrase, vector in zip(phrases, axes, strict=False):
        if phrase.wanted is not Intent.FACTUAL:
            assert model.most_likely(vector)[0] is phrase.wanted
    assert model.general_words(Intent.SUMMARY).isdisjoint(model.talk_words)
    assert model.general_words(Intent.HELP) >= model.talk_words
    assert "this" not in model.overview_words


def test_no_questions_are_drawn_from_an_empty_folder(tmp_path: Path) -> None:
    assert draw_questions(tmp_path) == []


def test_the_report_counts_what_is_right_and_lists_what_is_not() -> None:
    hand = (
        HandRow("about", False, 2, {Kind.SUMMARY: 1, Kind.ANSWER: 1}, ("Gist? → answer",)),  # noqa: FBT003 - not hard
        HandRow("factual", True, 1, {Kind.ANSWER: 1}, ()),  # noqa: FBT003 - hard
    )
    sets = (SetRow("squad_en", "as written", 100, ("What is it? → summary",)),)
    wordings = WordingResults(4, 1, {"summary": (1, 2), "factual": (1, 1)}, ("Plot? → answer",))
    text = render(Environment.now("training.evaluate_intent"), hand, sets, wordings)
    assert "Easy: 1 of 2 right. Hard: 1 of 1 right." in text
    assert "2 of 3 right" in text
    assert "- about: Gist? → answer" in text
    assert "| squad_en | as written | 100 | 1 | 0.0100 |" in text


def test_every_hand_written_kind_has_an_expected_answer() -> None:
    assert PHRASES.exists()
    assert set(EXPECTED_KINDS.values()) == set(Kind) - {Kind.ANSWER, Kind.DOCUMENT}
