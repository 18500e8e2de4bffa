"""Text → unit vectors: the Embedder protocol, and sentence-transformers behind it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.errors import InputError, ModelMissing
from index.model_files import (
    DEFAULT_MODEL,
    DEFAULT_MODEL_DIMENSION,
    DEFAULT_MODEL_SHA256,
    default_model_folder,
)

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors: TypeAlias = NDArray[np.float32]
Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) as work goes on; may raise to interrupt it."""

# Within 5 % of the fastest size for passages of 160 tokens on two cores, and
# small enough that a Ctrl-C or a waiting question gets its turn in a second.
_BATCH_SIZE = 32
_FAITHFUL_COSINE = 0.999
_PROBES = (
    "Who signed the agreement?",
    "The treaty of 1972 was suspended on Thursday, the ministry said in a statement.",
    "Photosynthesis turns light into chemical energy, which plants store as sugar. " * 8,
)


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model made a library's vectors; others cannot be compared with them."""

    name: str
    sha256: str
    dimension: int


class Embedder(Protocol):
    """Whatever turns text into unit vectors that can be compared by inner product."""

    @property
    def identity(self) -> ModelIdentity:
        """The model, as a library remembers it."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads, special tokens not included."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not included."""

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return ``(n, dimension)`` float32 of unit length, in the order of ``texts``."""

    def encode_query(self, text: str) -> Vectors:
        """Return ``(dimension,)`` float32 of unit length."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model on the processor, loaded at first use.

    Args:
        model: None for the model that comes along; else a name or a path, by
            sentence-transformers' own rules.
        allow_download: Whether a name that is not on this machine may be
            fetched from the model hub.
        precision: ``"float32"``, or ``"auto"`` for bfloat16 where the processor
            computes in it and a self-check finds the vectors unchanged.

    Safe to use from several threads.
    """

    def __init__(
        self, model: str | None = None, *, allow_download: bool = False, precision: str = "auto"
    ) -> None:
        self._name = model
        self._allow_download = allow_download
        self._precision = precision
        # Held per batch: a tokenizer of `tokenizers` must not be used by two
        # threads at once, and a question must not wait for a whole article.
        self._lock = threading.Lock()
        self._load_lock = threading.Lock()
        self._model: SentenceTransformer | None = None
        self._loaded_sha256 = ""

    @property
    def identity(self) -> ModelIdentity:
        """The model; of one that does not come along, it has to be loaded first."""
        if self._name is None:
            return ModelIdentity(DEFAULT_MODEL, DEFAULT_MODEL_SHA256, DEFAULT_MODEL_DIMENSION)
        dimension = self._loaded().get_embedding_dimension()
        return ModelIdentity(self._name, self._loaded_sha256, int(dimension or 0))

    @property
    def is_loaded(self) -> bool:
        """Whether the next call need not wait for the model."""
        return self._model is not None

    @functools.cached_property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads, special tokens not included."""
        special = int(self._loaded().tokenizer.num_special_tokens_to_add())
        return int(self._loaded().max_seq_length or 512) - special

    def load(self) -> None:
        """Load the model now, so that the first question need not wait.

        Raises:
            ModelMissing: There is no such model on this machine.
            ModelCorrupt: The files of the model that comes along were changed.
        """
        self._loaded()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not included."""
        if not texts:
            return []
        tokenizer = self._loaded().tokenizer
        with self._lock:
            encoded = tokenizer(
                list(texts), add_special_tokens=False, truncation=False, verbose=False
            )
        return [len(ids) for ids in encoded["input_ids"]]

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return ``(n, dimension)`` float32 of unit length, in the order of ``texts``.

        Texts of about one length share a batch, since padding costs as much as text.

        Raises:
            InputError: One of the texts is blank.
        """
        _refuse_blank(texts)
        model = self._loaded()
        vectors = np.empty((len(texts), self.identity.dimension), dtype=np.float32)
        longest_first = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for first in range(0, len(texts), _BATCH_SIZE):
            batch = longest_first[first : first + _BATCH_SIZE]
            with self._lock:
                encoded = model.encode_document(
                    [texts[i] for i in batch], show_progress_bar=False, normalize_embeddings=True
                )
            vectors[batch] = _unit(encoded)
            if progress:
                progress(min(first + _BATCH_SIZE, len(texts)), len(texts))
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """Return ``(dimension,)`` float32 of unit length.

        Raises:
            InputError: The text is blank.
        """
        _refuse_blank([text])
        model = self._loaded()
        with self._lock:
            encoded = model.encode_query(text, show_progress_bar=False, normalize_embeddings=True)
        return _unit(encoded)

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            with self._load_lock:
                if self._model is None:
                    self._model = self._load()
        return self._model

    def _load(self) -> SentenceTransformer:
        folder = str(default_model_folder()) if self._name is None else self._name
        # With the cores busy, OpenMP's spinning threads make a question of 10 ms
        # take 500; the library reads this when it is first loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from sentence_transformers import SentenceTransformer

        try:
            with _quiet_transformers():
                model = SentenceTransformer(
                    folder, device="cpu", local_files_only=not self._allow_download
                )
        except (OSError, ValueError) as error:
            msg = (
                f"The embedding model {folder!r} could not be loaded: {error}. Give the path of a "
                "sentence-transformers model, or allow its download by name."
            )
            raise ModelMissing(msg) from error
        self._loaded_sha256 = _weights_sha256(model)
        if self._precision == "auto" and has_fast_bfloat16():
            use_bfloat16_if_faithful(model)
        return model


def has_fast_bfloat16() -> bool:
    """Return whether this processor computes in bfloat16 rather than imitating it."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(bool(capabilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))


def use_bfloat16_if_faithful(model: SentenceTransformer) -> bool:
    """Turn ``model`` to bfloat16 if its vectors stay the same; return whether it was.

    The same means a cosine of at least 0.999 to float32 on texts of several lengths.
    """
    exact = _unit(model.encode(list(_PROBES), show_progress_bar=False))
    model.bfloat16()
    rounded = _unit(model.encode(list(_PROBES), show_progress_bar=False))
    if float(np.min(np.sum(exact * rounded, axis=1))) >= _FAITHFUL_COSINE:
        return True
    model.float()
    return False


def _unit(encoded: object) -> Vectors:
    vectors = np.asarray(encoded, dtype=np.float32)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)


def _refuse_blank(texts: Sequence[str]) -> None:
    # The model gives a unit vector even for "", which would match at random.
    if any(not text.strip() for text in texts):
        msg = "A blank text has no meaning to embed."
        raise InputError(msg)


def _weights_sha256(model: SentenceTransformer) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Keep transformers' own progress bar off the terminal while a model loads."""
    from transformers.utils import logging

    was_on = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call] # theirs
    try:
        yield
    finally:
        if was_on:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call] # theirs
