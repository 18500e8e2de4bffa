"""Load and run the reading model: for each token of a passage, does an answer start or end there?

Its input is ``[CLS] question [SEP] passage [SEP]``, as for BERT's readers (Devlin et al. 2019).
A passage that is too long for one window is read in several, which overlap.

``training/reader`` makes the model. It is shipped in ``qa/reading_model`` with its licence and
its card, and run by onnxruntime, which loads in a tenth of the time that torch takes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelCorrupt, ModelMissing
from index.types import Span

if TYPE_CHECKING:
    from tokenizers import Encoding

_Parsed = TypeVar("_Parsed")

MANIFEST = "reader.json"
"""Lists the model's files with their SHA-256, and where the weights come from."""
WEIGHTS = "reader.onnx"
TOKENIZER = "tokenizer.json"
CALIBRATION = "calibration.json"
_REINSTALL = "The installation is incomplete. Reinstall article-qa."

MAX_TOKENS = 384
STRIDE = 128
"""The least number of tokens that neighbouring windows of a long passage share."""
MAX_QUESTION_TOKENS = 64

INPUTS = ("ids", "attention", "types")
"""Each int64 ``(n, length)``."""
OUTPUTS = ("start", "end", "has_answer")
"""float32: two of ``(n, length)``, one of ``(n,)``."""


def shipped_folder() -> Traversable:
    """Return the folder of the shipped model."""
    return resources.files("qa") / "reading_model"


def read_manifest(folder: Traversable) -> dict[str, Any]:
    """Return the manifest of the model in ``folder``.

    Raises:
        ModelMissing: The manifest is missing.
        ModelCorrupt: It is not JSON, or does not list the files.
    """

    def parse(manifest: dict[str, Any]) -> dict[str, Any]:
        files = manifest["files"]
        return manifest | {"files": {name: files[name] for name in (WEIGHTS, TOKENIZER)}}

    return read_json(folder, MANIFEST, parse)


def read_json(folder: Traversable, name: str, parse: Callable[[Any], _Parsed]) -> _Parsed:
    """Return the JSON of a file, converted by ``parse``.

    Raises:
        ModelMissing: The file is missing.
        ModelCorrupt: It is not JSON, or ``parse`` raises ValueError, KeyError or TypeError.
    """
    data = _read_bytes(folder, name)
    try:
        return parse(json.loads(data))
    except (ValueError, KeyError, TypeError) as error:
        msg = f"The model file {name} is damaged ({error!r}). {_REINSTALL}"
        raise ModelCorrupt(msg) from error


def read_checked(folder: Traversable, name: str, sha256: str) -> bytes:
    """Return the bytes of a model's file.

    Raises:
        ModelMissing: The file is missing.
        ModelCorrupt: It does not match its hash.
    """
    data = _read_bytes(folder, name)
    if hashlib.sha256(data).hexdigest() != sha256:
        msg = f"The model file {name} does not match its hash in {MANIFEST}. {_REINSTALL}"
        raise ModelCorrupt(msg)
    return data


def _read_bytes(folder: Traversable, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        msg = f"The model file {name} cannot be read ({error.strerror}). {_REINSTALL}"
        raise ModelMissing(msg) from error


@dataclass(frozen=True, slots=True)
class Window:
    """The tokens of a question and of a passage, or of a part of it."""

    ids: tuple[int, ...]
    passage_at: int
    """Position in ``ids`` of the first passage token; the last one is before the final [SEP]."""
    first: int
    """Position of that token in the whole passage."""
    offsets: tuple[Span, ...]
    """Offsets of each passage token in the passage's text."""


@dataclass(frozen=True, slots=True)
class WindowLogits:
    """The model's output for one window, as logits."""

    window: Window
    start: NDArray[np.float32]
    """``(n,)``: an answer starts at each of the window's ``n`` passage tokens."""
    end: NDArray[np.float32]
    """``(n,)``: an answer ends there."""
    no_answer: float
    """The "no answer" span, start and end added."""
    has_answer: float
    """The window answers the question."""
    inside: NDArray[np.float32] | None = None
    """``(n,)``: a token is in a member of the answer; None for the small model."""
    verdict: NDArray[np.float32] | None = None
    """``(3,)``: the answer is words of the passage, "yes" or "no"; None for the small model."""


class Turn(NamedTuple):
    """An earlier question and its answer, which may be empty."""

    question: str
    answer: str


class WindowReader(Protocol):
    """A model that returns logits for the tokens of passages."""

    def read(
        self, question: str, texts: Sequence[str], titles: Sequence[str] = (), history: str = ""
    ) -> list[list[WindowLogits]]:
        """Return, for each text, the logits of its windows, in the order of the text.

        Args:
            question: What is asked.
            texts: The passages.
            titles: The title of each passage's article; none if empty.
            history: Earlier questions with their answers, the latest last.
        """


class PairTokenizer:
    """Tokenizes questions and passages into windows. Safe to use from several threads.

    Args:
        definition: The bytes of a ``tokenizer.json``.
        max_tokens: Length of a window, special tokens included.
        stride: The least number of tokens that neighbouring windows share.
        max_question_tokens: Longer questions are truncated.
    """

    def __init__(
        self,
        definition: bytes,
        max_tokens: int = MAX_TOKENS,
        stride: int = STRIDE,
        max_question_tokens: int = MAX_QUESTION_TOKENS,
    ) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_buffer(definition)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._max_tokens, self._stride = max_tokens, stride
        self._max_question_tokens = max_question_tokens
        self._cls, self._sep = self._tokenizer.encode("").ids

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Return the tokens of each text, without special tokens."""
        return self._tokenizer.encode_batch(list(texts), add_special_tokens=False)

    def windows(
        self, question: Encoding, passage: Encoding, context: Sequence[Sequence[int]] = ()
    ) -> Iterator[Window]:
        """Yield the windows of a question and a passage, at least one.

        Args:
            question: Truncated at its end, or, with ``context``, at its start, for models trained
                on questions after long preambles.
            passage: What is searched for the answer.
            context: Token ids between question and passage, each followed by a separator:
                earlier turns, a title.
        """
        most = self._max_question_tokens
        kept = slice(-most, None) if context else slice(most)
        context_ids = (token for part in context for token in (*part, self._sep))
        prefix = (self._cls, *question.ids[kept], self._sep, *context_ids)
        room = self._max_tokens - len(prefix) - 1
        ids, offsets = passage.ids, passage.offsets  # each access copies the whole list
        for first in _window_starts(len(ids), room, self._stride):
            part = slice(first, first + room)
            spans = tuple(Span(*pair) for pair in offsets[part])
            yield Window((*prefix, *ids[part], self._sep), len(prefix), first, spans)


def _window_starts(tokens: int, room: int, stride: int) -> list[int]:
    """Return where windows of ``room`` tokens start; neighbours share ``stride`` or more."""
    starts = [0]
    while starts[-1] + room < tokens:
        starts.append(min(starts[-1] + room - stride, tokens - room))
    return starts


class SpanModel:
    """Reads passages for the answer to a question. Safe to use from several threads.

    Args:
        files: The contents of WEIGHTS and TOKENIZER, by name; see :meth:`shipped`.
        threads: How many cores one call uses; 0 for all.
    """

    def __init__(self, files: Mapping[str, bytes], threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that wait by spinning take the cores from everything else.
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
        except Exception as error:  # onnxruntime and tokenizers raise exceptions of many types
            msg = f"The reading model cannot be loaded: {error}. {_REINSTALL}"
            raise ModelCorrupt(msg) from error

    @classmethod
    def shipped(cls, folder: Traversable | None = None) -> Self:
        """Load the model in ``folder``, by default the shipped one.

        Raises:
            ModelMissing: A file is missing.
            ModelCorrupt: A file does not match its hash, or cannot be loaded.
        """
        folder = folder or shipped_folder()
        hashes = read_manifest(folder)["files"]
        return cls({name: read_checked(folder, name, hashes[name]) for name in hashes})

    def read(
        self,
        question: str,
        texts: Sequence[str],
        titles: Sequence[str] = (),  # noqa: ARG002 - see below
        history: str = "",  # noqa: ARG002
    ) -> list[list[WindowLogits]]:
        """Return, for each text, the logits of its windows, in the order of the text.

        This model was trained without titles and earlier turns, and ignores them.
        """
        encoded_question, *passages = self._tokenizer.encode([question, *texts])
        return [
            [self._run(window) for window in self._tokenizer.windows(encoded_question, passage)]
            for passage in passages
        ]

    def _run(self, window: Window) -> WindowLogits:
        # No batches: one window of this length keeps the cores busy, and needs no padding.
        ids = np.array([window.ids], dtype=np.int64)
        types = np.zeros_like(ids)
        types[:, window.passage_at :] = 1
        inputs = dict(zip(INPUTS, (ids, np.ones_like(ids), types), strict=True))
        start, end, has_answer = self._session.run(list(OUTPUTS), inputs)
        passage = slice(window.passage_at, window.passage_at + len(window.offsets))
        no_answer = float(start[0, 0] + end[0, 0])
        return WindowLogits(
            window, start[0, passage], end[0, passage], no_answer, float(has_answer[0])
        )
