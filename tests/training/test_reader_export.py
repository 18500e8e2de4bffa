from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from training.reader.model import ModelShape, ReaderModel
from training.reader.saving import save_checkpoint
from training.reader.settings import TrainSettings
from training.reader.trainer import Trainer

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from training.reader import export as exporting
from training.reader.onnx_file import (
    OnnxModel,
    Precision,
    largest_difference,
    read_onnx,
    write_onnx,
)

SHAPE = ModelShape(layers=2, width=64, heads=4, inner=128, vocabulary=500)


@pytest.fixture
def model() -> ReaderModel:
    torch.manual_seed(0)
    return ReaderModel(SHAPE).eval()


@pytest.mark.parametrize(("precision", "apart"), [("float32", 1e-4), ("float16", 1e-3)])
def test_the_exported_file_computes_what_torch_does_at_any_length(
    model: ReaderModel, tmp_path: Path, precision: Precision, apart: float
) -> None:
    write_onnx(model, tmp_path / "reader.onnx", precision)
    assert largest_difference(model, OnnxModel(tmp_path / "reader.onnx")) <= apart


def test_each_precision_makes_the_file_smaller(model: ReaderModel, tmp_path: Path) -> None:
    precisions: list[Precision] = ["float32", "float16", "int8"]
    for precision in precisions:
        write_onnx(model, tmp_path / precision, precision)
    sizes = [(tmp_path / precision).stat().st_size for precision in precisions]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes)


@pytest.mark.parametrize(("precision", "apart"), [("float32", 0.0), ("float16", 1e-3)])
def test_an_exported_file_can_be_trained_on(
    model: ReaderModel, tmp_path: Path, precision: Precision, apart: float
) -> None:
    for weights in model.parameters():  # the exporter keeps one of several that are equal
        torch.nn.init.normal_(weights, std=0.02)
    write_onnx(model, tmp_path / "reader.onnx", precision)
    again = ReaderModel(SHAPE)
    read_onnx(again, tmp_path / "reader.onnx")
    for name, loaded in again.state_dict().items():
        assert torch.allclose(loaded, model.state_dict()[name], atol=apart), name


def test_the_export_records_its_origin(tmp_path: Path) -> None:
    settings = TrainSettings(seed=7)
    state = Trainer(ReaderModel(SHAPE), settings).state()
    extra = {"settings": settings.to_dict(), "data": {"toy.jsonl.gz": "ab"}, "start": "cd"}
    extra |= {"shape": asdict(SHAPE)}
    save_checkpoint(tmp_path / "checkpoint.pt", state | extra)
    (tmp_path / "log.jsonl").write_text('{"event": "held_out", "step": 2}\n{"event": "saved"}\n')

    exporting.export(tmp_path / "checkpoint.pt", tmp_path / "out", "float32")

    report = json.loads((tmp_path / "out" / "reader.json").read_text())
    assert report["settings"]["seed"] == 7
    assert report["training_files"] == {"toy.jsonl.gz": "ab"}
    assert report["figures_of_the_run"] == {"event": "held_out", "step": 2}
    assert report["bytes"] == (tmp_path / "out" / "reader.onnx").stat().st_size
    assert report["small_enough"] is True
    assert {name: len(sha) for name, sha in report["files"].items()} == {
        "reader.onnx": 64,
        "tokenizer.json": 64,
    }
