"""Make the two graphs of the default model, with their reference and calibration.

    python -m training.encoder --out index/embedding/encoder [--train DIR]

``graph.onnx`` is the default embedding model in float32, ``graph_int8.onnx`` the same in
8 bits, both without their weights. ``reference.json`` is a question and a passage, each
with its vector by sentence-transformers in float32. With ``--train``, the training sets
that docs/training.md names, ``calibration.npz`` is rebuilt.

Wants the ``test`` extra, for ``onnx``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer

from index.embedding.model_files import default_model_folder
from index.embedding.onnx_encoder import CALIBRATION, GRAPH, GRAPH_INT8, REFERENCE, OnnxEncoder
from training.encoder import graph, graph_int8
from training.encoder.calibration import calibrated, chosen_texts

PROBES = {
    "question": "Who signed the treaty of 1972, and why was it suspended on Thursday?",
    "document": (
        "The treaty was signed in 1972 by both governments, after eleven rounds of talks in the "
        "old customs house. It regulates how much water each side may take from the river, and "
        "sets up a commission of four engineers who meet twice a year. On Thursday the upper "
        "house suspended it: the minister said that the gauges had not been read since spring, "
        "and that 40 per cent of the flow could no longer be accounted for. Farmers on the "
        "lower reaches, who depend on it for their rice, were told to expect a dry summer."
    ),
}


def reference() -> Mapping[str, Any]:
    """Return texts and their vectors by sentence-transformers, as ``reference.json`` has them."""
    model = SentenceTransformer(str(default_model_folder()), device="cpu", local_files_only=True)
    vectors = {name: model.encode(text, normalize_embeddings=True) for name, text in PROBES.items()}
    return {
        name: {"text": text, "vector": [round(float(number), 6) for number in vectors[name]]}
        for name, text in PROBES.items()
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.encoder")
    parser.add_argument("--out", type=Path, required=True, help="folder of the files")
    parser.add_argument("--train", type=Path, help="folder of the training sets")
    given = parser.parse_args()
    for name, made in ((GRAPH, graph.graph()), (GRAPH_INT8, graph_int8.graph())):
        (given.out / name).write_bytes(made.SerializeToString(deterministic=True))
    (given.out / REFERENCE).write_text(json.dumps(reference()) + "\n", encoding="utf-8")
    if given.train:
        encoder = OnnxEncoder.default()
        ids = [encoder.ids(text) for text in chosen_texts(given.train)]
        calibrated(ids, encoder.weights).write(given.out / CALIBRATION)


if __name__ == "__main__":
    main()
