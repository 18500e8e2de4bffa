"""Export a checkpoint as the shipped files, with a record of its origin.

    python -m training.checker.export RUN OUT [--reader FILE]

``RUN`` has the checkpoint, the first epoch, some of whose windows are read to measure the ranges of
the activations, and the held-out pairs, on which the probability is fitted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedding.int8 import int8_weights
from index.embedding.model_files import DEFAULT_MODEL, DEFAULT_MODEL_SHA256, default_model_folder
from index.types import Span
from qa.reading.model import TOKENIZER
from qa.writing.claim_windows import ClaimWindow
from qa.writing.trained_checker import (
    ALONE,
    CHECKER_GRAPH,
    CHECKER_MANIFEST,
    CHECKER_WEIGHTS,
    POSITIONS,
    TYPES,
    WITH_READER,
    WORD_TABLE,
    Decision,
    TrainedChecker,
)
from training.checker.features import (
    ClaimBatch,
    ClaimWindowMaker,
    LabelledWindow,
    collate,
    load_batches,
)
from training.checker.graph import checker_graph
from training.checker.heldout import WindowReads, figures, read_windows
from training.checker.model import CheckerModel, ClaimLogits
from training.checker.pairs import SUPPORTED, Pair
from training.checker.train import CHECKPOINT, HELD_OUT
from training.reader.features import Window
from training.reader.model import Layer
from training.reader.ranges import bert_weights, measured_ranges
from training.reader.saving import load_checkpoint

REFERENCE = Pair(
    "The mayor reopened the bridge in May 2003.",
    "The bridge was closed in 1998 and was reopened on 1 May 2003 by the mayor, Carla Nunes. "
    "Pedestrians do not pay; cyclists pay one pound and cars pay four pounds.",
    (SUPPORTED,),
    (),
    "reference",
)
"""What the model reads at load, to see that it computes as it should."""


def export_checker(run: Path, out: Path, reader: Path | None) -> dict[str, Any]:
    """Write weights, graph and manifest to ``out``; return the manifest.

    The decisions in the manifest are preliminary until ``training.checker.fit_decisions`` is run.

    Args:
        run: The folder of the run.
        out: The folder to write to.
        reader: What the run started from.
    """
    state = load_checkpoint(run / CHECKPOINT)
    model = CheckerModel.start(reader)
    model.load_state_dict(state["averaged"], strict=False)
    model.eval()
    held_out = load_batches(run / HELD_OUT)[0]
    exact = read_windows(model.logits, held_out)
    decision = _fitted(exact)
    out.mkdir(parents=True, exist_ok=True)
    arrays = checker_arrays(model, load_batches(run / "epoch-0.npz"))
    np.savez_compressed(out / CHECKER_WEIGHTS, **arrays)  # type: ignore[arg-type] # its stub
    graph = checker_graph().SerializeToString(deterministic=True)
    (out / CHECKER_GRAPH).write_bytes(graph)
    manifest: dict[str, Any] = {
        "files": {
            name: hashlib.sha256((out / name).read_bytes()).hexdigest()
            for name in (CHECKER_GRAPH, CHECKER_WEIGHTS)
        },
        "base": {"model": DEFAULT_MODEL, "sha256": DEFAULT_MODEL_SHA256},
        "reference": _reference(model),
        ALONE: decision._asdict(),
        WITH_READER: decision._asdict(),
        "steps": state["step"],
        "settings": state["settings"],
        "start": state["start"],
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    words = {WORD_TABLE: model.encoder.words.weight.detach().numpy()}
    tokenizer = (default_model_folder() / TOKENIZER).read_bytes()
    checker = TrainedChecker(words | arrays, graph, tokenizer, decision)
    manifest["held_out"] = {
        "float32": _rounded(figures(exact)),
        "int8": _rounded(figures(read_windows(_Int8(checker), held_out))),
    }
    (out / CHECKER_MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


def checker_arrays(
    model: CheckerModel, epoch: Sequence[Sequence[LabelledWindow]]
) -> dict[str, NDArray[Any]]:
    """Return the arrays of the shipped file: the weights of the graph, positions and types."""
    encoder = model.encoder
    some = (batch[0] for batch in epoch)
    windows = (Window(w.ids, w.evidence_at, (), w.kind) for w in some)
    ranges = measured_ranges(encoder, windows)
    floats = dict(bert_weights(encoder)) | _norms(model)
    arrays = int8_weights(floats, ranges)
    arrays |= {
        POSITIONS: encoder.positions.weight.detach().numpy().astype(np.float16),
        TYPES: encoder.types.weight.detach().numpy(),
    }
    for name, head in (("tokens", model.unsupported), ("relation", model.relation)):
        arrays[f"head.{name}.weight"] = np.ascontiguousarray(head.weight.detach().numpy().T)
        arrays[f"head.{name}.bias"] = head.bias.detach().numpy()
    return arrays


def _norms(model: CheckerModel) -> dict[str, NDArray[np.float32]]:
    """Return the weights of the norms by the names that a BERT has."""
    found = {}
    named = {"embeddings": model.encoder.norm}
    for number, layer in enumerate(model.encoder.layers):
        assert isinstance(layer, Layer)
        stem = f"encoder.layer.{number}"
        named[f"{stem}.attention.output"] = layer.attention_norm
        named[f"{stem}.output"] = layer.norm
    for stem, norm in named.items():
        for kind in ("weight", "bias"):
            found[f"{stem}.LayerNorm.{kind}"] = getattr(norm, kind).detach().numpy()
    return found


class _Int8:
    """The exported model, called as the trained one."""

    def __init__(self, checker: TrainedChecker) -> None:
        self._checker = checker

    def __call__(self, batch: ClaimBatch) -> ClaimLogits:
        relations = []
        unsupported = np.zeros(batch.ids.shape, dtype=np.float32)
        for row, (ids, seen, types) in enumerate(
            zip(batch.ids, batch.attention, batch.types, strict=True)
        ):
            evidence_at = int(types.argmax())
            tokens = evidence_at - 2  # beside [CLS] and [SEP]
            window = ClaimWindow(tuple(ids[seen].tolist()), evidence_at, (Span(0, 0),) * tokens)
            relation, unsupported[row, 1 : 1 + tokens] = self._checker.read(window)
            relations.append(relation)
        return ClaimLogits(np.stack(relations), unsupported)


def _fitted(reads: WindowReads) -> Decision:
    """Return the decision of the model alone on held-out pairs, both classes weighing the same."""
    from sklearn.linear_model import LogisticRegression

    fit = LogisticRegression(class_weight="balanced").fit(reads.scores[:, None], reads.labels)
    slope, offset = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    return Decision(slope, 0.0, offset, supported_from=0.5, partly_from=0.2)


def _reference(model: CheckerModel) -> dict[str, Any]:
    """Return what :meth:`TrainedChecker.verify` compares, in float32."""
    windows = ClaimWindowMaker(default_model_folder()).windows([REFERENCE])
    relation = model.logits(collate(list(windows))).relation[0]
    return {
        "claim": REFERENCE.claim,
        "evidence": REFERENCE.evidence,
        "relation": [round(float(value), 4) for value in relation],
    }


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in found.items()}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.checker.export")
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--reader", type=Path, help="what the run started from")
    given = parser.parse_args()
    manifest = export_checker(given.run, given.out, given.reader)
    print(json.dumps(manifest, indent=2))


if __name__ == "__main__":
    main()
