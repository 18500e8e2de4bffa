"""Text to unit vectors: the Embedder protocol, and the models behind it."""

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

if TYPE_CHECKING:
    from index.embedding.onnx_encoder import OnnxEncoder
    from index.embedding.sentence_transformer import SentenceTransformerEncoder


def load_in_background(load: Callable[[], object]) -> threading.Thread:
    """Begin to load a model, and return the thread that does.

    A model that cannot be used is no error here: whoever needs it then loads it, and is told.
    """

    def loading() -> None:
        with suppress(ModelError):
            load()

    thread = threading.Thread(target=loading, name="loading a model")
    thread.start()
    return thread


Vectors: TypeAlias = NDArray[np.float32]
Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) as work goes on; may raise to interrupt it."""

# Within 5 % of the fastest size for passages of 160 tokens on two cores, and
# small enough that a Ctrl-C or a waiting question gets its turn in a second.
_BATCH_SIZE = 32
# What a tokenizer tells of a text takes twenty times as much memory as the text.
_COUNTED_AT_ONCE = 1_000
WORTH_INT8_CHARS = 20_000
"""From so much text on, encoding in 8 bits makes up for the tenth of a second that it takes
to make it ready."""

_logger = logging.getLogger(__name__)


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

    The model that comes along is run by onnxruntime, and needs no torch.

    Args:
        model: None for the model that comes along; else a name or a path, by
            sentence-transformers' own rules.
        allow_download: Whether a name that is not on this machine may be
            fetched from the model hub.
        precision: ``"float32"``, or ``"auto"`` for less where the processor is faster
            at it and a self-check finds the vectors unchanged: for the documents of the
            model that comes along 8 bits, for other models bfloat16.

    Safe to use from several threads.
    """

    def __init__(
        self, model: str | None = None, *, allow_download: bool = False, precision: str = "auto"
    ) -> None:
        self._name = model
        self._allow_download = allow_download
        self._precision = precision
        self._load_lock = threading.Lock()
        self._light: OnnxEncoder | None = None
        self._can_be_light = model is None
        self._full_lock = threading.Lock()
        self._full: SentenceTransformerEncoder | None = None

    @property
    def identity(self) -> ModelIdentity:
        """The model; of one that does not come along, it has to be loaded first."""
        if self._name is None:
            return ModelIdentity(DEFAULT_MODEL, DEFAULT_MODEL_SHA256, DEFAULT_MODEL_DIMENSION)
        full = self._loaded_encoder()
        return ModelIdentity(self._name, full.sha256, full.dimension)

    @property
    def is_loaded(self) -> bool:
        """Whether a question need not wait for the model."""
        return bool(self._light or self._full)

    @functools.cached_property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads, special tokens not included."""
        return self._loaded().max_tokens

    def load(self) -> None:
        """Load the model now, so that the first question need not wait.

        Raises:
            ModelMissing: There is no such model on this machine.
            ModelCorrupt: The files of the model that comes along were changed.
        """
        self._loaded()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not included."""
        counts: list[int] = []
        for first in range(0, len(texts), _COUNTED_AT_ONCE):
            counts += self._loaded().count_tokens(texts[first : first + _COUNTED_AT_ONCE])
        return counts

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return ``(n, dimension)`` float32 of unit length, in the order of ``texts``.

        Texts of about one length share a batch, since padding costs as much as text.

        Raises:
            InputError: One of the texts is blank.
        """
        _refuse_blank(texts)
        vectors = np.empty((len(texts), self.identity.dimension), dtype=np.float32)
        model = self._loaded()
        if self._light and self._is_worth_int8(texts):
            self._light.enable_int8()
        longest_first = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for first in range(0, len(texts), _BATCH_SIZE):
            batch = longest_first[first : first + _BATCH_SIZE]
            vectors[batch] = model.encode_documents([texts[i] for i in batch])
            if progress:
                progress(min(first + _BATCH_SIZE, len(texts)), len(texts))
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """Return ``(dimension,)`` float32 of unit length.

        Raises:
            InputError: The text is blank.
        """
        _refuse_blank([text])
        return self._loaded().encode_query(text)

    def _is_worth_int8(self, texts: Sequence[str]) -> bool:
        long = sum(map(len, texts)) >= WORTH_INT8_CHARS
        return long and self._precision == "auto" and has_fast_int8()

    def _loaded(self) -> OnnxEncoder | SentenceTransformerEncoder:
        """Return what answers a question soonest."""
        if self._light is None and self._can_be_light:
            with self._load_lock:
                if self._light is None and self._can_be_light:
                    self._light = _onnx_encoder()
                    self._can_be_light = self._light is not None
        return self._light or self._loaded_encoder()

    def _loaded_encoder(self) -> SentenceTransformerEncoder:
        if self._full is None:
            with self._full_lock:
                if self._full is None:
                    self._full = self._load_encoder()
        return self._full

    def _load_encoder(self) -> SentenceTransformerEncoder:
        from index.embedding.sentence_transformer import SentenceTransformerEncoder

        folder = str(default_model_folder()) if self._name is None else self._name
        return SentenceTransformerEncoder.load(
            folder, allow_download=self._allow_download, precision=self._precision
        )


def _onnx_encoder() -> OnnxEncoder | None:
    """Return the default model by onnxruntime; None if it does not do here what it should."""
    from index.embedding.onnx_encoder import OnnxEncoder

    try:
        encoder = OnnxEncoder.default()
        if encoder.matches_reference():
            return encoder
        reason = "its vectors are not the model's"
    except ModelError:
        raise
    except Exception as error:  # onnxruntime raises what it likes
        reason = str(error)
    _logger.warning("The model is run by torch, which takes seconds to load: %s.", reason)
    return None


def _refuse_blank(texts: Sequence[str]) -> None:
    # The model gives a unit vector even for "", which would match at random.
    if any(not text.strip() for text in texts):
        msg = "A blank text has no meaning to embed."
        raise InputError(msg)
