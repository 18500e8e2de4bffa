"""Write a trained model as an ONNX file with float32, float16 or int8 weights, and read it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from qa.reading.model import INPUTS
from training.reader.features import Batch
from training.reader.model import Logits, ReaderModel

Precision = Literal["float32", "float16", "int8"]
OUTPUTS = ("start", "end", "has_answer", "verdict", "inside")
"""In the order of Logits."""
_OPSET = 17
# Smaller tensors (biases, norms) are not converted.
_LEAST_ELEMENTS = 4096
# Training can also start from older files without these heads.
_NEWER_HEADS = ("verdict.", "inside.")
_PROBE_SHAPES = ((1, 12), (3, 57), (2, 384))


class OnnxModel:
    """An exported file, run by onnxruntime on ``threads`` threads."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, batch: Batch) -> Logits:
        """Return the logits of the windows of ``batch``."""
        values = (batch.ids, batch.attention.long(), batch.types)
        feed = {name: value.numpy() for name, value in zip(INPUTS, values, strict=True)}
        known = {output.name for output in self._session.get_outputs()}
        return Logits(*self._session.run([name for name in OUTPUTS if name in known], feed))


def write_onnx(model: ReaderModel, path: Path, precision: Precision) -> None:
    """Write ``model`` to ``path``; batch and length are dynamic, inputs are int64.

    The computation is in float32, except for the matrix products of int8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "float32.onnx"
        _export(model, exact)
        if precision == "int8":
            quantize_dynamic(exact, path, per_channel=True, weight_type=QuantType.QInt8)
            return
        graph = onnx.load(exact)
        if precision == "float16":
            _store_float16(graph.graph)
        onnx.checker.check_model(graph)
        onnx.save(graph, path)


def read_onnx(model: ReaderModel, path: Path) -> None:
    """Load the weights of a file written from such a model; int8 files cannot be loaded.

    The exporter keeps all names except those of matrices, which it transposes and writes in the
    order of use. It would merge equal tensors, but there are none after training.
    """
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    state = model.state_dict()
    matrices = iter(values.T for name, values in tensors.items() if name not in state)
    lacking = tuple(head for head in _NEWER_HEADS if f"{head}bias" not in tensors)
    names = [name for name in state if not name.startswith(lacking)]
    found = {name: tensors[name] if name in tensors else next(matrices) for name in names}
    model.load_state_dict(
        {name: torch.from_numpy(values.astype(np.float32)) for name, values in found.items()},
        strict=False,
    )


def largest_difference(model: ReaderModel, exported: OnnxModel) -> float:
    """Return the largest difference of the logits over inputs of several shapes, some padded."""
    generator = torch.Generator().manual_seed(0)
    found = 0.0
    for rows, length in _PROBE_SHAPES:
        batch = _probe(model, rows, length, generator)
        pairs = zip(model.logits(batch), exported(batch), strict=True)
        present = [(a, b) for a, b in pairs if a is not None and b is not None]
        found = max(found, *(_difference(a, b, batch) for a, b in present))
    return found


def _difference(ours: NDArray[np.float32], theirs: NDArray[np.float32], batch: Batch) -> float:
    """Return the largest difference, ignoring padding."""
    by_token = ours.shape == batch.ids.shape
    seen = batch.attention.numpy() if by_token else np.ones(ours.shape, dtype=bool)
    return float(np.abs(ours - theirs)[seen].max())


def _probe(model: ReaderModel, rows: int, length: int, generator: torch.Generator) -> Batch:
    words = model.words.num_embeddings
    ids = torch.randint(0, words, (rows, length), generator=generator)
    attention = torch.ones(rows, length, dtype=torch.bool)
    attention[-1, length // 2 :] = rows == 1  # the last of several rows is half padding
    types = (torch.arange(length) > length // 4).long().expand(rows, length).contiguous()
    nothing, verdict = torch.zeros(ids.shape), torch.zeros(rows, dtype=torch.long)
    return Batch(
        ids,
        attention,
        types,
        attention,
        nothing,
        nothing,
        verdict.float(),
        nothing,
        verdict,
        verdict.bool(),
    )


def _export(model: ReaderModel, path: Path) -> None:
    batch = _probe(model, 2, 16, torch.Generator().manual_seed(0))
    by_token = (*INPUTS, "start", "end", "inside")
    axes = {name: {0: "batch", 1: "length"} for name in by_token}
    with warnings.catch_warnings():
        # The newer exporter needs another package, and this one still does all we need.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            (batch.ids, batch.attention.long(), batch.types),
            path,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes={**axes, "has_answer": {0: "batch"}, "verdict": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )


def _store_float16(graph: onnx.GraphProto) -> None:
    """Store the large tensors as float16, and convert them to float32 where they are used.

    For embeddings, only the rows that are looked up are converted.
    """
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _LEAST_ELEMENTS:
            continue
        name, by = tensor.name, users[tensor.name]
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name))
        casts += _cast_rows(by) if all(n.op_type == "Gather" for n in by) else [_cast(name, by)]
    nodes = _in_order([*casts, *graph.node], graph)
    del graph.node[:]
    graph.node.extend(nodes)


def _cast(name: str, users: Sequence[onnx.NodeProto]) -> onnx.NodeProto:
    exact = f"{name}_float32"
    for node in users:
        node.input[:] = [exact if given == name else given for given in node.input]
    return helper.make_node("Cast", [name], [exact], to=onnx.TensorProto.FLOAT)


def _cast_rows(gathers: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
    casts = []
    for node in gathers:
        exact, node.output[0] = node.output[0], f"{node.output[0]}_float16"
        casts.append(helper.make_node("Cast", [node.output[0]], [exact], to=onnx.TensorProto.FLOAT))
    return casts


def _in_order(nodes: Sequence[onnx.NodeProto], graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Sort the nodes topologically, as ONNX requires."""
    known = {item.name for item in (*graph.initializer, *graph.input)} | {""}
    ordered: list[onnx.NodeProto] = []
    waiting = list(nodes)
    while waiting:
        later = []
        for node in waiting:
            if known.issuperset(node.input):
                ordered.append(node)
                known.update(node.output)
            else:
                later.append(node)
        assert len(later) < len(waiting), "the graph has a loop"
        waiting = later
    return ordered
