from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.reader_toys import toy_data
from training.reader import recipe
from training.reader.model import ModelShape, ReaderModel
from training.reader.pretrained import Start, averaged_model
from training.reader.saving import save_checkpoint
from training.reader.settings import TrainSettings

pytestmark = pytest.mark.slow
STUDENT = ModelShape(layers=1, width=16, heads=2, inner=32)
TEACHER = ModelShape(layers=2, width=32, heads=2, inner=64, relative_buckets=8)


def test_the_recipe_resumes_and_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("READER", "STUDENT"):
        settings = replace(
            getattr(recipe, name),
            steps=2,
            batch_tokens=512,
            decay=1,
            precision="float32",
            frozen_layers=0,
        )
        monkeypatch.setattr(recipe, name, settings)
    for name, shape in (("student", STUDENT), ("teacher", TEACHER)):
        weights = ReaderModel(shape).state_dict()
        settings = TrainSettings().to_dict()
        state = {"shape": asdict(shape), "averaged": weights, "settings": settings}
        save_checkpoint(tmp_path / f"{name}.pt", state)
    monkeypatch.setattr(recipe, "base_weights", lambda _: tmp_path / "teacher.pt")
    monkeypatch.setattr(recipe, "STUDENT_START", Start(tmp_path / "student.pt"))
    (tmp_path / "data").mkdir()
    data = toy_data(tmp_path / "data")

    found = recipe.run_recipe(data, tmp_path / "runs")
    assert found
    assert averaged_model(found).shape == STUDENT
    written = found.read_bytes()
    log = (found.parent / "log.jsonl").read_text()
    assert recipe.run_recipe(data, tmp_path / "runs") == found
    assert found.read_bytes() == written
    again = (found.parent / "log.jsonl").read_text()
    assert again.removeprefix(log).count("\n") == 1
    assert '"resumed"' in again.removeprefix(log)
