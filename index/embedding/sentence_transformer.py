"""Run any model in sentence-transformers and torch, which take seconds to import."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelMissing

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_Vectors = NDArray[np.float32]

_MIN_COSINE = 0.999
_PROBES = (
    "Who signed the agreement?",
    "The treaty of 1972 was suspended on Thursday, the ministry said in a statement.",
    "Photosynthesis turns light into chemical energy, which plants store as sugar. " * 8,
)

_hub_lock = threading.Lock()


class SentenceTransformerEncoder:
    """A loaded model on the CPU. Thread-safe."""

    def __init__(self, model: SentenceTransformer, sha256: str) -> None:
        self._model = model
        # Two threads must not use a tokenizer at once. It is held for one batch at a time, so
        # that a question need not wait for a whole article.
        self._lock = threading.Lock()
        self.sha256 = sha256
        """SHA-256 of the weights."""
        self.dimension = int(model.get_embedding_dimension() or 0)
        special = int(model.tokenizer.num_special_tokens_to_add())
        self.max_tokens = int(model.max_seq_length or 512) - special
        """How many tokens of a text are read, without special tokens."""

    @classmethod
    def load(cls, model: str, *, allow_download: bool, precision: str) -> Self:
        """Load a model; the arguments are those of ``SentenceTransformerEmbedder``.

        Raises:
            ModelMissing: The model is not on this machine.
        """
        # On busy cores, OpenMP's spinning threads make a question take 500 ms instead of 10.
        # The library reads this when it is first loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        with _hub_offline(offline=not allow_download):
            loaded = _load(model, allow_download=allow_download)
        sha256 = _weights_sha256(loaded)
        if precision == "auto" and has_fast_bfloat16():
            enable_bfloat16_if_accurate(loaded)
        return cls(loaded, sha256)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens."""
        with self._lock:
            encoded = self._model.tokenizer(
                list(texts), add_special_tokens=False, truncation=False, verbose=False
            )
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_documents(self, texts: Sequence[str]) -> _Vectors:
        """Return ``(n, dimension)`` of unit length, in one batch."""
        with self._lock:
            return _unit(
                self._model.encode_document(
                    list(texts),
                    batch_size=len(texts),
                    show_progress_bar=False,
                    normalize_embeddings=True,
                )
            )

    def enable_int8(self) -> None:
        """Do nothing, since only the default model in onnxruntime can use 8 bits."""

    def encode_query(self, text: str) -> _Vectors:
        """Return ``(dimension,)`` of unit length."""
        with self._lock:
            return _unit(
                self._model.encode_query(text, show_progress_bar=False, normalize_embeddings=True)
            )


def _load(model: str, *, allow_download: bool) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    try:
        with _quiet_transformers():
            return SentenceTransformer(model, device="cpu", local_files_only=not allow_download)
    except (OSError, ValueError) as error:
        msg = (
            f"The embedding model {model!r} could not be loaded: {error}. Give the path of a "
            "sentence-transformers model, or allow its download by name."
        )
        raise ModelMissing(msg) from error


@contextlib.contextmanager
def _hub_offline(*, offline: bool) -> Iterator[None]:
    """Keep huggingface_hub from contacting any host while a model loads.

    Even for a local model, it looks up the running program in a registry on its host. It reads
    HF_HUB_OFFLINE only when it is imported, which other libraries may have done already, so this
    sets the constant itself.
    """
    from huggingface_hub import constants

    with _hub_lock:
        was_offline = constants.HF_HUB_OFFLINE
        constants.HF_HUB_OFFLINE = offline or was_offline
        try:
            yield
        finally:
            constants.HF_HUB_OFFLINE = was_offline


def has_fast_bfloat16() -> bool:
    """Return whether this CPU has instructions for bfloat16."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(bool(capabilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))


def enable_bfloat16_if_accurate(model: SentenceTransformer) -> bool:
    """Convert ``model`` to bfloat16, and return whether it was accurate, else undo it.

    Accurate means a cosine of at least 0.999 to float32 on texts of several lengths.
    """
    exact = _unit(model.encode(list(_PROBES), show_progress_bar=False))
    model.bfloat16()
    rounded = _unit(model.encode(list(_PROBES), show_progress_bar=False))
    if float(np.min(np.sum(exact * rounded, axis=1))) >= _MIN_COSINE:
        return True
    model.float()
    return False


def _unit(encoded: object) -> _Vectors:
    vectors = np.asarray(encoded, dtype=np.float32)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)


def _weights_sha256(model: SentenceTransformer) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Hide the progress bar of transformers while a model loads."""
    from transformers.utils import logging

    was_on = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call] # transformers
    try:
        yield
    finally:
        if was_on:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call] # transformers
