"""What the light encoder runs: MiniLM as an ONNX graph without its weights, and how it is checked.

    python -m bench.encoder_graph --out index/encoder

``graph.onnx`` is the default embedding model from the ids of one text's tokens to a unit
vector: BERT (Devlin et al. 2019), the mean over the tokens, and the normalising. Its weights
are named as in the model's ``model.safetensors``, and are taken from there when it is
loaded. ``reference.json`` is a text with its vector by sentence-transformers in float32.

Wants the ``test`` extra, for ``onnx``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, StringStringEntryProto, TensorProto, helper
from sentence_transformers import SentenceTransformer

from index.light_encoder import GRAPH, REFERENCE
from index.model_files import default_model_folder

LAYERS, HEADS, HIDDEN, INNER = 6, 12, 384, 1536
WORDS, POSITIONS, TYPES = 30_522, 512, 2
EPSILON = 1e-12
PROBE = "Who signed the treaty of 1972, and why was it suspended on Thursday?"
_FUSED = "com.microsoft"
"""The domain of onnxruntime's own operators, each of which does what several standard ones do."""
_PARTS = ("query", "key", "value")


def weights() -> dict[str, tuple[int, ...]]:
    """Return the names of the weights, as the model's file has them, and their shapes."""
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (WORDS, HIDDEN),
        "embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": (TYPES, HIDDEN),
        **_norm("embeddings.LayerNorm"),
    }
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        for part in _PARTS:
            found |= _dense(f"{layer}.attention.self.{part}", HIDDEN, HIDDEN)
        found |= _dense(f"{layer}.attention.output.dense", HIDDEN, HIDDEN)
        found |= _norm(f"{layer}.attention.output.LayerNorm")
        found |= _dense(f"{layer}.intermediate.dense", INNER, HIDDEN)
        found |= _dense(f"{layer}.output.dense", HIDDEN, INNER)
        found |= _norm(f"{layer}.output.LayerNorm")
    return found


def _dense(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _norm(name: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (HIDDEN,), f"{name}.bias": (HIDDEN,)}


def graph() -> ModelProto:
    """Return the model: ``ids``, int64 ``(1, n)``, to ``vector``, float32 ``(dimension,)``."""
    nodes = _embeddings("hidden.0")
    for number in range(LAYERS):
        nodes += _layer(f"encoder.layer.{number}", f"hidden.{number}", f"hidden.{number + 1}")
    nodes += [
        helper.make_node("ReduceMean", [f"hidden.{LAYERS}"], ["mean"], axes=[0, 1], keepdims=0),
        helper.make_node("LpNormalization", ["mean"], ["vector"], axis=0, p=2),
    ]
    made = helper.make_graph(
        nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "n"])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [HIDDEN])],
        [*map(_elsewhere, *zip(*weights().items(), strict=True)), *_constants()],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
    return helper.make_model(made, opset_imports=imports, ir_version=8)


def _elsewhere(name: str, shape: Sequence[int]) -> TensorProto:
    """Return a tensor whose numbers are given when the graph is loaded."""
    place = {"location": "model.safetensors", "offset": "0", "length": str(4 * int(np.prod(shape)))}
    return TensorProto(
        name=name,
        data_type=TensorProto.FLOAT,
        dims=shape,
        data_location=TensorProto.EXTERNAL,
        external_data=[StringStringEntryProto(key=k, value=v) for k, v in place.items()],
    )


def _constants() -> list[TensorProto]:
    return [
        helper.make_tensor("first", TensorProto.INT64, [1], [0]),
        helper.make_tensor("type", TensorProto.INT64, [1], [0]),
    ]


def _embeddings(output: str) -> list[NodeProto]:
    return [
        helper.make_node("Gather", ["embeddings.word_embeddings.weight", "ids"], ["words"]),
        helper.make_node("Shape", ["ids"], ["length"], start=1),
        helper.make_node(
            "Slice", ["embeddings.position_embeddings.weight", "first", "length"], ["positions"]
        ),
        helper.make_node("Gather", ["embeddings.token_type_embeddings.weight", "type"], ["typed"]),
        helper.make_node("Add", ["words", "typed"], ["words.typed"]),
        helper.make_node("Add", ["words.typed", "positions"], ["embedded"]),
        helper.make_node(
            "LayerNormalization",
            ["embedded", "embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"],
            [output],
            epsilon=EPSILON,
        ),
    ]


def _layer(layer: str, given: str, output: str) -> list[NodeProto]:
    attention = f"{layer}.attention"
    parts = [f"{attention}.self.{part}" for part in _PARTS]
    return [
        *(_times(given, part) for part in parts),
        helper.make_node(
            "Concat", [f"{part}.bias" for part in parts], [f"{attention}.bias"], axis=0
        ),
        _fused(
            "MultiHeadAttention",
            [*parts, f"{attention}.bias"],
            f"{attention}.context",
            num_heads=HEADS,
        ),
        _times(f"{attention}.context", f"{attention}.output.dense"),
        _normed(f"{attention}.output", f"{attention}.output.dense", given, attention),
        _times(attention, f"{layer}.intermediate.dense"),
        _fused(
            "BiasGelu",
            [f"{layer}.intermediate.dense", f"{layer}.intermediate.dense.bias"],
            f"{layer}.intermediate",
        ),
        _times(f"{layer}.intermediate", f"{layer}.output.dense"),
        _normed(f"{layer}.output", f"{layer}.output.dense", attention, output),
    ]


def _times(given: str, dense: str) -> NodeProto:
    """Return ``given`` times the weights of a dense layer, without its bias."""
    return _fused("FusedMatMul", [given, f"{dense}.weight"], dense, transB=1)


def _normed(name: str, given: str, beside: str, output: str) -> NodeProto:
    """Return the normalised sum of what a dense layer gives, its bias and what went by it."""
    norm = f"{name}.LayerNorm"
    inputs = [given, beside, f"{norm}.weight", f"{norm}.bias", f"{name}.dense.bias"]
    return _fused("SkipLayerNormalization", inputs, output, epsilon=EPSILON)


def _fused(operator: str, inputs: Sequence[str], output: str, **attributes: float) -> NodeProto:
    node = helper.make_node(operator, inputs, [output], domain=_FUSED)
    node.attribute.extend(helper.make_attribute(name, v) for name, v in attributes.items())
    return node


def reference() -> Mapping[str, Any]:
    """Return a text and its vector by sentence-transformers, as ``reference.json`` has it."""
    model = SentenceTransformer(str(default_model_folder()), device="cpu", local_files_only=True)
    vector = model.encode(PROBE, normalize_embeddings=True)
    return {"text": PROBE, "vector": [round(float(number), 6) for number in vector]}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.encoder_graph")
    parser.add_argument("--out", type=Path, required=True, help="folder of the two files")
    folder = parser.parse_args().out
    made = graph()
    (folder / GRAPH).write_bytes(made.SerializeToString(deterministic=True))
    (folder / REFERENCE).write_text(json.dumps(reference()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
