"""Export a checkpoint as the shipped files, with a record of its origin.

    python -m training.reader.export RUN/checkpoint.pt OUT [--base FOLDER] [--train DIR]

Writes OUT/reader.onnx, OUT/tokenizer.json and OUT/reader.json, the manifest. With ``--train``, the
held-out metrics are measured with the exported file itself, which shows the cost of the precision.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from index.embedding.model_files import DEFAULT_MODEL, DEFAULT_MODEL_SHA256, default_model_folder
from qa.reading.model import MANIFEST, TOKENIZER, WEIGHTS
from training.reader.features import WindowMaker
from training.reader.heldout import SampleSizes, draw_sample, figures
from training.reader.onnx_file import OnnxModel, Precision, largest_difference, write_onnx
from training.reader.passages import prepare
from training.reader.pretrained import averaged_model
from training.reader.saving import load_checkpoint
from training.reader.sources import read_training_data

MAX_BYTES = 50_000_000
MAX_DIFFERENCE = 1e-3
"""The largest difference allowed between the logits of torch and of a float32 export."""


def export(
    checkpoint: Path,
    out: Path,
    precision: Precision,
    train: Path | None = None,
    base: Path | None = None,
) -> dict[str, Any]:
    """Write the model, its tokenizer and its manifest to ``out``; return the manifest.

    Args:
        checkpoint: A checkpoint written by a run.
        out: The folder to write to.
        precision: The precision of the stored weights.
        train: The folder of the training files, to measure the exported file with.
        base: The model that adapters were trained on, if the run trained adapters.
    """
    state = load_checkpoint(checkpoint)
    model = averaged_model(checkpoint, base)
    path = out / WEIGHTS
    write_onnx(model.eval(), path, precision)
    exported = OnnxModel(path)
    difference = largest_difference(model, exported)
    size = path.stat().st_size
    assert precision != "float32" or difference <= MAX_DIFFERENCE, difference
    shutil.copyfile(default_model_folder() / TOKENIZER, out / TOKENIZER)
    names = (WEIGHTS, TOKENIZER)
    report = {
        "files": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names},
        "bytes": size,
        "small_enough": size <= MAX_BYTES,
        "precision": precision,
        "largest_logit_difference_to_torch": difference,
        "start": {"sha256": state["start"], "is": _name_of(state["start"])},
        "steps": state["step"],
        "settings": state["settings"],
        "training_files": state["data"],
        "figures_of_the_run": _last_figures(checkpoint.with_name("log.jsonl")),
        "figures_of_this_file": _figures(exported, train) if train else None,
        "git": _git(),
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    text = json.dumps(report, indent=2) + "\n"
    (out / MANIFEST).write_text(text, encoding="utf-8")
    return report


def _figures(exported: OnnxModel, train: Path) -> dict[str, float]:
    maker = WindowMaker(default_model_folder())
    data = read_training_data(train)
    held_out = [prepare(article, maker.count_tokens) for article in data.held_out]
    found = figures(exported, draw_sample(held_out, SampleSizes().times(4), data), maker)
    return {name: round(value, 4) for name, value in found.items()}


def _name_of(sha256: str) -> str:
    return DEFAULT_MODEL if sha256 == DEFAULT_MODEL_SHA256 else "an earlier checkpoint"


def _last_figures(log: Path) -> dict[str, Any] | None:
    """Return the last held-out figures of a run, or None if it was not measured."""
    if not log.exists():
        return None
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    measured = [event for event in events if event["event"] == "held_out"]
    return measured[-1] if measured else None


def _git() -> dict[str, Any]:
    """Return the commit that this was run from, and whether files differ from it."""
    git = shutil.which("git")
    if git is None:
        return {"commit": None}
    here = Path(__file__).parent

    def output_of(*arguments: str) -> str:
        command = [git, "-C", str(here), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - fixed arguments

    return {
        "commit": output_of("rev-parse", "HEAD").strip() or None,
        "changed": bool(output_of("status", "--porcelain", "--", ".")),
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.reader.export")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--precision", choices=get_args(Precision), default="float16")
    parser.add_argument("--train", type=Path, help="folder of the training files, to measure")
    parser.add_argument("--base", type=Path, help="what adapters were trained on")
    given = parser.parse_args()
    report = export(given.checkpoint, given.out, given.precision, given.train, given.base)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
