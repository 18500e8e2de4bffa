"""Embed texts as unit vectors: the Embedder protocol, and the sentence-transformers models."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.embedding.int8 import has_fast_int8
from index.embedding.model_files import (
    DEFAULT_MODEL,
    DEFAULT_MODEL_DIMENSION,
    DEFAULT_MODEL_SHA256,
    default_model_folder,
)
from index.errors import InputError, ModelError
from index.letters import plain_letters

if TYPE_CHECKING:
    from index.embedding.onnx_encoder import OnnxEncoder
    from index.embedding.sentence_transformer import SentenceTransformerEncoder


Vectors: TypeAlias = NDArray[np.float32]
Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) during long work; may raise to cancel it."""

# Within 5 % of the fastest size for passages of 160 tokens on two cores, and small enough that
# Ctrl-C or a waiting question has to wait for less than a second.
_BATCH_SIZE = 32
# The tokenizer's output takes twenty times as much memory as the text.
_COUNT_BATCH_SIZE = 1_000
WORTH_INT8_CHARS = 20_000
"""From this much text on, 8 bits save more than the tenth of a second that enabling them takes."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Identifies an embedding model. Vectors of different models are not comparable."""

    name: str
    sha256: str
    dimension: int


class Embedder(Protocol):
    """Turns texts into unit vectors, whose inner product is their similarity."""

    @property
    def identity(self) -> ModelIdentity:
        """The model, as it is stored in a library."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads, without special tokens."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens."""

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return ``(n, dimension)`` float32 of unit length."""

    def encode_query(self, text: str) -> Vectors:
        """Return ``(dimension,)`` float32 of unit length."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model on the CPU, loaded at first use. Thread-safe.

    The default model is run by onnxruntime, without torch. Compatibility letters, which a model
    may not know, are read as what they mean: see :mod:`index.letters`.

    Args:
        model: A name or a path, as sentence-transformers takes it; None for the default model.
        allow_download: Whether a model that is not on this machine may be downloaded.
        precision: ``"float32"``, or ``"auto"`` for a lower one where it is faster on this CPU
            and a check finds the vectors nearly unchanged: 8 bits for the default model's
            documents, bfloat16 for other models.
    """

    def __init__(
        self, model: str | None = None, *, allow_download: bool = False, precision: str = "auto"
    ) -> None:
        self._name = model
        self._allow_download = allow_download
        self._precision = precision
        self._lock = threading.Lock()
        self._encoder: OnnxEncoder | SentenceTransformerEncoder | None = None

    @property
    def identity(self) -> ModelIdentity:
        """The model's identity. Loads the model unless it is the default one."""
        if self._name is None:
            return ModelIdentity(DEFAULT_MODEL, DEFAULT_MODEL_SHA256, DEFAULT_MODEL_DIMENSION)
        encoder = self._loaded()
        return ModelIdentity(self._name, encoder.sha256, encoder.dimension)

    @property
    def is_loaded(self) -> bool:
        """Whether the model is loaded."""
        return self._encoder is not None

    @functools.cached_property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads, without special tokens."""
        return self._loaded().max_tokens

    def load(self) -> None:
        """Load the model now, so that the first question need not wait.

        Raises:
            ModelMissing: The model is not on this machine.
            ModelCorrupt: The files of the default model were changed.
        """
        self._loaded()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens."""
        counts: list[int] = []
        for first in range(0, len(texts), _COUNT_BATCH_SIZE):
            some = [plain_letters(text) for text in texts[first : first + _COUNT_BATCH_SIZE]]
            counts += self._loaded().count_tokens(some)
        return counts

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return ``(n, dimension)`` float32 of unit length.

        Texts of about the same length share a batch, since padding takes as long as text.

        Raises:
            InputError: One of the texts is blank.
        """
        _refuse_blank(texts)
        vectors = np.empty((len(texts), self.identity.dimension), dtype=np.float32)
        encoder = self._loaded()
        if self._is_worth_int8(texts):
            encoder.enable_int8()
        longest_first = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for first in range(0, len(texts), _BATCH_SIZE):
            batch = longest_first[first : first + _BATCH_SIZE]
            vectors[batch] = encoder.encode_documents([plain_letters(texts[i]) for i in batch])
            if progress:
                progress(min(first + _BATCH_SIZE, len(texts)), len(texts))
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """Return ``(dimension,)`` float32 of unit length.

        Raises:
            InputError: The text is blank.
        """
        _refuse_blank([text])
        return self._loaded().encode_query(plain_letters(text))

    def _is_worth_int8(self, texts: Sequence[str]) -> bool:
        long = sum(map(len, texts)) >= WORTH_INT8_CHARS
        return long and self._precision == "auto" and has_fast_int8()

    def _loaded(self) -> OnnxEncoder | SentenceTransformerEncoder:
        if self._encoder is None:
            with self._lock:
                if self._encoder is None:
                    found = _onnx_encoder() if self._name is None else None
                    self._encoder = found or self._sentence_transformer()
        return self._encoder

    def _sentence_transformer(self) -> SentenceTransformerEncoder:
        from index.embedding.sentence_transformer import SentenceTransformerEncoder

        model = str(default_model_folder()) if self._name is None else self._name
        return SentenceTransformerEncoder.load(
            model, allow_download=self._allow_download, precision=self._precision
        )


def _onnx_encoder() -> OnnxEncoder | None:
    """Return the default model in onnxruntime; None if it does not work on this machine."""
    from index.embedding.onnx_encoder import OnnxEncoder

    try:
        encoder = OnnxEncoder.default()
        if encoder.matches_reference():
            return encoder
        reason = "its vectors are wrong"
    except ModelError:
        raise
    except Exception as error:  # onnxruntime raises bare exceptions
        reason = str(error)
    _logger.warning(
        "The model is run by torch, which takes seconds to load, because in onnxruntime: %s.",
        reason,
    )
    return None


def _refuse_blank(texts: Sequence[str]) -> None:
    # The model gives a unit vector even for "", which would match at random.
    if any(not text.strip() for text in texts):
        msg = "A blank text cannot be embedded. Give at least one word."
        raise InputError(msg)


def load_in_background(load: Callable[[], object]) -> threading.Thread:
    """Return a thread that loads a model, and ignores a ModelError: the first use raises it."""

    def run() -> None:
        with suppress(ModelError):
            load()

    thread = threading.Thread(target=run, name="loading a model")
    thread.start()
    return thread
