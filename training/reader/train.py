"""Train the reading model, or resume its training.

    python -m training.reader.train --train DIR --out RUN

The same command again resumes: from the last checkpoint in RUN, to the same weights
as without the interruption. RUN/log.jsonl says what happened, RUN/checkpoint.pt is
what ``training.reader.export`` reads.

A run goes on until it is stopped. To finish its model, let the learning rate fall from a
copy of its checkpoint, in a folder of its own:

    python -m training.reader.train --train DIR --out FINISHED --finish RUN --decay 300
"""

from __future__ import annotations

import argparse
import contextlib
import os

# Set before OpenMP is loaded: with other processes running, spinning threads halve the speed.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from tqdm import tqdm

from index.embedding.model_files import default_model_folder
from training.reader.adapters import adapt, trained_weights
from training.reader.epoch import EpochData, epoch_examples
from training.reader.features import Window, WindowMaker, batches
from training.reader.heldout import Sample, SampleSizes, draw_sample, figures
from training.reader.passages import PreparedArticle, prepare
from training.reader.pretrained import Start
from training.reader.saving import (
    RunLog,
    load_batches,
    load_checkpoint,
    save_batches,
    save_checkpoint,
)
from training.reader.settings import PRECISIONS, TrainSettings
from training.reader.sources import TrainingData, read_training_data
from training.reader.trainer import Trainer

CHECKPOINT = "checkpoint.pt"
LOG_EVERY = 20
"""Steps."""


class _Progress:
    """Mean loss and speed since the last report."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._begin()

    def add(self, loss: float, windows: Sequence[Window]) -> None:
        self._losses.append(loss)
        self._tokens += sum(len(window.ids) for window in windows)

    def report(self, trainer: Trainer) -> None:
        self._log.write(
            "step",
            step=trainer.step,
            loss=round(sum(self._losses) / len(self._losses), 4),
            tokens_per_second=round(self._tokens / (time.monotonic() - self._began)),
        )
        self._begin()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Exclude time that was not spent on training."""
        began = time.monotonic()
        yield
        self._began += time.monotonic() - began

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._losses: list[float] = []
        self._tokens = 0


@dataclass(frozen=True, slots=True)
class Models:
    """The initial weights, the teacher and the device of a run."""

    start: Start = Start()  # noqa: RUF009 - frozen
    teacher: Start | None = None
    """A model whose predictions are learned besides the answers."""
    device: str = "cpu"
    """``cpu`` or ``cuda``."""


class Run:
    """A training run in a folder, from which it can be resumed.

    Args:
        data: The training articles.
        out: The run's folder.
        settings: What must not change while it lasts.
        models: What it starts from, and its teacher.
    """

    def __init__(
        self,
        data: TrainingData,
        out: Path,
        settings: TrainSettings,
        models: Models = Models(),
    ) -> None:
        self.log = RunLog(out / "log.jsonl")
        self._data, self._out, self._start = data, out, models.start
        self._device, teacher = models.device, models.teacher
        self._settings = replace(settings, teacher=teacher.sha256 if teacher else None)
        self._teacher = teacher.model(0.0) if teacher else None
        self._maker = WindowMaker(default_model_folder())
        self._prepared: list[PreparedArticle] = []
        self._sample: Sample | None = None
        self._stop = False

    def train(self, save_seconds: float, measure_seconds: float, max_steps: int | None) -> bool:
        """Train to the end of the schedule, or for ``max_steps`` of it.

        Returns whether the end was reached.
        """
        trainer = self._begin()
        began, steps = trainer.step, self._settings.steps
        last = min(steps, trainer.step + (max_steps or steps))
        saved = measured = time.monotonic()
        progress = _Progress(self.log)
        for windows in self._remaining(trainer.step, last):
            progress.add(trainer.take_step(windows), windows)
            if trainer.step % LOG_EVERY == 0:
                progress.report(trainer)
            if self._stop:
                break
            if time.monotonic() - saved > save_seconds:
                self._save(trainer)
                saved = time.monotonic()
            if time.monotonic() - measured > measure_seconds or trainer.step == steps:
                self._save(trainer)
                with progress.paused():
                    self._measure(trainer)
                saved = measured = time.monotonic()
        if trainer.step != began:
            self._save(trainer)
        return trainer.step == steps

    def stop(self) -> None:
        """Save and stop after the current step."""
        self._stop = True

    def _begin(self) -> Trainer:
        path = self._out / CHECKPOINT
        settings = self._settings
        torch.manual_seed(settings.seed)
        model = self._start.model(settings.dropout)
        if settings.rank:
            model = adapt(model, settings.rank, settings.frozen_layers)
        trainer = Trainer(model, settings, self._teacher, self._device)
        weights = sum(weight.numel() for weight in trained_weights(model).values())
        if path.exists():
            state = load_checkpoint(path)
            settings.check_same(TrainSettings.from_dict(state["settings"]))
            assert state["data"] == self._data.sha256, "the training files have changed"
            assert state["start"] == self._start.sha256, "the run started from another model"
            trainer.restore(state)
            self.log.write("resumed", step=trainer.step)
            return trainer
        self.log.write(
            "started", settings=settings.to_dict(), data=self._data.sha256, trained_weights=weights
        )
        return trainer

    def _remaining(self, step: int, last: int) -> Iterator[list[Window]]:
        """Yield the batches of steps ``step`` to ``last``, epoch after epoch."""
        first = epoch = 0
        while step < last:
            found = self._batches(epoch)
            yield from found[max(0, step - first) : last - first]
            first, epoch = first + len(found), epoch + 1
            step = max(step, first)

    def _batches(self, epoch: int) -> list[list[Window]]:
        """Return the batches of an epoch, which are stored so that all sessions use the same."""
        path = self._out / f"epoch-{epoch}.npz"
        if path.exists():
            return load_batches(path)
        began, seed = time.monotonic(), self._settings.seed
        self._prepared = self._prepared or [
            prepare(article, self._maker.count_tokens) for article in tqdm(self._data.train)
        ]
        data = EpochData(
            self._prepared,
            [claim for claim in self._data.claims if not claim.is_held_out],
            [question for question in self._data.dialogues if not question.is_held_out],
        )
        examples = epoch_examples(data, self._settings.mixture, seed, epoch)
        windows = list(self._maker.windows(examples))
        found = batches(windows, self._settings.batch_tokens, seed, epoch)
        save_batches(path, found)
        self.log.write(
            "epoch",
            epoch=epoch,
            batches=len(found),
            tokens=sum(len(window.ids) for window in windows),
            kinds=dict(Counter(window.kind for window in windows)),
            verdicts=dict(Counter(str(window.verdict) for window in windows)),
            seconds=round(time.monotonic() - began),
        )
        return found

    def _measure(self, trainer: Trainer) -> None:
        began = time.monotonic()
        if self._sample is None:
            held_out = [prepare(a, self._maker.count_tokens) for a in self._data.held_out]
            self._sample = draw_sample(held_out, SampleSizes(), self._data)
        found = figures(trainer.averaged_model().logits, self._sample, self._maker)
        rounded = {name: round(value, 4) for name, value in found.items()}
        seconds = round(time.monotonic() - began)
        self.log.write("held_out", step=trainer.step, seconds=seconds, **rounded)

    def _save(self, trainer: Trainer) -> None:
        state = trainer.state() | {
            "settings": self._settings.to_dict(),
            "data": self._data.sha256,
            "start": self._start.sha256,
            "shape": asdict(trainer.model.shape),
        }
        save_checkpoint(self._out / CHECKPOINT, state)
        self.log.write("saved", step=trainer.step)


def prepare_to_finish(run: Path, out: Path, decay: int) -> TrainSettings:
    """Copy a run to ``out``, and return settings with which its learning rate falls from there."""
    state = load_checkpoint(run / CHECKPOINT)
    settings = TrainSettings.from_dict(state["settings"])
    if (out / CHECKPOINT).exists():
        return TrainSettings.from_dict(load_checkpoint(out / CHECKPOINT)["settings"])
    settings = replace(settings, steps=state["step"] + decay, decay=decay)
    out.mkdir(parents=True, exist_ok=True)
    for epoch in run.glob("epoch-*.npz"):
        shutil.copyfile(epoch, out / epoch.name)
    save_checkpoint(out / CHECKPOINT, state | {"settings": settings.to_dict()})
    return settings


def settings_of(given: argparse.Namespace) -> TrainSettings:
    """Return the settings of the command line; the others have their defaults."""
    default = TrainSettings()
    names = [name for name in TrainSettings.__slots__ if hasattr(given, name)]
    found = {name: getattr(given, name) for name in names}
    return replace(default, **{name: value for name, value in found.items() if value is not None})


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.reader.train")
    parser.add_argument("--train", type=Path, required=True, help="folder of the training files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--start", type=Path, help="initial weights; see Start")
    parser.add_argument("--base", type=Path, help="model of the adapters in --start")
    parser.add_argument("--finish", type=Path, help="run to finish, with --decay STEPS")
    parser.add_argument("--teacher-checkpoint", type=Path, help="checkpoint of the teacher")
    parser.add_argument("--teacher-base", type=Path, help="initial weights of the teacher")
    parser.add_argument("--precision", choices=PRECISIONS)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    for name in ("seed", "steps", "decay", "warm-up", "batch-tokens", "rank", "frozen-layers"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("learning-rate", "head-rate", "norm-rate", "average", "taught", "dropout"):
        parser.add_argument(f"--{name}", type=float)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save-seconds", type=float, default=240)
    parser.add_argument("--measure-seconds", type=float, default=2400)
    parser.add_argument("--max-steps", type=int, help="stop this session after this many")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    settings = settings_of(given)
    if given.finish:
        settings = prepare_to_finish(given.finish, given.out, given.decay or 300)
    teacher = Start(given.teacher_checkpoint, given.teacher_base)
    run = Run(
        read_training_data(given.train),
        given.out,
        settings,
        Models(
            Start(given.start, given.base),
            teacher if given.teacher_checkpoint else None,
            given.device,
        ),
    )
    signal.signal(signal.SIGTERM, lambda *_: run.stop())
    run.train(given.save_seconds, given.measure_seconds, given.max_steps)


if __name__ == "__main__":
    main()
