"""The hand-written questions by kind: their format and their balance."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "training" / "questions"
KINDS = {
    "factual", "about", "summary", "key_points", "people", "timeline", "yes_no", "small_talk",
    "help", "follow_up", "other_language",
}  # fmt: skip


def rows() -> list[dict[str, Any]]:
    lines = (FOLDER / "kinds.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_row_is_a_question_its_kind_and_whether_it_is_hard() -> None:
    for row in rows():
        assert list(row) == ["question", "kind", "hard"]
        assert row["question"].strip() == row["question"] != ""
        assert row["kind"] in KINDS
        assert isinstance(row["hard"], bool)


def test_there_are_at_least_220_questions_and_none_twice() -> None:
    questions = [row["question"].casefold() for row in rows()]
    assert len(questions) >= 220
    assert [q for q, times in Counter(questions).items() if times > 1] == []


def test_every_kind_has_easy_and_hard_ones_and_factual_ones_the_most() -> None:
    easy = Counter(row["kind"] for row in rows() if not row["hard"])
    hard = Counter(row["kind"] for row in rows() if row["hard"])
    assert set(easy) == set(hard) == KINDS
    assert min(easy.values()) >= 10
    assert min(hard.values()) >= 4
    assert max(easy + hard, key=(easy + hard).__getitem__) == "factual"
    assert hard["factual"] >= 40  # a factual question must not be swallowed


def test_the_readme_describes_each_kind() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{kind}` |" in readme for kind in KINDS)
