"""The default embedding model as an ONNX graph without its weights.

From the ids of one text's tokens to a unit vector: BERT (Devlin et al. 2019), the mean over
the tokens, and the normalising. Its weights are named as in the model's ``model.safetensors``,
and are taken from there when it is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, NodeProto, StringStringEntryProto, TensorProto, ValueInfoProto, helper

from index.embedding.int8 import PARTS


@dataclass(frozen=True, slots=True)
class GraphShape:
    """The sizes of an encoder; the defaults are the default model's."""

    layers: int = 6
    heads: int = 12
    hidden: int = 384
    inner: int = 1536
    epsilon: float = 1e-12


MINILM = GraphShape()
WORDS, POSITIONS, TYPES = 30_522, 512, 2
FIRST = "first"
_FUSED = "com.microsoft"
"""The domain of onnxruntime's own operators."""


def weights(shape: GraphShape = MINILM) -> dict[str, tuple[int, ...]]:
    """Return the names of the weights, as the model's file has them, and their shapes."""
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (WORDS, shape.hidden),
        "embeddings.position_embeddings.weight": (POSITIONS, shape.hidden),
        "embeddings.token_type_embeddings.weight": (TYPES, shape.hidden),
        **_norm("embeddings.LayerNorm", shape.hidden),
    }
    for number in range(shape.layers):
        layer = f"encoder.layer.{number}"
        for part in PARTS:
            found |= _dense(f"{layer}.attention.self.{part}", shape.hidden, shape.hidden)
        found |= _dense(f"{layer}.attention.output.dense", shape.hidden, shape.hidden)
        found |= _norm(f"{layer}.attention.output.LayerNorm", shape.hidden)
        found |= _dense(f"{layer}.intermediate.dense", shape.inner, shape.hidden)
        found |= _dense(f"{layer}.output.dense", shape.hidden, shape.inner)
        found |= _norm(f"{layer}.output.LayerNorm", shape.hidden)
    return found


def _dense(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def graph() -> ModelProto:
    """Return the model: ``ids``, int64 ``(n,)``, to ``vector``, float32 ``(dimension,)``."""
    nodes = embeddings("hidden.0")
    for number in range(MINILM.layers):
        nodes += _layer(f"encoder.layer.{number}", f"hidden.{number}", f"hidden.{number + 1}")
    nodes += unit_mean(f"hidden.{MINILM.layers}")
    given = [elsewhere(name, TensorProto.FLOAT, shape) for name, shape in weights().items()]
    return model(nodes, [*given, *places()])


def model(nodes: Sequence[NodeProto], tensors: Sequence[TensorProto]) -> ModelProto:
    """Return the model of these nodes, from ``ids`` to ``vector``."""
    return model_of(
        "all-MiniLM-L6-v2",
        nodes,
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [MINILM.hidden])],
        tensors,
    )


def model_of(
    name: str,
    nodes: Sequence[NodeProto],
    inputs: Sequence[ValueInfoProto],
    outputs: Sequence[ValueInfoProto],
    tensors: Sequence[TensorProto],
) -> ModelProto:
    """Return the model of these nodes."""
    made = helper.make_graph(nodes, name, inputs, outputs, tensors)
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
    return helper.make_model(made, opset_imports=imports, ir_version=8)


def elsewhere(name: str, kind: int, shape: Sequence[int]) -> TensorProto:
    """Return a tensor whose numbers are given when the graph is loaded."""
    size = helper.tensor_dtype_to_np_dtype(kind).itemsize
    length = str(size * int(np.prod(shape)))
    place = {"location": "model.safetensors", "offset": "0", "length": length}
    return TensorProto(
        name=name,
        data_type=kind,
        dims=shape,
        data_location=TensorProto.EXTERNAL,
        external_data=[StringStringEntryProto(key=k, value=v) for k, v in place.items()],
    )


def places() -> list[TensorProto]:
    """Return the numbers that nodes of both graphs take: the first position, type and axis."""
    return [helper.make_tensor(FIRST, TensorProto.INT64, [1], [0])]


def embeddings(output: str) -> list[NodeProto]:
    """Return the nodes from ``ids``, of which there are ``length``, to the first layer."""
    return [
        helper.make_node("Gather", ["embeddings.word_embeddings.weight", "ids"], ["words"]),
        helper.make_node("Shape", ["ids"], ["length"]),
        helper.make_node(
            "Slice", ["embeddings.position_embeddings.weight", FIRST, "length"], ["positions"]
        ),
        helper.make_node("Gather", ["embeddings.token_type_embeddings.weight", FIRST], ["typed"]),
        helper.make_node("Add", ["words", "typed"], ["words.typed"]),
        helper.make_node("Add", ["words.typed", "positions"], ["embedded"]),
        norm("embedded", "embeddings", output),
    ]


def _layer(layer: str, given: str, output: str) -> list[NodeProto]:
    attention = f"{layer}.attention"
    parts = [f"{attention}.self.{part}" for part in PARTS]
    bias = f"{attention}.self.bias"
    return [
        *(_times(given, part) for part in parts),
        helper.make_node("Concat", [f"{part}.bias" for part in parts], [bias], axis=0),
        *attend(parts, bias, f"{attention}.context"),
        _times(f"{attention}.context", f"{attention}.output.dense"),
        *_plus(f"{attention}.output.dense", given, f"{attention}.sum"),
        norm(f"{attention}.sum", f"{attention}.output", attention),
        _times(attention, f"{layer}.intermediate.dense"),
        gelu(f"{layer}.intermediate"),
        _times(f"{layer}.intermediate", f"{layer}.output.dense"),
        *_plus(f"{layer}.output.dense", attention, f"{layer}.sum"),
        norm(f"{layer}.sum", f"{layer}.output", output),
    ]


def _times(given: str, dense: str) -> NodeProto:
    """Return ``given`` times the weights of a dense layer, without its bias."""
    return fused("FusedMatMul", [given, f"{dense}.weight"], dense, transB=1)


def _plus(dense: str, beside: str, output: str) -> list[NodeProto]:
    """Return the sum of what a dense layer gives, its bias and what went by it.

    onnxruntime has an operator for this and the norm, which takes five times as long.
    """
    return [
        helper.make_node("Add", [dense, beside], [f"{output}.unbiased"]),
        helper.make_node("Add", [f"{output}.unbiased", f"{dense}.bias"], [output]),
    ]


def attend(
    parts: Sequence[str], bias: str, output: str, heads: int = MINILM.heads, positions: str = ""
) -> list[NodeProto]:
    """Return the attention over query, key and value, whose ``bias`` is one after the other.

    ``positions`` names what is added to the weights before their softmax, ``(1, heads, n, n)``.
    """
    more = ["", positions] if positions else []
    batch = [f"{part}.batch" for part in parts]
    return [
        *(
            helper.make_node("Unsqueeze", [part, FIRST], [one])
            for part, one in zip(parts, batch, strict=True)
        ),
        fused("MultiHeadAttention", [*batch, bias, *more], f"{output}.batch", num_heads=heads),
        helper.make_node("Squeeze", [f"{output}.batch", FIRST], [output]),
    ]


def norm(given: str, name: str, output: str, epsilon: float = MINILM.epsilon) -> NodeProto:
    """Return the normalising of ``given`` by the norm of this name."""
    inputs = [given, f"{name}.LayerNorm.weight", f"{name}.LayerNorm.bias"]
    return helper.make_node("LayerNormalization", inputs, [output], epsilon=epsilon)


def gelu(name: str) -> NodeProto:
    """Return the activation of a dense layer, to which its bias is still to be added."""
    return fused("BiasGelu", [f"{name}.dense", f"{name}.dense.bias"], name)


def unit_mean(given: str) -> list[NodeProto]:
    """Return the nodes from the last states to ``vector``: their mean, of unit length."""
    return [
        helper.make_node("ReduceMean", [given], ["mean"], axes=[0], keepdims=0),
        helper.make_node("LpNormalization", ["mean"], ["vector"], axis=0, p=2),
    ]


def fused(operator: str, inputs: Sequence[str], output: str, **attributes: float) -> NodeProto:
    """Return a node of onnxruntime's own operators, which do what several standard ones do."""
    node = helper.make_node(operator, inputs, [output], domain=_FUSED)
    node.attribute.extend(helper.make_attribute(name, v) for name, v in attributes.items())
    return node
