"""Run the default embedding model in onnxruntime, which starts ten times as fast as torch."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.embedding.int8 import Calibration, int8_weights, usable_cores
from index.embedding.model_files import (
    DEFAULT_MODEL_DIMENSION,
    DEFAULT_MODEL_SHA256,
    check_default_files,
    find_default_model,
)
from index.embedding.tensor_file import map_tensors

FOLDER = Path(__file__).parent / "encoder"
GRAPH, GRAPH_INT8 = "graph.onnx", "graph_int8.onnx"
CALIBRATION = "calibration.npz"
REFERENCE = "reference.json"
"""A question and a document with their vectors by sentence-transformers, in float32."""
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
MAX_TOKENS = 254
"""How many tokens of a text are read, without special tokens."""
_MIN_COSINE, _MIN_COSINE_INT8 = 0.9999, 0.999
# Weights that the vectors do not depend on.
_UNUSED = ("pooler.", "embeddings.position_ids")

Weights: TypeAlias = Mapping[str, NDArray[Any]]
"""By their names in the graph."""

_logger = logging.getLogger(__name__)


def create_session(
    graph: bytes, weights: Weights, threads: int = 1
) -> onnxruntime.InferenceSession:
    """Return a session of ``graph``, run without optimization.

    The session does not keep ``weights`` alive: the caller must. Raises bare exceptions.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that wait by spinning take the cores from everything else.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in weights.values()]
    options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


class _Graph:
    """Computes the vector of a text from its token ids. Thread-safe."""

    def __init__(self, graph: bytes, weights: Weights) -> None:
        self._weights = weights  # kept alive
        self._session = create_session(graph, weights)

    def vector(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vector ``(dimension,)`` of the tokens ``(n,)``."""
        (vector,) = self._session.run(None, {"ids": ids})
        return np.asarray(vector, dtype=np.float32)


class OnnxEncoder:
    """The default model, in onnxruntime. Thread-safe.

    Args:
        weights: The model's float32 weights, by their names in its file.
        tokenizer: The bytes of ``tokenizer.json``.
        graph: The bytes of the graph.

    onnxruntime and tokenizers raise bare exceptions.
    """

    sha256 = DEFAULT_MODEL_SHA256
    dimension = DEFAULT_MODEL_DIMENSION
    max_tokens = MAX_TOKENS

    def __init__(
        self, weights: Mapping[str, NDArray[np.float32]], tokenizer: bytes, graph: bytes
    ) -> None:
        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._cls, self._sep = self._tokenizer.encode("").ids
        self.weights = weights
        self._float32 = _Graph(graph, weights)
        self._documents = self._float32
        self._int8_tried = False
        self._int8_lock = threading.Lock()

    @classmethod
    def default(cls) -> Self:
        """Load the default model while its files are hashed in another thread.

        Raises:
            ModelMissing: It is not installed, or a file is missing.
            ModelCorrupt: A file is not the published one.
        """
        folder = find_default_model()
        with ThreadPoolExecutor(1) as pool:
            checking = pool.submit(check_default_files, folder, (WEIGHTS, TOKENIZER))
            try:
                graph, tokenizer = (FOLDER / GRAPH).read_bytes(), (folder / TOKENIZER).read_bytes()
                mapped = map_tensors(folder / WEIGHTS)
                used = {n: w for n, w in mapped.items() if not n.startswith(_UNUSED)}
                encoder = cls(used, tokenizer, graph)
                mapped.forget_pages()  # the session has its own copy of most
            finally:
                checking.result()  # a damaged file explains any other error
        return encoder

    def matches_reference(self) -> bool:
        """Return whether a text has the same vector as in sentence-transformers."""
        return self._reference_cosine(self._float32, "question") >= _MIN_COSINE

    def enable_int8(self) -> None:
        """Encode further documents in 8 bits if a check finds that accurate; takes 0.1 s once."""
        with self._int8_lock:
            if not self._int8_tried:
                self._int8_tried = True
                self._enable_int8()

    def _enable_int8(self) -> None:
        calibration = Calibration.read(FOLDER / CALIBRATION)
        graph = (FOLDER / GRAPH_INT8).read_bytes()
        try:
            int8 = _Graph(graph, int8_weights(self.weights, calibration))
            cosine = self._reference_cosine(int8, "document")
        except Exception as error:  # onnxruntime raises bare exceptions
            _logger.warning("Documents are embedded in float32, which is slower: %s.", error)
            return
        if cosine >= _MIN_COSINE_INT8:
            self._documents = int8
        else:
            _logger.warning(
                "Documents are embedded in float32: in 8 bits the cosine is %s.", cosine
            )

    def _reference_cosine(self, graph: _Graph, kind: str) -> float:
        references = json.loads((FOLDER / REFERENCE).read_text(encoding="utf-8"))
        vector = graph.vector(self.ids(references[kind]["text"]))
        return float(vector @ references[kind]["vector"])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens."""
        return [len(ids) for ids in self._tokens(texts)]

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return ``(n, dimension)`` of unit length, using all cores; ``texts`` is not empty."""
        graph = self._documents
        with ThreadPoolExecutor(usable_cores()) as pool:
            return np.stack(list(pool.map(lambda text: graph.vector(self.ids(text)), texts)))

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return ``(dimension,)`` of unit length."""
        return self._float32.vector(self.ids(text))

    def ids(self, text: str) -> NDArray[np.int64]:
        """Return the ids of the tokens that the model reads, ``(n,)``."""
        (tokens,) = self._tokens([text])
        return np.array([self._cls, *tokens[:MAX_TOKENS], self._sep], dtype=np.int64)

    def _tokens(self, texts: Sequence[str]) -> Iterator[list[int]]:
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return (each.ids for each in encoded)
