"""Trains the reading model, or goes on training it.

    python -m training.reader.train --train DIR --out RUN

The same command again resumes: from the last checkpoint in RUN, to the same weights
as without the interruption. RUN/log.jsonl tells what happened, RUN/checkpoint.pt is
what ``training.reader.export`` reads.
"""

from __future__ import annotations

import argparse
import contextlib
import os

# Before OpenMP is loaded: where others work, too, spinning threads halve the speed.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from tqdm import tqdm

from index.embedder import SentenceTransformerEmbedder
from index.model_files import default_model_folder
from training.reader.examples import Mixture, epoch_examples
from training.reader.features import Window, WindowMaker, batches
from training.reader.heldout import Sample, SampleSizes, draw_sample, figures
from training.reader.model import ModelShape, ReaderModel
from training.reader.passages import PreparedArticle, prepare
from training.reader.pretrained import Start, averaged_model, judging_sentences
from training.reader.saving import (
    RunLog,
    load_batches,
    load_checkpoint,
    save_batches,
    save_checkpoint,
    sha256_of,
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
            of=trainer.steps,
            loss=round(sum(self._losses) / len(self._losses), 4),
            tokens_per_second=round(self._tokens / (time.monotonic() - self._began)),
        )
        self._begin()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out the time of something that is not training."""
        began = time.monotonic()
        yield
        self._began += time.monotonic() - began

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._losses: list[float] = []
        self._tokens = 0


class Run:
    """A schedule in a folder, which it can be resumed from.

    Args:
        data: The training articles.
        out: The run's folder.
        settings: What must not change while it lasts.
        start: What a new run starts from.
        teacher: The checkpoint of the run that teaches, if any.
    """

    def __init__(
        self,
        data: TrainingData,
        out: Path,
        settings: TrainSettings,
        start: Start = Start(),  # noqa: B008 - frozen
        teacher: Path | None = None,
    ) -> None:
        self.log = RunLog(out / "log.jsonl")
        self._data, self._out, self._start = data, out, start
        self._settings = replace(settings, teacher=sha256_of(teacher) if teacher else None)
        self._teacher = averaged_model(teacher) if teacher else None
        self._maker = WindowMaker(default_model_folder())
        self._prepared: list[PreparedArticle] = []
        self._sample: Sample | None = None
        self._stop = False

    def train(self, save_seconds: float, measure_every: int, max_steps: int | None) -> bool:
        """Train to the end of the schedule, or for ``max_steps`` of it.

        Returns whether the end was reached.
        """
        trainer = self._begin()
        began = trainer.step
        last = min(trainer.steps, trainer.step + (max_steps or trainer.steps))
        saved = time.monotonic()
        progress = _Progress(self.log)
        for windows in self._remaining(trainer.step, last):
            progress.add(trainer.take_step(windows), windows)
            if trainer.step % LOG_EVERY == 0:
                progress.report(trainer)
            if trainer.step % measure_every == 0 or trainer.step == trainer.steps:
                with progress.paused():
                    self._measure(trainer)
            if self._stop:
                break
            if time.monotonic() - saved > save_seconds:
                self._save(trainer)
                saved = time.monotonic()
        if trainer.step != began:
            self._save(trainer)
        return trainer.step == trainer.steps

    def stop(self) -> None:
        """Save and end after the step that is under way."""
        self._stop = True

    def _begin(self) -> Trainer:
        path = self._out / CHECKPOINT
        torch.manual_seed(self._settings.seed)
        if path.exists():
            state = load_checkpoint(path)
            self._settings.check_same(TrainSettings.from_dict(state["settings"]))
            assert state["data"] == self._data.sha256, "the training files have changed"
            model = ReaderModel(ModelShape(**state["shape"]), self._settings.dropout)
            trainer = Trainer(model, self._settings, state["steps"], self._teacher)
            trainer.restore(state)
            self.log.write("resumed", step=trainer.step, of=trainer.steps)
            return trainer
        planned = self._settings.steps or round(self._settings.epochs * len(self._batches(0)))
        self.log.write(
            "started", of=planned, settings=self._settings.to_dict(), data=self._data.sha256
        )
        model = self._start.model(self._settings.dropout)
        if self._settings.sentence_weight:
            model = judging_sentences(model)
        return Trainer(model, self._settings, planned, self._teacher)

    def _remaining(self, step: int, last: int) -> Iterator[list[Window]]:
        """Yield the batches of steps ``step`` to ``last``, epoch after epoch."""
        first = epoch = 0
        while step < last:
            found = self._batches(epoch)
            yield from found[max(0, step - first) : last - first]
            first, epoch = first + len(found), epoch + 1
            step = max(step, first)

    def _batches(self, epoch: int) -> list[list[Window]]:
        """Return the batches of an epoch; they are kept, so that all sessions see the same."""
        path = self._out / f"epoch-{epoch}.npz"
        if path.exists():
            return load_batches(path)
        began, seed = time.monotonic(), self._settings.seed
        self._prepared = self._prepared or self._prepare_all()
        examples = epoch_examples(self._prepared, self._settings.mixture, seed, epoch)
        windows = list(self._maker.windows(examples))
        found = batches(windows, self._settings.batch_tokens, seed, epoch)
        save_batches(path, found)
        self.log.write(
            "epoch",
            epoch=epoch,
            batches=len(found),
            tokens=sum(len(window.ids) for window in windows),
            kinds=dict(Counter(window.kind for window in windows)),
            seconds=round(time.monotonic() - began),
        )
        return found

    def _prepare_all(self) -> list[PreparedArticle]:
        embedder = SentenceTransformerEmbedder() if self._settings.mixture.rivalled else None
        return [prepare(a, self._maker.count_tokens, embedder) for a in tqdm(self._data.train)]

    def _measure(self, trainer: Trainer) -> None:
        if self._sample is None:
            held_out = [prepare(a, self._maker.count_tokens) for a in self._data.held_out]
            self._sample = draw_sample(held_out, SampleSizes())
        found = figures(trainer.averaged.logits, self._sample, self._maker)
        rounded = {name: round(value, 4) for name, value in found.items()}
        self.log.write("held_out", step=trainer.step, **rounded)

    def _save(self, trainer: Trainer) -> None:
        state = trainer.state() | {
            "settings": self._settings.to_dict(),
            "data": self._data.sha256,
            "start": self._start.sha256,
            "shape": asdict(trainer.model.shape),
        }
        save_checkpoint(self._out / CHECKPOINT, state)
        self.log.write("saved", step=trainer.step)


def main() -> None:
    """Run the command line."""
    default = TrainSettings()
    parser = argparse.ArgumentParser(prog="python -m training.reader.train")
    parser.add_argument("--train", type=Path, required=True, help="folder of the training files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--start", type=Path, help="what to start from; see Start")
    parser.add_argument("--teacher", type=Path, help="checkpoint of the run that teaches")
    parser.add_argument("--precision", choices=PRECISIONS, default=default.precision)
    parser.add_argument("--taught", type=float, default=default.taught)
    parser.add_argument("--rank-weight", type=float, default=default.rank_weight)
    parser.add_argument("--sentence-weight", type=float, default=default.sentence_weight)
    parser.add_argument("--rivalled", type=float, default=default.mixture.rivalled)
    parser.add_argument("--negatives", type=float, default=default.mixture.negatives)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--epochs", type=float, default=default.epochs)
    parser.add_argument("--steps", type=int, help="planned steps, instead of --epochs")
    parser.add_argument("--learning-rate", type=float, default=default.learning_rate)
    parser.add_argument("--batch-tokens", type=int, default=default.batch_tokens)
    parser.add_argument("--dropout", type=float, default=default.dropout)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save-seconds", type=float, default=240)
    parser.add_argument("--measure-every", type=int, default=400, metavar="STEPS")
    parser.add_argument("--max-steps", type=int, help="stop this session after so many")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    settings = TrainSettings(
        seed=given.seed,
        epochs=given.epochs,
        steps=given.steps,
        learning_rate=given.learning_rate,
        batch_tokens=given.batch_tokens,
        dropout=given.dropout,
        precision=given.precision,
        taught=given.taught,
        rank_weight=given.rank_weight,
        sentence_weight=given.sentence_weight,
        mixture=Mixture(rivalled=given.rivalled, negatives=given.negatives),
    )
    data = read_training_data(given.train)
    run = Run(data, given.out, settings, Start(given.start), given.teacher)
    signal.signal(signal.SIGTERM, lambda *_: run.stop())
    run.train(given.save_seconds, given.measure_every, given.max_steps)


if __name__ == "__main__":
    main()
