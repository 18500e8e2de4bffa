"""Train the checking model, or resume its training.

    python -m training.checker.train --train DIR --out RUN [--reader qa/reading_model/reader.onnx]

The same command again resumes: from the last checkpoint in RUN, to the same weights as without
the interruption. RUN/log.jsonl says what happened. SIGTERM saves and stops.

A run goes on until it is stopped. To finish its model, let the learning rate fall from a copy of
its checkpoint, in a folder of its own:

    python -m training.checker.train --train DIR --out FINISHED --finish RUN --decay 300
"""

from __future__ import annotations

import argparse
import os

# Set before OpenMP is loaded: with other processes running, spinning threads halve the speed.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from index.embedding.model_files import default_model_folder
from training.checker.features import (
    ClaimWindowMaker,
    LabelledWindow,
    collate,
    load_batches,
    save_batches,
)
from training.checker.heldout import figures, read_windows
from training.checker.made_pairs import PairMaker
from training.checker.model import CheckerModel
from training.checker.neighbours import Neighbours
from training.checker.pairs import Pair
from training.checker.published import published_pairs, read_published
from training.checker.settings import CheckerSettings
from training.checker.statements import StatementMaker
from training.checker.trainer import CheckerTrainer
from training.reader.features import batches
from training.reader.saving import RunLog, load_checkpoint, save_checkpoint, sha256_of
from training.reader.seeding import seeded
from training.reader.sources import TrainingData, read_training_data

CHECKPOINT = "checkpoint.pt"
HELD_OUT = "heldout.npz"
LOG_EVERY = 20
"""Steps."""
_SAMPLE = 2400
"""The number of held-out pairs."""
_LOWER_CASE_WORD = re.compile(r"\b[a-z]+\b")


class CheckerRun:
    """A training run in a folder, from which it can be resumed.

    Args:
        train: The folder of the training files; read only if an epoch must be made.
        out: The run's folder.
        settings: What must not change while it lasts.
        reader: The ONNX file of the reading model to start from; None for the embedding model.
    """

    def __init__(
        self, train: Path, out: Path, settings: CheckerSettings, reader: Path | None = None
    ) -> None:
        self.log = RunLog(out / "log.jsonl")
        self._train, self._out, self._settings, self._reader = train, out, settings, reader
        self._start = sha256_of(reader) if reader else ""
        self._data: TrainingData | None = None
        self._stop = False

    def train(self, save_seconds: float, measure_seconds: float, max_steps: int | None) -> bool:
        """Train to the end of the schedule, or for ``max_steps`` of it.

        Returns whether the end was reached.
        """
        trainer = self._begin()
        began, steps = trainer.step, self._settings.steps
        last = min(steps, trainer.step + (max_steps or steps))
        reported = saved = measured = time.monotonic()
        losses: list[float] = []
        tokens = 0
        for windows in self._remaining(trainer.step, last):
            losses.append(trainer.learn(collate(windows)))
            tokens += sum(len(window.ids) for window in windows)
            now = time.monotonic()
            if trainer.step % LOG_EVERY == 0:
                self._report(trainer.step, losses, tokens / (now - reported))
                losses, tokens, reported = [], 0, now
            is_due = now - measured > measure_seconds or trainer.step == steps
            if is_due or now - saved > save_seconds:
                self._save(trainer)
                saved = time.monotonic()
            if is_due:
                self._measure(trainer)
                reported = saved = measured = time.monotonic()
            if self._stop:
                break
        if trainer.step != began:
            self._save(trainer)
        return trainer.step == steps

    def stop(self) -> None:
        """Save and stop after the current step."""
        self._stop = True

    def held_out(self) -> list[LabelledWindow]:
        """Return the sample of held-out pairs, which is made once for the run."""
        path = self._out / HELD_OUT
        if not path.exists():
            found = sorted(
                self._windows(is_held_out=True, epoch=0),
                key=lambda w: seeded("sample", w.ids, w.kind).random(),
            )
            save_batches(path, [found[:_SAMPLE]])
        return load_batches(path)[0]

    def epoch(self, number: int) -> list[list[LabelledWindow]]:
        """Return the batches of an epoch, which are stored so that all sessions use the same."""
        path = self._out / f"epoch-{number}.npz"
        if path.exists():
            return load_batches(path)
        began, seed = time.monotonic(), self._settings.seed
        windows = list(self._windows(is_held_out=False, epoch=number))
        found = batches(windows, self._settings.batch_tokens, seed, number)
        save_batches(path, found)
        self.log.write(
            "epoch",
            epoch=number,
            batches=len(found),
            tokens=sum(len(window.ids) for window in windows),
            kinds=dict(Counter(window.kind for window in windows).most_common()),
            relations=dict(Counter(str(window.relations) for window in windows)),
            seconds=round(time.monotonic() - began),
        )
        return found

    def _begin(self) -> CheckerTrainer:
        settings = self._settings
        torch.manual_seed(settings.seed)
        model = CheckerModel.start(self._reader)
        model.encoder.dropout = settings.dropout
        trainer = CheckerTrainer(model, settings)
        path = self._out / CHECKPOINT
        if path.exists():
            state = load_checkpoint(path)
            settings.check_same(CheckerSettings(**state["settings"]))
            assert state["start"] == self._start, "the run started from another model"
            trainer.restore(state)
            self.log.write("resumed", step=trainer.step)
        else:
            self.log.write("started", settings=settings.to_dict(), start=self._start)
        return trainer

    def _remaining(self, step: int, last: int) -> Iterator[list[LabelledWindow]]:
        """Yield the batches of steps ``step`` to ``last``, epoch after epoch."""
        first = number = 0
        while step < last:
            found = self.epoch(number)
            yield from found[max(0, step - first) : last - first]
            first, number = first + len(found), number + 1
            step = max(step, first)

    def _windows(self, *, is_held_out: bool, epoch: int) -> Iterator[LabelledWindow]:
        self._data = self._data or read_training_data(self._train)
        data, seed = self._data, self._settings.seed
        articles = data.held_out if is_held_out else data.train
        words = {
            word
            for article in (*data.train, *data.held_out)
            for word in _LOWER_CASE_WORD.findall(article.text)
        }
        folder = default_model_folder()
        maker = PairMaker(articles, StatementMaker(words), Neighbours(folder))
        claims = [c for c in read_published(self._train) if c.is_held_out == is_held_out]

        def pairs() -> Iterator[Pair]:
            yield from maker.pairs(seed, epoch)
            yield from published_pairs(claims, seed, epoch)

        return ClaimWindowMaker(folder).windows(pairs())

    def _report(self, step: int, losses: Sequence[float], speed: float) -> None:
        loss = sum(losses) / len(losses)
        self.log.write("step", step=step, loss=round(loss, 4), tokens_per_second=round(speed))

    def _measure(self, trainer: CheckerTrainer) -> None:
        began = time.monotonic()
        found = figures(read_windows(trainer.averaged_model().logits, self.held_out()))
        rounded = {name: round(value, 4) for name, value in found.items()}
        seconds = round(time.monotonic() - began)
        self.log.write("held_out", step=trainer.step, seconds=seconds, **rounded)

    def _save(self, trainer: CheckerTrainer) -> None:
        state = trainer.state() | {"settings": self._settings.to_dict(), "start": self._start}
        save_checkpoint(self._out / CHECKPOINT, state)
        self.log.write("saved", step=trainer.step)


def prepare_to_finish(run: Path, out: Path, decay: int) -> CheckerSettings:
    """Copy a run to ``out``, and return settings with which its learning rate falls from there."""
    if (out / CHECKPOINT).exists():
        return CheckerSettings(**load_checkpoint(out / CHECKPOINT)["settings"])
    state: dict[str, Any] = load_checkpoint(run / CHECKPOINT)
    settings = replace(
        CheckerSettings(**state["settings"]), steps=state["step"] + decay, decay=decay
    )
    out.mkdir(parents=True, exist_ok=True)
    for stored in run.glob("*.npz"):
        shutil.copyfile(stored, out / stored.name)
    save_checkpoint(out / CHECKPOINT, state | {"settings": settings.to_dict()})
    return settings


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.checker.train")
    parser.add_argument("--train", type=Path, required=True, help="folder of the training files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--reader", type=Path, help="reading model (ONNX) to start from")
    parser.add_argument("--finish", type=Path, help="run to finish, with --decay STEPS")
    parser.add_argument("--only-data", action="store_true", help="make the first epoch and stop")
    for name in ("seed", "steps", "decay", "warm-up", "batch-tokens"):
        parser.add_argument(f"--{name}", type=int, default=argparse.SUPPRESS)
    for name in ("learning-rate", "head-rate", "average", "dropout", "words-weight"):
        parser.add_argument(f"--{name}", type=float, default=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save-seconds", type=float, default=240)
    parser.add_argument("--measure-seconds", type=float, default=1200)
    parser.add_argument("--max-steps", type=int, help="stop this session after this many")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    names = [name for name in CheckerSettings.__slots__ if hasattr(given, name)]
    settings = CheckerSettings(**{name: getattr(given, name) for name in names})
    if given.finish:
        settings = prepare_to_finish(given.finish, given.out, settings.decay or 300)
    run = CheckerRun(given.train, given.out, settings, given.reader)
    if given.only_data:
        run.epoch(0)
        run.held_out()
        return
    signal.signal(signal.SIGTERM, lambda *_: run.stop())
    run.train(given.save_seconds, given.measure_seconds, given.max_steps)


if __name__ == "__main__":
    main()
