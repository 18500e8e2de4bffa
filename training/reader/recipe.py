"""Train the reading models from the training files in one command.

    python -m training.reader.recipe --train DIR --out RUN [--ship qa/reading_model]

There are two runs: the reader, a large model trained through adapters, and then the student, a
small model that also learns from the reader (knowledge distillation, Hinton et al. 2015). The same
command resumes an interrupted run, and does not repeat finished ones.
"""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from qa.reading.base_model import BASE_MODEL, unpack_base
from qa.reading.model import shipped_folder
from training.reader.export import export
from training.reader.export_adapters import export_adapters
from training.reader.pretrained import Start
from training.reader.settings import TrainSettings
from training.reader.sources import TrainingData, read_training_data
from training.reader.train import CHECKPOINT, Models, Run

READER = TrainSettings(
    steps=4000,
    decay=400,
    learning_rate=5e-4,
    head_rate=1.0,
    norm_rate=0.3,
    warm_up=60,
    batch_tokens=3072,
    rank=64,
    frozen_layers=4,
    average=0.99,
    precision="bfloat16",
)
STUDENT = TrainSettings(seed=1, steps=6000, decay=1200, precision="bfloat16")
STUDENT_START = Start(Path(str(shipped_folder())) / "reader.onnx")
"""The model shipped today."""

SAVE_SECONDS = 240.0
MEASURE_SECONDS = 3600.0


def run_recipe(data: TrainingData, out: Path, device: str = "cpu") -> Path | None:
    """Complete both runs, and return the student's checkpoint.

    None if the process was asked to stop before the end.
    """
    mpnet = base_weights(out)
    reader = Run(data, out / "reader", READER, Models(Start(mpnet), device=device))
    if not _finished(reader):
        return None
    teacher = Start(out / "reader" / CHECKPOINT, mpnet)
    student = Run(data, out / "student", STUDENT, Models(STUDENT_START, teacher, device))
    return out / "student" / CHECKPOINT if _finished(student) else None


def base_weights(out: Path) -> Path:
    """Return the folder of the published weights in ``out``; unpack them first if necessary."""
    folder = out / BASE_MODEL
    if not folder.exists():
        draft = out / f"{BASE_MODEL}.tmp"
        draft.mkdir(parents=True, exist_ok=True)
        unpack_base(draft)
        draft.rename(folder)
    return folder


def _finished(run: Run) -> bool:
    """Train to the end of the schedule, and return whether it was reached."""
    signal.signal(signal.SIGTERM, lambda *_: run.stop())
    return run.train(SAVE_SECONDS, MEASURE_SECONDS, None)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.reader.recipe")
    parser.add_argument("--train", type=Path, required=True, help="folder of the training files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--ship", type=Path, default=Path(str(shipped_folder())))
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = parser.parse_args()
    checkpoint = run_recipe(read_training_data(given.train), given.out, given.device)
    if checkpoint:
        export_adapters(given.out / "reader", given.ship, given.out / BASE_MODEL)
        export(checkpoint, given.ship, "float16", given.train)


if __name__ == "__main__":
    main()
