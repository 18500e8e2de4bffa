"""Training the checking model: it learns, resumes exactly, and is exported as it computes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from index.embedding.sentence_transformer import has_fast_bfloat16
from index.errors import InputError, ModelCorrupt, ModelUnavailable
from index.types import Span
from qa.writing.claim_checker import Pair as Asked
from qa.writing.trained_checker import (
    CHECKER_GRAPH,
    CHECKER_MANIFEST,
    CHECKER_WEIGHTS,
    TrainedChecker,
)
from tests.reader_toys import write_claims, write_toys
from training.checker import train
from training.checker.export import export_checker
from training.checker.features import collate
from training.checker.model import CheckerModel
from training.checker.settings import CheckerSettings
from training.checker.train import CHECKPOINT, CheckerRun, prepare_to_finish
from training.checker.trainer import CheckerTrainer
from training.reader.saving import load_checkpoint
from training.reader.settings import rate_at

pytestmark = pytest.mark.slow

# Without instructions for it, bfloat16 takes ten times as long.
PRECISION = "bfloat16" if has_fast_bfloat16() else "float32"
SETTINGS = CheckerSettings(steps=4, batch_tokens=1024, warm_up=2, precision=PRECISION)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_toys(tmp_path_factory.mktemp("data"))
    write_claims(made)
    return made


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run without interruptions."""
    out = tmp_path_factory.mktemp("run")
    assert CheckerRun(folder, out, SETTINGS).train(1000, 1000, None)
    return out


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported")
    export_checker(run, out, None)
    return out


def events(out: Path, name: str) -> list[dict[str, Any]]:
    lines = (out / "log.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


def test_interrupted_sessions_give_the_same_weights_as_one(
    folder: Path, run: Path, tmp_path: Path
) -> None:
    CheckerRun(folder, tmp_path, SETTINGS).train(1000, 1000, 1)
    stopped = CheckerRun(folder, tmp_path, SETTINGS)
    stopped.stop()
    stopped.train(1000, 1000, None)
    CheckerRun(folder, tmp_path, SETTINGS).train(1000, 1000, None)
    one, many = (load_checkpoint(out / CHECKPOINT) for out in (run, tmp_path))
    assert one["step"] == many["step"] == SETTINGS.steps
    assert all(torch.equal(one["averaged"][name], many["averaged"][name]) for name in one["model"])


def test_a_run_with_other_settings_is_refused(folder: Path, run: Path) -> None:
    with pytest.raises(InputError, match="learning_rate was"):
        CheckerRun(folder, run, replace(SETTINGS, learning_rate=0.5)).train(9, 9, None)


def test_a_run_is_finished_in_another_folder_with_a_falling_rate(run: Path, tmp_path: Path) -> None:
    settings = prepare_to_finish(run, tmp_path / "finished", decay=10)
    assert (settings.steps, settings.decay) == (SETTINGS.steps + 10, 10)
    assert rate_at(3, settings) == settings.learning_rate > rate_at(8, settings)
    assert rate_at(settings.steps - 1, settings) == 0.0


def test_the_end_of_a_run_is_measured(run: Path) -> None:
    (measured,) = events(run, "held_out")
    assert {"auroc", "balanced", "three_way", "words_f1"} <= set(measured)


def test_steps_on_one_batch_lower_its_loss_and_leave_the_word_table(
    folder: Path, run: Path
) -> None:
    batch = collate(CheckerRun(folder, run, SETTINGS).epoch(0)[0])
    model = CheckerModel.start(None)
    before = model.encoder.words.weight.clone()
    trainer = CheckerTrainer(model, CheckerSettings(warm_up=1, precision=PRECISION))
    losses = [trainer.learn(batch) for _ in range(6)]
    assert losses[-1] < losses[0]
    assert torch.equal(model.encoder.words.weight, before)


def test_the_exported_model_computes_as_the_trained_one(exported: Path) -> None:
    manifest = json.loads((exported / CHECKER_MANIFEST).read_text())
    assert set(manifest["files"]) == {CHECKER_GRAPH, CHECKER_WEIGHTS}
    exact, int8 = manifest["held_out"]["float32"], manifest["held_out"]["int8"]
    assert abs(exact["auroc"] - int8["auroc"]) < 0.1
    TrainedChecker.shipped(exported)  # compares a reference claim


def test_claims_get_a_probability_and_whole_words_in_their_order(exported: Path) -> None:
    checker = TrainedChecker.shipped(exported)
    claims = [Asked("The fair lasts three days.", "It lasts three days."), Asked("", "")]
    claims.append(Asked("A mill stood by the river.", "The fair. " * 400))
    found = checker.check(claims)
    assert len(found) == len(claims)
    assert all(0 <= each.probability <= 1 for each in found)
    for asked, each in zip(claims, found, strict=True):
        for span in each.unsupported:
            assert isinstance(span, Span)
            assert not asked.claim[max(0, span.start - 1) : span.start].isalnum()
            assert not asked.claim[span.end : span.end + 1].isalnum()


def test_a_damaged_file_is_refused(exported: Path, tmp_path: Path) -> None:
    for path in exported.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / CHECKER_WEIGHTS).write_bytes(b"not weights")
    with pytest.raises(ModelCorrupt, match="does not match its hash"):
        TrainedChecker.shipped(tmp_path)


def test_a_processor_that_computes_otherwise_is_noticed(exported: Path, tmp_path: Path) -> None:
    for path in exported.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    manifest = json.loads((tmp_path / CHECKER_MANIFEST).read_text())
    manifest["reference"]["relation"] = [9.0, -9.0, -9.0]
    (tmp_path / CHECKER_MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelUnavailable, match="inexactly"):
        TrainedChecker.shipped(tmp_path)


def test_logged_steps_carry_loss_and_speed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "LOG_EVERY", 1)
    CheckerRun(folder, tmp_path, replace(SETTINGS, steps=1, batch_tokens=512)).train(9, 9, None)
    (step,) = events(tmp_path, "step")
    assert step["loss"] > 0
    assert step["tokens_per_second"] > 0
