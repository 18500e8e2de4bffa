from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from index.errors import InputError
from tests.reader_toys import toy_data
from training.reader import train
from training.reader.model import ModelShape, ReaderModel
from training.reader.pretrained import Start, averaged_model
from training.reader.saving import load_checkpoint, save_checkpoint
from training.reader.settings import TrainSettings
from training.reader.sources import TrainingData
from training.reader.train import Run

SHAPE = ModelShape(layers=1, width=16, heads=2, inner=32)
SETTINGS = TrainSettings(epochs=1.5, batch_tokens=512)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingData:
    monkeypatch.setattr(train, "LOG_EVERY", 1)
    (tmp_path / "data").mkdir()
    return toy_data(tmp_path / "data")


@pytest.fixture
def start(tmp_path: Path) -> Start:
    torch.manual_seed(0)
    return Start(checkpoint(tmp_path / "start.pt", SHAPE))


def checkpoint(path: Path, shape: ModelShape) -> Path:
    model = ReaderModel(shape)
    save_checkpoint(path, {"shape": asdict(shape), "averaged": model.state_dict()})
    return path


def events(out: Path, name: str) -> list[dict[str, Any]]:
    lines = (out / "log.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


def test_sessions_that_are_cut_short_come_to_the_same_weights_as_one(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    Run(data, tmp_path / "one", SETTINGS, start).train(1000, 1000, None)
    for _ in range(4):
        Run(data, tmp_path / "many", SETTINGS, start).train(1000, 1000, 5)
    Run(data, tmp_path / "many", SETTINGS, start).train(1000, 1000, None)

    steps = [[e["loss"] for e in events(tmp_path / out, "step")] for out in ("one", "many")]
    assert steps[0] == steps[1]
    one, many = (load_checkpoint(tmp_path / out / train.CHECKPOINT) for out in ("one", "many"))
    assert one["step"] == many["step"] == one["steps"]
    assert all(torch.equal(one["averaged"][name], many["averaged"][name]) for name in one["model"])


def test_a_finished_run_that_is_started_again_ends_at_once(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    settings = TrainSettings(steps=2, batch_tokens=512)
    for _ in range(2):
        Run(data, tmp_path / "run", settings, start).train(1000, 1000, None)
    assert [event["step"] for event in events(tmp_path / "run", "step")] == [1, 2]


def test_a_new_run_may_start_from_the_weights_of_another(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    two = TrainSettings(steps=2, batch_tokens=512)
    Run(data, tmp_path / "first", two, start).train(1000, 1000, None)
    first = tmp_path / "first" / train.CHECKPOINT
    still = TrainSettings(steps=1, batch_tokens=512, learning_rate=0.0)
    Run(data, tmp_path / "second", still, Start(first)).train(1000, 1000, None)
    averaged = load_checkpoint(first)["averaged"]
    second = load_checkpoint(tmp_path / "second" / train.CHECKPOINT)["model"]
    assert all(torch.equal(averaged[name], second[name]) for name in averaged)


def test_a_run_is_measured_at_its_end(data: TrainingData, start: Start, tmp_path: Path) -> None:
    settings = TrainSettings(steps=1, batch_tokens=512)
    Run(data, tmp_path / "run", settings, start).train(1000, 1000, None)
    (measured,) = events(tmp_path / "run", "held_out")
    assert measured["step"] == 1
    assert "genuine_auroc" in measured


def test_a_run_that_learns_sentences_adds_a_head_for_them_and_measures_it(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    settings = TrainSettings(steps=2, batch_tokens=512, sentence_weight=0.5)
    for _ in range(2):
        Run(data, tmp_path / "run", settings, start).train(1000, 1000, 1)
    assert averaged_model(tmp_path / "run" / train.CHECKPOINT).shape.judges_sentences
    (measured,) = events(tmp_path / "run", "held_out")
    assert {"sentence_holds", "reorder_sentence", "genuine_auroc_sentence"} <= measured.keys()


def test_a_taught_run_is_resumed_with_the_same_teacher_only(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    wider = ModelShape(layers=2, width=32, heads=2, inner=64, relative_buckets=8)
    teacher = checkpoint(tmp_path / "teacher.pt", wider)
    settings = TrainSettings(steps=4, batch_tokens=512)
    Run(data, tmp_path / "run", settings, start, teacher).train(1000, 1000, 2)
    Run(data, tmp_path / "run", settings, start, teacher).train(1000, 1000, None)
    assert [event["step"] for event in events(tmp_path / "run", "step")] == [1, 2, 3, 4]
    with pytest.raises(InputError, match="teacher was"):
        Run(data, tmp_path / "run", settings, start).train(1000, 1000, None)


def test_a_run_keeps_the_shape_that_it_started_with(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    Run(data, tmp_path / "run", TrainSettings(steps=1, batch_tokens=512), start).train(9, 9, None)
    assert averaged_model(tmp_path / "run" / train.CHECKPOINT).shape == SHAPE
