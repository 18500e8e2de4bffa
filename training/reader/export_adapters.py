"""Export what training changed in the large model, with the graph that runs it in 8 bits.

    python -m training.reader.export_adapters RUN OUT --base FOLDER

``RUN`` has the run's checkpoint and the windows of its first epoch, some of which are read to
measure the ranges of the activations. ``OUT`` is the folder of the shipped files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from index.embedding.model_files import default_model_folder
from qa.reading.base_model import BASE_MODEL, PUBLISHED, WEIGHTS
from qa.reading.large_model import GRAPH, LARGE_MANIFEST
from qa.reading.large_weights import ADAPTERS, RANGES
from training.reader.examples import Example
from training.reader.features import WindowMaker, collate
from training.reader.graph import graph
from training.reader.model import ReaderModel
from training.reader.pretrained import averaged_model, mpnet_order, vocabulary_of
from training.reader.ranges import measured_ranges
from training.reader.saving import load_batches, load_checkpoint

REFERENCE = {
    "title": "The Harrow Bridge",
    "question": "Who reopened the bridge?",
    "passage": (
        "The bridge was closed in 1998 and was reopened on 1 May 2003 by the mayor, Carla Nunes. "
        "Pedestrians do not pay; cyclists pay one pound and cars pay four pounds."
    ),
}
"""What the model reads at load, to see that it computes as it should."""


def export_adapters(run: Path, out: Path, base: Path) -> dict[str, Any]:
    """Write the adapters, the ranges, the graph and the manifest to ``out``; return the last."""
    checkpoint = run / "checkpoint.pt"
    state = load_checkpoint(checkpoint)
    assert state["start"] == PUBLISHED[WEIGHTS], state["start"]
    out.mkdir(parents=True, exist_ok=True)
    weights: dict[str, Tensor] = state["averaged"]
    order = mpnet_order(base, vocabulary_of(default_model_folder()))
    arrays = adapter_arrays(weights) | {"vocabulary": np.array(order)}
    np.savez(out / ADAPTERS, **arrays)  # type: ignore[arg-type] # its stub
    model = averaged_model(checkpoint, base)
    windows = (window for batch in load_batches(run / "epoch-0.npz") for window in batch[:1])
    measured_ranges(model, windows).write(out / RANGES)
    (out / GRAPH).write_bytes(graph().SerializeToString(deterministic=True))
    names = (ADAPTERS, RANGES, GRAPH)
    manifest = {
        "files": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names},
        "base": {"model": BASE_MODEL, "sha256": PUBLISHED[WEIGHTS]},
        "reference": REFERENCE | {"logits": _reference_logits(model)},
        "steps": state["step"],
        "settings": state["settings"],
        "training_files": state["data"],
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (out / LARGE_MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


def adapter_arrays(weights: dict[str, Tensor]) -> dict[str, NDArray[Any]]:
    """Return the trained tensors by name: adapters in float16, the heads joined as in the graph."""
    found = {
        name: tensor.half().numpy() if name.endswith((".down", ".up")) else tensor.numpy()
        for name, tensor in weights.items()
        if name.startswith("layers.")
    }
    for name, heads in (("tokens", ("span", "inside")), ("first", ("has_answer", "verdict"))):
        for kind in ("weight", "bias"):
            parts = [weights[f"{head}.{kind}"].numpy() for head in heads]
            found[f"head.{name}.{kind}"] = np.ascontiguousarray(np.concatenate(parts).T)
    return found


def _reference_logits(model: ReaderModel) -> list[float]:
    """Return what :meth:`qa.reading.large_model.LargeModel.check` compares, in float32."""
    example = Example(
        REFERENCE["question"], REFERENCE["passage"], None, "", "", title=REFERENCE["title"]
    )
    (window,) = WindowMaker(default_model_folder()).windows([example], offsets=True)
    logits = model.logits(collate([window]))
    start, end = logits.start[0], logits.end[0]
    passage = slice(window.passage_at, window.passage_at + len(window.offsets))
    found = (start[0] + end[0], logits.has_answer[0], start[passage].max())
    return [round(float(value), 4) for value in found]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.reader.export_adapters")
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", type=Path, required=True, help="what the adapters change")
    given = parser.parse_args()
    print(json.dumps(export_adapters(given.run, given.out, given.base), indent=2))


if __name__ == "__main__":
    main()
