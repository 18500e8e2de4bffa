from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.reader import train
from bench.reader.model import ModelShape, ReaderModel
from bench.reader.saving import load_checkpoint
from bench.reader.settings import TrainSettings
from bench.reader.sources import TrainingData
from bench.reader.train import Run
from tests.reader_toys import toy_data

SHAPE = ModelShape(layers=1, width=16, heads=2, inner=32)
SETTINGS = TrainSettings(epochs=1.5, batch_tokens=512)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingData:
    monkeypatch.setattr(train, "LOG_EVERY", 1)
    monkeypatch.setattr(train, "pretrained", lambda *_: ReaderModel(SHAPE, SETTINGS.dropout))
    (tmp_path / "data").mkdir()
    return toy_data(tmp_path / "data")


def events(out: Path, name: str) -> list[dict[str, Any]]:
    lines = (out / "log.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


def test_sessions_that_are_cut_short_come_to_the_same_weights_as_one(
    data: TrainingData, tmp_path: Path
) -> None:
    Run(data, tmp_path / "one", SETTINGS).train(1000, 1000, None)
    for _ in range(4):
        Run(data, tmp_path / "many", SETTINGS).train(1000, 1000, 5)
    Run(data, tmp_path / "many", SETTINGS).train(1000, 1000, None)

    steps = [[e["loss"] for e in events(tmp_path / out, "step")] for out in ("one", "many")]
    assert steps[0] == steps[1]
    one, many = (load_checkpoint(tmp_path / out / train.CHECKPOINT) for out in ("one", "many"))
    assert one["step"] == many["step"] == one["steps"]
    assert all(torch.equal(one["averaged"][name], many["averaged"][name]) for name in one["model"])


def test_a_finished_run_that_is_started_again_ends_at_once(
    data: TrainingData, tmp_path: Path
) -> None:
    settings = TrainSettings(steps=2, batch_tokens=512)
    for _ in range(2):
        Run(data, tmp_path / "run", settings).train(1000, 1000, None)
    assert [event["step"] for event in events(tmp_path / "run", "step")] == [1, 2]


def test_a_new_run_may_start_from_the_weights_of_another(
    data: TrainingData, tmp_path: Path
) -> None:
    Run(data, tmp_path / "first", TrainSettings(steps=2, batch_tokens=512)).train(1000, 1000, None)
    first = tmp_path / "first" / train.CHECKPOINT
    still = TrainSettings(steps=1, batch_tokens=512, learning_rate=0.0)
    Run(data, tmp_path / "second", still, first).train(1000, 1000, None)
    averaged = load_checkpoint(first)["averaged"]
    second = load_checkpoint(tmp_path / "second" / train.CHECKPOINT)["model"]
    assert all(torch.equal(averaged[name], second[name]) for name in averaged)


def test_a_run_is_measured_at_its_end(data: TrainingData, tmp_path: Path) -> None:
    Run(data, tmp_path / "run", TrainSettings(steps=1, batch_tokens=512)).train(1000, 1000, None)
    (measured,) = events(tmp_path / "run", "held_out")
    assert measured["step"] == 1
    assert "genuine_auroc" in measured
