"""The benchmark of written answers: replies are kept, and verdicts are counted."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.own_questions import rows_of
from bench.own_words import (
    PREMISE_VERDICTS,
    RememberingWriter,
    Task,
    count_statements,
    premise_rows,
    read_judged,
)
from qa.answers.answer import Answer
from qa.answers.claim import Claim, Status
from qa.writing.language_model import Ending, Message
from tests.writing.fakes import FakeModel, quoted

ASKED = [Message("user", "What broke?")]
ROW: dict[str, Any] = {
    "question": "Why was the dam repaired?",
    "says": ["broke"],
    "agrees": ["repaired"],
}


def read(model: RememberingWriter) -> tuple[str, Ending]:
    reply = model.write(ASKED, max_tokens=20, stopped=threading.Event())
    text = ""
    while True:
        try:
            text += next(reply)
        except StopIteration as end:
            return text, end.value


def test_a_reply_is_written_once_and_kept_for_the_next_run(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    first, second = FakeModel("The dam broke."), FakeModel("Another reply.")
    found = read(RememberingWriter(first, file))
    assert found[0] == "The dam broke."
    assert read(RememberingWriter(second, file)) == found
    assert second.asked == []


def written(*statements: tuple[str, Status]) -> Answer:
    text, claims = "", []
    for words, status in statements:
        claims.append(Claim(len(text), len(text) + len(words), (1,), status, 0.5))
        text += f"{words} "
    return replace(quoted(), text=text, marks=(), claims=tuple(claims))


def test_statements_are_counted_by_what_a_person_found_and_by_status() -> None:
    answer = written(("It broke.", Status.SUPPORTED), ("It sang.", Status.PARTLY))
    counts = count_statements(
        [Task(ROW, quoted(), answer)], {(ROW["question"], "It broke."): "right"}
    )
    assert counts == {"right supported": 1, "not judged partly": 1}


@pytest.mark.parametrize(
    ("statements", "unchecked", "checked"),
    [
        ([("The dam broke.", Status.SUPPORTED)], "told", "told"),
        ([("It was repaired.", Status.PARTLY)], "agreed", "agreed"),
        ([("It was repaired.", Status.NOT_SUPPORTED)], "agreed", "refused"),
        ([("It was old.", Status.SUPPORTED)], "something else", "something else"),
    ],
)
def test_what_the_check_leaves_out_does_not_agree_with_a_wrong_premise(
    statements: list[tuple[str, Status]], unchecked: str, checked: str
) -> None:
    refused = replace(quoted(), answered=False, text="", marks=(), citations=())
    rows = {row[0]: row[1:] for row in premise_rows([Task(ROW, refused, written(*statements))])}
    assert rows["model, unchecked"][PREMISE_VERDICTS.index(unchecked)] == "1"
    assert rows["model, checked"][PREMISE_VERDICTS.index(checked)] == "1"


def test_every_judgement_is_of_a_task() -> None:
    asked = {row["question"] for row in rows_of("own_words.jsonl")}
    assert {question for question, _ in read_judged()} <= asked
    assert set(read_judged().values()) <= {"right", "wrong"}
