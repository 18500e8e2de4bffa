from __future__ import annotations

import json
from typing import Any

import pytest

from bench.environment import Environment
from bench.splits import Measuring, Split, render
from qa.reader import ExtractiveReader

TEXT = "The bridge opened in 1932 after nine years of work. It was built by Ann Lee for the town."


def article(question: dict[str, Any]) -> str:
    asked = {"question": "When did the bridge open?", "answers": ["1932"], **question}
    if asked["answers"]:
        asked["evidence"] = [{"start": 21, "end": 25}]
    context = {"start": 0, "end": len(TEXT)}
    return json.dumps(
        {"title": "Bridge", "text": TEXT, "questions": [asked | {"context": context}]}
    )


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Split]:
    data = tmp_path_factory.mktemp("eval")
    choices = ["in 1932", "in 1999", "by the river", "not enough information"]
    quail = {"choices": choices, "question_type": "Factual", "answers": ["in 1932"]}
    alien = {"question": "Who is the king of Spain?", "answers": [], "answerable": False}
    sets: dict[str, list[dict[str, Any]]] = {
        "qa/fairytale": [{"explicitness": "explicit", "verbatim": True}],
        "qa_nc/quail_news": [
            quail,
            {**quail, **alien, "question_type": "Unanswerable"},
            {**quail, "question_type": "Belief_states", "answers": ["by the river"]},
        ],
        "qa/squad_en": [
            {**alien, "kind": "adversarial", "label": "official"},
            {"variants": {"keyboard": "When did the bridge opn?"}},
        ],
        "qa/xquad_en": [{"variants": {"asr": "when did the bridge open"}}],
        "qa_nc/rgb_counterfactual": [{"kind": "counterfactual", "world_answers": ["1931"]}],
    }
    for name, questions in sets.items():
        path = data / f"{name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        lines = [article({**question, "id": str(n)}) for n, question in enumerate(questions)]
        path.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("bench.answers.in_first_half", lambda _: False)
    found = Measuring(data, ExtractiveReader(), quick=False).splits()
    monkeypatch.undo()
    return {(split.dataset, split.kind): split for split in found}


@pytest.mark.parametrize(
    ("dataset", "kind", "value"),
    [
        ("fairytale", "explicit, word for word", 1.0),
        ("quail_news", "Factual", 1.0),
        ("quail_news", "Unanswerable", 1.0),
        ("quail_news", "Belief_states", 0.0),
        ("quail_news", "types that rest on the text", 1.0),
        ("squad_en", "misleading, label official, whole article", 1.0),
        ("squad_en", "misleading, label official, its paragraph", 1.0),
        ("squad_en", "worded keyboard", 0.0),
        ("xquad_en", "worded asr", 0.0),
        ("rgb_counterfactual", "false statement", 0.0),  # the truth, 1931, is not in the text
    ],
)
def test_each_kind_is_scored_by_itself(
    splits: dict[tuple[str, str], Split], dataset: str, kind: str, value: float
) -> None:
    split = splits[dataset, kind]
    assert split.questions
    assert split.value.mean == pytest.approx(value)


def test_the_table_leaves_out_kinds_without_a_question(
    splits: dict[tuple[str, str], Split],
) -> None:
    text = render(Environment.now("bench.splits"), list(splits.values()))
    assert "| fairytale | explicit, word for word | F1 | 1 |" in text
    assert "implicit" not in text
