"""Run the default embedding model with onnxruntime, which starts ten times as fast as torch."""

from __future__ import annotations

import json
import logging
import mmap
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.embedding.int8 import Calibration, int8_weights, usable_cores
from index.embedding.model_files import check_default_files, find_default_model
from index.embedding.onnx_session import TextVectors

FOLDER = Path(__file__).parent / "encoder"
GRAPH, GRAPH_INT8 = "graph.onnx", "graph_int8.onnx"
CALIBRATION = "calibration.npz"
REFERENCE = "reference.json"
"""A question and a document, with their vectors by sentence-transformers in float32."""
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
MAX_TOKENS = 254
"""Tokens of a text that are read, special tokens not included."""
FAITHFUL_COSINE, FAITHFUL_COSINE_INT8 = 0.9999, 0.999
_UNUSED = "pooler."
"""How the weights begin that the model's vectors do not depend on, and the graph lacks."""

_logger = logging.getLogger(__name__)


class OnnxEncoder:
    """Encodes texts as the default model does. Safe to use from several threads.

    Args:
        weights: Of the graph, by name.
        tokenizer: The bytes of a ``tokenizer.json``.
        graph: The bytes of the graph.

    Raises:
        Exception: onnxruntime and tokenizers raise what they like.
    """

    def __init__(
        self, weights: Mapping[str, NDArray[np.float32]], tokenizer: bytes, graph: bytes
    ) -> None:
        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._cls, self._sep = self._tokenizer.encode("").ids
        self.max_tokens = MAX_TOKENS
        self.weights = weights
        """Of the model in float32, by the names that they have in its file."""
        self._questions = TextVectors(graph, weights)
        self._documents = self._questions
        self._is_hastened = False
        self._hastening = threading.Lock()

    @classmethod
    def default(cls) -> Self:
        """Load the model that comes along, while its files are hashed.

        Raises:
            ModelMissing: It is not installed, or lacks a file.
            ModelCorrupt: A file is not the published bytes.
            Exception: As above.
        """
        folder = find_default_model()
        with ThreadPoolExecutor(1) as pool:
            # Hashing leaves the interpreter to others; nothing is used until it is done.
            checking = pool.submit(check_default_files, folder, (WEIGHTS, TOKENIZER))
            try:
                graph, tokenizer = (FOLDER / GRAPH).read_bytes(), (folder / TOKENIZER).read_bytes()
                made = cls(_mapped(folder / WEIGHTS), tokenizer, graph)
            finally:
                checking.result()  # what is wrong with a file explains any other error
        return made

    def matches_reference(self) -> bool:
        """Return whether a text has the vector here that sentence-transformers gives it."""
        reference = _reference("question")
        vector = self._questions.of(self.ids(reference["text"]))
        return float(vector @ reference["vector"]) >= FAITHFUL_COSINE

    def enable_int8(self) -> None:
        """Have the documents that follow encoded in 8 bits, once that is seen to be faithful.

        It takes a tenth of a second, once.
        """
        with self._hastening:
            if not self._is_hastened:
                self._is_hastened = True
                self._enable_int8()

    def _enable_int8(self) -> None:
        found = Calibration.read(FOLDER / CALIBRATION)
        graph = (FOLDER / GRAPH_INT8).read_bytes()
        reference = _reference("document")
        try:
            hasty = TextVectors(graph, int8_weights(self.weights, found))
            cosine = float(hasty.of(self.ids(reference["text"])) @ reference["vector"])
        except Exception as error:  # onnxruntime raises what it likes
            _logger.warning("Documents are embedded in float32, which is slower: %s.", error)
            return
        if cosine >= FAITHFUL_COSINE_INT8:
            self._documents = hasty
        else:
            _logger.warning(
                "Documents are embedded in float32: in 8 bits the cosine is %s.", cosine
            )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not included."""
        return [len(ids) for ids in self._tokens(texts)]

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return ``(n, dimension)`` of unit length, made by all cores; not of no texts."""
        with ThreadPoolExecutor(usable_cores()) as pool:
            return np.stack(list(pool.map(lambda text: self._documents.of(self.ids(text)), texts)))

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return ``(dimension,)`` of unit length."""
        return self._questions.of(self.ids(text))

    def ids(self, text: str) -> NDArray[np.int64]:
        """Return what the model is given of a text: the ids of its tokens, ``(n,)``."""
        (tokens,) = self._tokens([text])
        return np.array([self._cls, *tokens[:MAX_TOKENS], self._sep], dtype=np.int64)

    def _tokens(self, texts: Sequence[str]) -> Iterator[list[int]]:
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return (each.ids for each in encoded)


def _reference(kind: str) -> dict[str, Any]:
    references: dict[str, dict[str, Any]] = json.loads(
        (FOLDER / REFERENCE).read_text(encoding="utf-8")
    )
    return references[kind]


def _mapped(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the graph's weights out of a safetensors file, without reading them.

    Its format, as that of safetensors is published: the length of a JSON header, the header,
    the numbers.
    """
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    found = {}
    for name, tensor in header.items():
        if tensor.get("dtype") == "F32" and not name.startswith(_UNUSED):
            begin, end = tensor["data_offsets"]
            flat = np.frombuffer(data, "<f4", (end - begin) // 4, 8 + length + begin)
            found[name] = flat.reshape(tensor["shape"])
    return found
