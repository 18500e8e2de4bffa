"""The reading model: for each token of a passage, how likely an answer begins or ends there.

Trained by ``training/reader`` and shipped as ``qa/reading_model/reader.onnx``, with its
licence and its card. It is run by onnxruntime, which loads in a tenth of the time that
torch takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Self

import numpy as np
import onnxruntime

from index.errors import ModelCorrupt
from qa.reading.reader_files import (
    REINSTALL,
    TOKENIZER,
    WEIGHTS,
    read_checked,
    read_manifest,
    shipped_folder,
)
from qa.reading.windows import PairTokenizer, Window, WindowLogits

INPUTS = ("ids", "attention", "types")
"""Each int64 ``(n, length)``."""
OUTPUTS = ("start", "end", "has_answer")
"""float32: two of ``(n, length)``, one of ``(n,)``."""


class SpanModel:
    """Reads passages for the answer to a question. Safe to use from several threads.

    Args:
        files: By name, the bytes of the model; see :meth:`shipped`.
        threads: How many cores one reading uses; 0 for all.
    """

    def __init__(self, files: Mapping[str, bytes], threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that wait by spinning starve whatever shares the cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                files[WEIGHTS],
                options,
                providers=["CPUExecutionProvider"],
                # The fused operator takes five times as long as those it replaces.
                disabled_optimizers=["SkipLayerNormFusion"],
            )
            self._tokenizer = PairTokenizer(files[TOKENIZER])
        except Exception as error:  # onnxruntime and tokenizers raise what they like
            msg = f"The reading model cannot be loaded: {error}. {REINSTALL}"
            raise ModelCorrupt(msg) from error

    @classmethod
    def shipped(cls, folder: Traversable | None = None) -> Self:
        """Load the model of ``folder``, by default the shipped one.

        Raises:
            ModelMissing: A file is not there.
            ModelCorrupt: A file is not the one that the manifest names.
        """
        folder = folder or shipped_folder()
        hashes = read_manifest(folder)["files"]
        return cls(
            {name: read_checked(folder, name, hashes[name]) for name in (WEIGHTS, TOKENIZER)}
        )

    def read(self, question: str, texts: Sequence[str]) -> list[list[WindowLogits]]:
        """Return, for each text, the logits of its windows, in the order of the text."""
        asked, *passages = self._tokenizer.encode([question, *texts])
        return [
            [self._run(window) for window in self._tokenizer.windows(asked, passage)]
            for passage in passages
        ]

    def _run(self, window: Window) -> WindowLogits:
        # One by one: at this length a window keeps the cores busy, and none is padded.
        ids = np.array([window.ids], dtype=np.int64)
        types = np.zeros_like(ids)
        types[:, window.passage_at :] = 1
        feed = dict(zip(INPUTS, (ids, np.ones_like(ids), types), strict=True))
        start, end, has_answer = self._session.run(list(OUTPUTS), feed)
        passage = slice(window.passage_at, window.passage_at + len(window.offsets))
        no_answer = float(start[0, 0] + end[0, 0])
        return WindowLogits(
            window, start[0, passage], end[0, passage], no_answer, float(has_answer[0])
        )
