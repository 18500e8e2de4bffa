"""Build the graph of the checking model in 8 bits, without its weights.

Its input is ``embedded``, float32 ``(n, width)``, the sum of the embeddings of ``n`` tokens. Its
outputs are ``tokens``, float32 ``(n, 1)``: the evidence does not support a token of the claim; and
``relation``, float32 ``(3,)``, in the order of RELATIONS. The weights are named as a BERT's; see
:mod:`index.embedding.int8`.
"""

from __future__ import annotations

from onnx import ModelProto, TensorProto, helper

from training.checker.pairs import RELATIONS
from training.encoder.graph import FIRST, MINILM, GraphShape, elsewhere, model_of, norm
from training.encoder.graph_int8 import constants, encoder, weights

_NOT_IN_GRAPH = tuple(f"embeddings.{part}_" for part in ("word", "position", "token_type"))


def checker_graph(shape: GraphShape = MINILM) -> ModelProto:
    """Return the model."""
    last, hidden, count = f"hidden.{shape.layers}", shape.hidden, len(RELATIONS)
    nodes = [
        helper.make_node("Shape", ["embedded"], ["length"], start=0, end=1),
        norm("embedded", "embeddings", "hidden.0", shape.epsilon),
        *encoder(shape),
        helper.make_node("MatMul", [last, "head.tokens.weight"], ["head.tokens"]),
        helper.make_node("Add", ["head.tokens", "head.tokens.bias"], ["tokens"]),
        helper.make_node("Gather", [last, FIRST], ["state"], axis=0),
        helper.make_node("MatMul", ["state", "head.relation.weight"], ["head.relation"]),
        helper.make_node("Add", ["head.relation", "head.relation.bias"], ["row"]),
        helper.make_node("Squeeze", ["row", FIRST], ["relation"]),
    ]
    floats = int(TensorProto.FLOAT)
    given = {
        name: sizes for name, sizes in weights(shape).items() if not name.startswith(_NOT_IN_GRAPH)
    }
    given |= {
        "head.tokens.weight": (floats, (hidden, 1)),
        "head.tokens.bias": (floats, (1,)),
        "head.relation.weight": (floats, (hidden, count)),
        "head.relation.bias": (floats, (count,)),
    }
    tensors = [elsewhere(name, kind, sizes) for name, (kind, sizes) in given.items()]
    return model_of(
        "checker",
        nodes,
        [helper.make_tensor_value_info("embedded", floats, ["n", hidden])],
        [
            helper.make_tensor_value_info("tokens", floats, ["n", 1]),
            helper.make_tensor_value_info("relation", floats, [count]),
        ],
        [*tensors, *constants()],
    )
