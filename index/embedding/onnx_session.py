"""A graph and its weights → what onnxruntime runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]
"""By the names that the graph has for them."""


def session(graph: bytes, weights: Weights) -> onnxruntime.InferenceSession:
    """Return a session of ``graph``, run as written on one core, with ``weights`` kept elsewhere.

    onnxruntime does not keep the weights alive: the caller must.

    Raises:
        Exception: onnxruntime raises what it likes.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in weights.values()]
    options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


class TextVectors:
    """Runs one graph: the ids of a text's tokens → its vector. Safe to use from several threads.

    The arguments are those of :func:`session`.
    """

    def __init__(self, graph: bytes, weights: Weights) -> None:
        self._weights = weights  # kept alive
        self._session = session(graph, weights)

    def of(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vector, ``(dimension,)``, of a text of tokens ``(n,)``."""
        (vector,) = self._session.run(None, {"ids": ids})
        return np.asarray(vector, dtype=np.float32)
