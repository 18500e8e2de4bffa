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
from training.reader.train import Models, Run, prepare_to_finish

pytestmark = pytest.mark.slow
SHAPE = ModelShape(layers=1, width=16, heads=2, inner=32)
SETTINGS = TrainSettings(steps=40, batch_tokens=512, warm_up=3)


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
    settings = TrainSettings().to_dict()
    state = {"shape": asdict(shape), "averaged": model.state_dict(), "settings": settings}
    save_checkpoint(path, state)
    return path


def events(out: Path, name: str) -> list[dict[str, Any]]:
    lines = (out / "log.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


def test_interrupted_sessions_give_the_same_weights_as_one(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    Run(data, tmp_path / "one", SETTINGS, Models(start)).train(1000, 1000, None)
    for _ in range(4):
        Run(data, tmp_path / "many", SETTINGS, Models(start)).train(1000, 1000, 5)
    Run(data, tmp_path / "many", SETTINGS, Models(start)).train(1000, 1000, None)

    steps = [[e["loss"] for e in events(tmp_path / out, "step")] for out in ("one", "many")]
    assert steps[0] == steps[1]
    one, many = (load_checkpoint(tmp_path / out / train.CHECKPOINT) for out in ("one", "many"))
    assert one["step"] == many["step"] == 40
    assert all(torch.equal(one["averaged"][name], many["averaged"][name]) for name in one["model"])


def test_a_finished_run_ends_at_once_if_restarted(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    settings = TrainSettings(steps=2, batch_tokens=512)
    for _ in range(2):
        Run(data, tmp_path / "run", settings, Models(start)).train(1000, 1000, None)
    assert [event["step"] for event in events(tmp_path / "run", "step")] == [1, 2]


def test_a_new_run_may_start_from_the_weights_of_another(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    two = TrainSettings(steps=2, batch_tokens=512)
    Run(data, tmp_path / "first", two, Models(start)).train(1000, 1000, None)
    first = tmp_path / "first" / train.CHECKPOINT
    still = TrainSettings(steps=1, batch_tokens=512, learning_rate=0.0)
    Run(data, tmp_path / "second", still, Models(Start(first))).train(1000, 1000, None)
    averaged = load_checkpoint(first)["averaged"]
    second = load_checkpoint(tmp_path / "second" / train.CHECKPOINT)["model"]
    assert all(torch.equal(averaged[name], second[name]) for name in averaged)


def test_a_run_is_measured_at_its_end(data: TrainingData, start: Start, tmp_path: Path) -> None:
    settings = TrainSettings(steps=1, batch_tokens=512)
    Run(data, tmp_path / "run", settings, Models(start)).train(1000, 1000, None)
    (measured,) = events(tmp_path / "run", "held_out")
    assert measured["step"] == 1
    assert "genuine_auroc" in measured


def test_a_run_with_a_teacher_is_resumed_only_with_the_same_teacher(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    wider = ModelShape(layers=2, width=32, heads=2, inner=64, relative_buckets=8)
    teacher = checkpoint(tmp_path / "teacher.pt", wider)
    settings = TrainSettings(steps=4, batch_tokens=512)
    Run(data, tmp_path / "run", settings, Models(start, Start(teacher))).train(1000, 1000, 2)
    Run(data, tmp_path / "run", settings, Models(start, Start(teacher))).train(1000, 1000, None)
    assert [event["step"] for event in events(tmp_path / "run", "step")] == [1, 2, 3, 4]
    with pytest.raises(InputError, match="teacher was"):
        Run(data, tmp_path / "run", settings, Models(start)).train(1000, 1000, None)


def test_a_run_keeps_the_shape_that_it_started_with(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    Run(data, tmp_path / "run", TrainSettings(steps=1, batch_tokens=512), Models(start)).train(
        9, 9, None
    )
    assert averaged_model(tmp_path / "run" / train.CHECKPOINT).shape == SHAPE


def test_a_run_of_adapters_is_resumed_and_merged_with_what_it_started_from(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    settings = TrainSettings(steps=4, batch_tokens=512, rank=2, precision="bfloat16")
    for _ in range(2):
        Run(data, tmp_path / "run", settings, Models(start)).train(1000, 1000, 2)
    path = tmp_path / "run" / train.CHECKPOINT
    state = load_checkpoint(path)
    assert state["step"] == 4
    assert not any(name.endswith("inner.weight") for name in state["averaged"])
    assert averaged_model(path, start.path).shape == SHAPE
    with pytest.raises(InputError, match="--base FOLDER"):
        averaged_model(path, checkpoint(tmp_path / "other.pt", SHAPE))


def test_a_run_is_finished_from_a_copy_with_a_falling_rate(
    data: TrainingData, start: Start, tmp_path: Path
) -> None:
    endless = TrainSettings(batch_tokens=512, warm_up=1)
    Run(data, tmp_path / "run", endless, Models(start)).train(1000, 1000, 3)
    settings = prepare_to_finish(tmp_path / "run", tmp_path / "finished", 2)
    assert (settings.steps, settings.decay) == (5, 2)
    finished = Run(data, tmp_path / "finished", settings, Models(start))
    assert finished.train(1000, 1000, None)
    assert prepare_to_finish(tmp_path / "run", tmp_path / "finished", 9) == settings
    assert load_checkpoint(tmp_path / "run" / train.CHECKPOINT)["step"] == 3
