"""Build graphs of encoders in 8 bits; see :mod:`index.embedding.int8`."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import ModelProto, NodeProto, TensorProto, helper

from index.embedding.int8 import PARTS
from training.encoder.graph import (
    MINILM,
    GraphShape,
    attend,
    elsewhere,
    embeddings,
    fused,
    gelu,
    model,
    norm,
    places,
    unit_mean,
)
from training.encoder.graph import weights as float_weights

OUTLIERS = 16
"""Inner channels of each layer that are multiplied in float32."""
LEAST = 0.17
"""Above what GELU takes from zero."""
_EVEN, _MOSTLY_POSITIVE = 128, 16
"""What zero becomes in 8 bits without a sign."""
_STEPS_BELOW, _STEPS_ABOVE = 127, 255 - _MOSTLY_POSITIVE


def graph() -> ModelProto:
    """Return the model: ``ids``, int64 ``(n,)``, to ``vector``, float32 ``(dimension,)``."""
    nodes = [
        *embeddings("hidden.0"),
        *encoder(MINILM),
        *unit_mean(f"hidden.{MINILM.layers}"),
    ]
    given = [elsewhere(name, kind, shape) for name, (kind, shape) in weights(MINILM).items()]
    return model(nodes, [*given, *constants()])


def encoder(shape: GraphShape, positions: str = "") -> list[NodeProto]:
    """Return the nodes of the layers, from ``hidden.0`` and ``length`` on; see :func:`attend`."""
    nodes = [
        helper.make_node("Expand", ["even", "length"], ["evens"]),
        helper.make_node("Expand", ["positive", "length"], ["positives"]),
    ]
    for number in range(shape.layers):
        layer, following = f"encoder.layer.{number}", f"hidden.{number + 1}"
        nodes += _layer(layer, f"hidden.{number}", following, shape, positions)
    return nodes


def weights(shape: GraphShape) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Return the names of the weights, with their types and shapes."""
    hidden, inner_width = shape.hidden, shape.inner
    kept = {
        name: (int(TensorProto.FLOAT), sizes)
        for name, sizes in float_weights(shape).items()
        if name.startswith("embeddings.") or ".LayerNorm." in name
    }
    for number in range(shape.layers):
        layer = f"encoder.layer.{number}"
        attention, output = f"{layer}.attention", f"{layer}.output"
        for part in PARTS:
            kept |= _dense(f"{attention}.self.{part}", hidden, hidden)
        kept |= _dense(f"{attention}.output.dense", hidden, hidden)
        kept |= _dense(f"{layer}.intermediate.dense", hidden, inner_width)
        kept |= _dense(f"{output}.dense", inner_width, hidden)
        kept |= {
            f"{attention}.self.bias": (TensorProto.FLOAT, (3 * hidden,)),
            f"{layer}.intermediate.dense.bias": (TensorProto.FLOAT, (inner_width,)),
            f"{output}.outliers": (TensorProto.INT64, (OUTLIERS,)),
            f"{output}.outliers.weight": (TensorProto.FLOAT, (OUTLIERS, hidden)),
            f"{output}.largest": (TensorProto.FLOAT, ()),
        }
        for name in (layer, f"{layer}.intermediate"):
            for what in ("scale", "bias"):
                kept[f"{name}.residual.{what}"] = (TensorProto.FLOAT, (hidden,))
    return kept


def _dense(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, tuple[int, ...]]]:
    return {
        f"{name}.weight.int8": (TensorProto.INT8, (inputs, outputs)),
        f"{name}.weight.step": (TensorProto.FLOAT, (outputs,)),
    }


def constants() -> list[TensorProto]:
    """Return the numbers that the nodes take."""

    def number(name: str, kind: int, value: float, shape: Sequence[int] = ()) -> TensorProto:
        return helper.make_tensor(name, kind, shape, [value])

    return [
        *places(),
        number("second", TensorProto.INT64, 1, [1]),
        number("one", TensorProto.FLOAT, 1.0),
        number("step.below", TensorProto.FLOAT, 1 / _STEPS_BELOW),
        number("step.above", TensorProto.FLOAT, 1 / _STEPS_ABOVE),
        number("step.least", TensorProto.FLOAT, LEAST / _MOSTLY_POSITIVE),
        number("even", TensorProto.UINT8, _EVEN, [1]),
        number("positive", TensorProto.UINT8, _MOSTLY_POSITIVE, [1]),
        number("evens.zero", TensorProto.UINT8, _EVEN),
        number("positives.zero", TensorProto.UINT8, _MOSTLY_POSITIVE),
    ]


def _layer(
    layer: str, given: str, output: str, shape: GraphShape, positions: str
) -> list[NodeProto]:
    attention, inner = f"{layer}.attention", f"{layer}.intermediate"
    parts = [f"{attention}.self.{part}" for part in PARTS]
    return [
        *_rounded(given),
        *(node for part in parts for node in _times(given, part, "evens")),
        *attend(parts, f"{attention}.self.bias", f"{attention}.context", shape.heads, positions),
        *_rounded(f"{attention}.context"),
        *_times(f"{attention}.context", f"{attention}.output.dense", "evens"),
        *_plus(f"{attention}.output.dense", given, layer, f"{attention}.sum"),
        norm(f"{attention}.sum", f"{attention}.output", attention, shape.epsilon),
        *_rounded(attention),
        *_times(attention, f"{inner}.dense", "evens"),
        gelu(inner),
        *_rounded_inner(inner, f"{layer}.output.largest"),
        *_times(inner, f"{layer}.output.dense", "positives", f"{layer}.output.rest"),
        *_with_outliers(inner, f"{layer}.output"),
        *_plus(f"{layer}.output.dense", attention, inner, f"{layer}.sum"),
        norm(f"{layer}.sum", f"{layer}.output", output, shape.epsilon),
    ]


def _rounded(given: str) -> list[NodeProto]:
    """Return the nodes that round each token by the largest of its channels."""
    return [
        helper.make_node("Abs", [given], [f"{given}.size"]),
        helper.make_node(
            "ReduceMax", [f"{given}.size"], [f"{given}.largest"], axes=[1], keepdims=0
        ),
        helper.make_node("Mul", [f"{given}.largest", "step.below"], [f"{given}.step"]),
        *_quantized(given, "evens"),
    ]


def _rounded_inner(given: str, limit: str) -> list[NodeProto]:
    """Return the nodes that round what GELU gives: hardly below zero, and with outliers above."""
    return [
        helper.make_node("ReduceMax", [given], [f"{given}.largest"], axes=[1], keepdims=0),
        helper.make_node("Min", [f"{given}.largest", limit], [f"{given}.usual"]),
        helper.make_node("Mul", [f"{given}.usual", "step.above"], [f"{given}.step.found"]),
        helper.make_node("Max", [f"{given}.step.found", "step.least"], [f"{given}.step"]),
        *_quantized(given, "positives"),
    ]


def _quantized(given: str, zeros: str) -> list[NodeProto]:
    step = f"{given}.step"
    return [
        helper.make_node("QuantizeLinear", [given, step, zeros], [f"{given}.int8"], axis=0),
        helper.make_node("Unsqueeze", [step, "second"], [f"{step}s"]),
    ]


def _times(given: str, dense: str, zeros: str, output: str | None = None) -> list[NodeProto]:
    """Return the rounded ``given`` times the weights of a dense layer, without its bias."""
    inputs = [f"{given}.int8", f"{dense}.weight.int8", "one", f"{dense}.weight.step"]
    return [
        fused("MatMulIntegerToFloat", [*inputs, f"{zeros}.zero"], f"{dense}.steps"),
        helper.make_node("Mul", [f"{dense}.steps", f"{given}.steps"], [output or dense]),
    ]


def _with_outliers(given: str, name: str) -> list[NodeProto]:
    outliers = f"{name}.outliers"
    return [
        helper.make_node("Gather", [given, outliers], [f"{outliers}.given"], axis=1),
        helper.make_node(
            "MatMul", [f"{outliers}.given", f"{outliers}.weight"], [f"{outliers}.dense"]
        ),
        helper.make_node("Add", [f"{name}.rest", f"{outliers}.dense"], [f"{name}.dense"]),
    ]


def _plus(dense: str, beside: str, name: str, output: str) -> list[NodeProto]:
    """Return the sum of what a dense layer gives, its bias and what went by it."""
    residual = f"{name}.residual"
    return [
        helper.make_node("Mul", [beside, f"{residual}.scale"], [f"{residual}"]),
        helper.make_node("Add", [residual, dense], [f"{output}.unbiased"]),
        helper.make_node("Add", [f"{output}.unbiased", f"{residual}.bias"], [output]),
    ]
