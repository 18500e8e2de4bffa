"""The default embedding model, run by onnxruntime: there in a tenth of the time of torch.

``encoder/graph.onnx`` is the model without its weights, made by ``bench/encoder_graph.py``;
the weights are those of the model's own ``model.safetensors``, hashed and mapped into memory.
So nothing is compiled, kept or trusted beside a library. One text is encoded at a time, by
one thread: nothing is padded, a text has one vector in any company, and busy cores slow it
down by their share and no more.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.model_files import check_default_files, find_default_model
from index.processor import usable_cores

FOLDER = Path(__file__).parent / "encoder"
GRAPH = "graph.onnx"
REFERENCE = "reference.json"
"""A text, and its vector by sentence-transformers in float32."""
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
MAX_TOKENS = 254
"""Tokens of a text that are read, special tokens not included."""
FAITHFUL_COSINE = 0.9999
_UNUSED = "pooler."
"""How the weights begin that the model's vectors do not depend on, and the graph lacks."""

_Weights = Mapping[str, NDArray[np.float32]]


class LightEncoder:
    """Encodes texts as the default model does. Safe to use from several threads.

    Args:
        weights: Of the graph, by name.
        tokenizer: The bytes of a ``tokenizer.json``.
        graph: The bytes of the graph.

    Raises:
        Exception: onnxruntime and tokenizers raise what they like.
    """

    def __init__(self, weights: _Weights, tokenizer: bytes, graph: bytes) -> None:
        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._cls, self._sep = self._tokenizer.encode("").ids
        self.max_tokens = MAX_TOKENS
        self._weights = weights  # onnxruntime does not keep what it is given alive
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        # The graph is written as it should run.
        level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.graph_optimization_level = level
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in weights.values()]
        options.add_external_initializers(list(weights), values)
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )

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

    def is_faithful(self) -> bool:
        """Return whether a text has the vector here that sentence-transformers gives it."""
        reference = json.loads((FOLDER / REFERENCE).read_text(encoding="utf-8"))
        return float(self.encode_query(reference["text"]) @ reference["vector"]) >= FAITHFUL_COSINE

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not included."""
        return [len(ids) for ids in self._tokens(texts)]

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return ``(n, dimension)`` of unit length, made by all cores; not of no texts."""
        with ThreadPoolExecutor(usable_cores()) as pool:
            return np.stack(list(pool.map(self._run, self._tokens(texts))))

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return ``(dimension,)`` of unit length."""
        (tokens,) = self._tokens([text])
        return self._run(tokens)

    def _tokens(self, texts: Sequence[str]) -> Iterator[list[int]]:
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return (each.ids for each in encoded)

    def _run(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        ids = np.array([[self._cls, *tokens[:MAX_TOKENS], self._sep]], dtype=np.int64)
        (vector,) = self._session.run(None, {"ids": ids})
        return np.asarray(vector, dtype=np.float32)


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
