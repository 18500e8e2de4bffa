"""Load and run the large reading model: MPNet (Song et al. 2020) in 8 bits.

Its input is ``[CLS] question [SEP] earlier turns [SEP] title [SEP] passage [SEP]``; turns and title
may be empty. Its outputs are, for each token of the passage, whether an answer starts or ends there
and whether it is part of one of several; for the passage, whether it answers, and with "yes" or
"no". ``training/reader`` makes it; :mod:`qa.reading.large_weights` joins its weights.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.embedding.int8 import Calibration, usable_cores
from index.embedding.tensor_file import MappedTensors, map_tensors
from index.errors import ModelCorrupt, ModelUnavailable
from qa.reading.base_model import WEIGHTS, unpack_base
from qa.reading.large_weights import (
    ADAPTERS,
    PLACES,
    RANGES,
    RELATIVE,
    WORDS,
    join_weights,
)
from qa.reading.model import (
    MANIFEST,
    MAX_TOKENS,
    TOKENIZER,
    PairTokenizer,
    Window,
    WindowLogits,
    read_checked,
    read_json,
    shipped_folder,
)

LARGE_MANIFEST = "large.json"
"""Lists the large model's files with their SHA-256, and where the weights come from."""
GRAPH = "large.onnx"
MAX_HISTORY_TOKENS = 64
MAX_TITLE_TOKENS = 24
_FARTHEST = 128
"""Tokens; all larger distances share one bucket, as in MPNet and T5."""
_LARGEST_DIFFERENCE = 0.5
"""Between logits in 8 bits and in float32; some tenths are usual."""
_TABLES = (WORDS, PLACES, RELATIVE)

_logger = logging.getLogger(__name__)


class LargeModel:
    """Reads passages for the answer to a question. Safe to use from several threads.

    Args:
        weights: The joined weights by name.
        graph: The bytes of the graph.
        tokenizer: The bytes of ``tokenizer.json``.
        threads: How many cores one call uses; 0 for all.
    """

    def __init__(
        self,
        weights: Mapping[str, NDArray[Any]],
        graph: bytes,
        tokenizer: bytes,
        threads: int = 0,
    ) -> None:
        from index.embedding.onnx_encoder import create_session

        self._words, self._places, relative = (weights[name] for name in _TABLES)
        self._weights = {name: w for name, w in weights.items() if name not in _TABLES}
        self._session = create_session(graph, self._weights, threads or usable_cores())
        self._tokenizer = PairTokenizer(tokenizer)
        self._positions = position_biases(relative, MAX_TOKENS)

    @classmethod
    def shipped(cls, folder: Traversable | None = None, cache: Path | None = None) -> Self:
        """Load the shipped model; join its weights first if ``cache`` does not have them.

        Args:
            folder: The folder of the shipped files; None for that of the package.
            cache: The folder to keep the joined weights in; None for the user's.

        Raises:
            ModelMissing: A file of the package is missing.
            ModelCorrupt: A file does not match its hash, or cannot be loaded.
            ModelUnavailable: A data package is missing, the disk is full, or this processor does
                not compute in 8 bits as it should.
        """
        folder = folder or shipped_folder()
        hashes = read_json(folder, LARGE_MANIFEST, lambda manifest: dict(manifest["files"]))
        tokenizer_hash = read_json(folder, MANIFEST, lambda m: str(m["files"][TOKENIZER]))
        graph = read_checked(folder, GRAPH, hashes[GRAPH])
        try:
            weights = _weights(folder, hashes, cache or cache_folder())
        except OSError as error:
            msg = f"The large reading model cannot be prepared: {error}. Free some disk space."
            raise ModelUnavailable(msg) from error
        try:
            model = cls(weights, graph, read_checked(folder, TOKENIZER, tokenizer_hash))
        except Exception as error:  # onnxruntime raises exceptions of many types
            msg = f"The large reading model cannot be loaded: {error}."
            raise ModelCorrupt(msg) from error
        if isinstance(weights, MappedTensors):
            weights.forget_pages()  # the session has its own copy of most
        model.check(read_json(folder, LARGE_MANIFEST, lambda m: dict(m["reference"])))
        return model

    def check(self, reference: Mapping[str, Any]) -> None:
        """Raise ModelUnavailable unless a reference passage is read as in float32.

        Some processors lack instructions for 8 bits, and onnxruntime's others can overflow.
        """
        ((logits,),) = self.read(
            reference["question"], [reference["passage"]], [reference["title"]]
        )
        found = [logits.no_answer, logits.has_answer, float(logits.start.max())]
        difference = max(abs(a - b) for a, b in zip(found, reference["logits"], strict=True))
        if difference > _LARGEST_DIFFERENCE:
            msg = (
                f"This processor computes the large reading model inexactly (by {difference:.1f})."
            )
            raise ModelUnavailable(msg)

    def read(
        self, question: str, texts: Sequence[str], titles: Sequence[str] = (), history: str = ""
    ) -> list[list[WindowLogits]]:
        """Return, for each text, the logits of its windows; see :class:`WindowReader`."""
        titles = titles or [""] * len(texts)
        asked, turns, *encoded = self._tokenizer.encode([question, history, *titles, *texts])
        before = turns.ids[-MAX_HISTORY_TOKENS:]
        pairs = zip(encoded[: len(texts)], encoded[len(texts) :], strict=True)
        return [
            [
                self._run(window)
                for window in self._tokenizer.windows(
                    asked, passage, (before, title.ids[:MAX_TITLE_TOKENS])
                )
            ]
            for title, passage in pairs
        ]

    def _run(self, window: Window) -> WindowLogits:
        ids = np.array(window.ids)
        size = len(ids)
        embedded = self._words[ids].astype(np.float32) + self._places[:size]
        positions = np.ascontiguousarray(self._positions[:, :, :size, :size])
        tokens, first = self._session.run(None, {"embedded": embedded, "positions": positions})
        passage = slice(window.passage_at, window.passage_at + len(window.offsets))
        start, end, inside = tokens[passage].T
        return WindowLogits(
            window,
            start,
            end,
            float(tokens[0, 0] + tokens[0, 1]),
            float(first[0]),
            inside,
            first[1:],
        )


def position_biases(relative: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Return ``(1, heads, length, length)``: the bias of the attention from each token to each.

    ``relative`` is ``(buckets, heads)``. Half of the buckets are for preceding and half for
    following tokens; small distances have a bucket each, larger ones share buckets on a logarithmic
    scale (Raffel et al. 2020).
    """
    half = len(relative) // 2
    near = half // 2
    distance = np.arange(1 - length, length)  # of a token to another before it
    away = np.abs(distance)
    scale = (half - near) / math.log(_FARTHEST / near)
    far = near + (np.log(np.maximum(away, 1).astype(np.float32) / near) * scale).astype(int)
    bucket = np.where(away < near, away, np.minimum(far, half - 1)) + half * (distance < 0)
    by_distance = relative[bucket].T  # (heads, 2 * length - 1)
    rows = np.arange(length)
    return np.ascontiguousarray(by_distance[None, :, rows[:, None] - rows[None, :] + length - 1])


def cache_folder() -> Path:
    """Return the folder of the user's cached files."""
    import platformdirs

    return platformdirs.user_cache_path("article-qa")


def _weights(
    folder: Traversable, hashes: Mapping[str, str], cache: Path
) -> dict[str, NDArray[Any]]:
    """Return the joined weights, from the cache if it has them undamaged."""
    key = hashlib.sha256("".join(sorted(hashes.values())).encode()).hexdigest()[:16]
    for path in cache.glob(f"reader-{key}-*.safetensors"):
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if path.stem.endswith(found):
            return map_tensors(path)
        _logger.warning("The cached reading model %s is damaged and is made again.", path)
    return _join(folder, hashes, cache, key)


def _join(
    folder: Traversable, hashes: Mapping[str, str], cache: Path, key: str
) -> dict[str, NDArray[Any]]:
    from safetensors.numpy import save_file
    from tqdm import tqdm

    arrays = {name: _read_arrays(folder, name, hashes) for name in (ADAPTERS, RANGES)}
    writable = _make_folder(cache)
    with (
        # Windows cannot remove a file that is mapped.
        tempfile.TemporaryDirectory(
            dir=cache if writable else None, ignore_cleanup_errors=True
        ) as place,
        tqdm(total=3, desc="Preparing the reading model, once", disable=None, leave=False) as done,
    ):
        unpack_base(Path(place), [WEIGHTS])
        done.update()
        base = map_tensors(Path(place) / WEIGHTS)
        joined = join_weights(base, arrays[ADAPTERS], Calibration(**arrays[RANGES]))
        done.update()
        if not writable:
            _logger.warning("The reading model is joined at each start: %s is read-only.", cache)
            return joined
        draft = Path(place) / "reader.safetensors"
        save_file(joined, draft)
        with draft.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        path = cache / f"reader-{key}-{digest}.safetensors"
        draft.replace(path)
        done.update()
    for old in cache.glob("reader-*.safetensors"):
        if old != path:
            with contextlib.suppress(OSError):  # another process uses it
                old.unlink()
    return map_tensors(path)


def _make_folder(folder: Path) -> bool:
    """Return whether a folder exists, or could be created, and can be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _read_arrays(
    folder: Traversable, name: str, hashes: Mapping[str, str]
) -> dict[str, NDArray[Any]]:
    import io

    with np.load(io.BytesIO(read_checked(folder, name, hashes[name])), allow_pickle=False) as file:
        return {key: file[key] for key in file.files}
