"""Build the graph of the large reading model in 8 bits, without its weights.

Its inputs are ``embedded``, float32 ``(n, width)``, the sum of the embeddings of ``n`` tokens, and
``positions``, float32 ``(1, heads, n, n)``, the biases of the attention for their distances. Its
outputs are ``tokens``, float32 ``(n, 3)``: start, end and inside; and ``answer``, float32 ``(4,)``:
whether there is an answer, and the verdicts. The weights are named as a BERT's; see
:func:`qa.reading.large_weights.join_weights`.
"""

from __future__ import annotations

from onnx import ModelProto, TensorProto, helper

from training.encoder.graph import FIRST, GraphShape, elsewhere, model_of, norm
from training.encoder.graph_int8 import constants, encoder, weights

LARGE = GraphShape(layers=12, heads=12, hidden=768, inner=3072, epsilon=1e-5)
_TOKENS, _FIRST = 3, 4
_NOT_IN_GRAPH = ("word", "position", "token_type")


def graph(shape: GraphShape = LARGE) -> ModelProto:
    """Return the model."""
    last = f"hidden.{shape.layers}"
    nodes = [
        helper.make_node("Shape", ["embedded"], ["length"], start=0, end=1),
        norm("embedded", "embeddings", "hidden.0", shape.epsilon),
        *encoder(shape, "positions"),
        helper.make_node("MatMul", [last, "head.tokens.weight"], ["head.tokens"]),
        helper.make_node("Add", ["head.tokens", "head.tokens.bias"], ["tokens"]),
        helper.make_node("Gather", [last, FIRST], ["state"], axis=0),
        helper.make_node("MatMul", ["state", "head.first.weight"], ["head.first"]),
        helper.make_node("Add", ["head.first", "head.first.bias"], ["row"]),
        helper.make_node("Squeeze", ["row", FIRST], ["answer"]),
    ]
    heads = {
        "head.tokens.weight": (shape.hidden, _TOKENS),
        "head.tokens.bias": (_TOKENS,),
        "head.first.weight": (shape.hidden, _FIRST),
        "head.first.bias": (_FIRST,),
    }
    given = {
        name: sizes
        for name, sizes in weights(shape).items()
        if not name.startswith(tuple(f"embeddings.{part}_" for part in _NOT_IN_GRAPH))
    }
    given |= {name: (int(TensorProto.FLOAT), sizes) for name, sizes in heads.items()}
    tensors = [elsewhere(name, kind, sizes) for name, (kind, sizes) in given.items()]
    floats = TensorProto.FLOAT
    return model_of(
        "reader",
        nodes,
        [
            helper.make_tensor_value_info("embedded", floats, ["n", shape.hidden]),
            helper.make_tensor_value_info("positions", floats, [1, shape.heads, "n", "n"]),
        ],
        [
            helper.make_tensor_value_info("tokens", floats, ["n", _TOKENS]),
            helper.make_tensor_value_info("answer", floats, [_FIRST]),
        ],
        [*tensors, *constants()],
    )
