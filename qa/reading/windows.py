"""Tokenize a question and a passage into the windows that the reading model reads.

``[CLS] question [SEP] passage [SEP]``, as BERT's readers have it (Devlin et al. 2019). A
passage that is too long for one window is read in several, which overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.types import Span

if TYPE_CHECKING:
    from tokenizers import Encoding

MAX_TOKENS = 384
STRIDE = 128
"""Tokens that neighbouring windows of a long passage share, at least."""
MAX_QUESTION_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Window:
    """The tokens of a question and of a passage, or of a part of it."""

    ids: tuple[int, ...]
    passage_at: int
    """Where the passage's tokens begin; they end before the last [SEP]."""
    first: int
    """Which token of the whole passage that is."""
    offsets: tuple[Span, ...]
    """Of each passage token, its place in the passage's text."""


@dataclass(frozen=True, slots=True)
class WindowLogits:
    """The model's output for one window; all values are logits."""

    window: Window
    start: NDArray[np.float32]
    """``(n,)``: of an answer that begins at each of the window's ``n`` passage tokens."""
    end: NDArray[np.float32]
    """``(n,)``: of one that ends there."""
    no_answer: float
    """Of the "no answer" span: start and end together."""
    has_answer: float
    """That the window answers the question at all."""


class WindowReader(Protocol):
    """A model that returns logits for the tokens of passages."""

    def read(self, question: str, texts: Sequence[str]) -> list[list[WindowLogits]]:
        """Return, for each text, the logits of its windows, in the order of the text."""


class PairTokenizer:
    """Cuts questions and passages into windows. Safe to use from several threads.

    Args:
        definition: The bytes of a ``tokenizer.json``.
        max_tokens: Of a window, special tokens included.
        stride: Tokens that neighbouring windows share, at least.
    """

    def __init__(
        self, definition: bytes, max_tokens: int = MAX_TOKENS, stride: int = STRIDE
    ) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_buffer(definition)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._max_tokens, self._stride = max_tokens, stride
        self._cls, self._sep = self._tokenizer.encode("").ids

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Return the tokens of each text, without special ones."""
        return self._tokenizer.encode_batch(list(texts), add_special_tokens=False)

    def windows(
        self, question: Encoding, passage: Encoding, before: Sequence[Sequence[int]] = ()
    ) -> Iterator[Window]:
        """Yield the windows of a pair, at least one; a long question is cut.

        Args:
            question: Of what is too long the first tokens are kept; the last ones with
                ``before``, for models that know questions after long preambles.
            passage: What is read for the answer.
            before: Token ids that are read between question and passage, each followed by
                a separator: earlier turns, a title.
        """
        kept = slice(-MAX_QUESTION_TOKENS, None) if before else slice(MAX_QUESTION_TOKENS)
        read_along = (token for part in before for token in (*part, self._sep))
        head = (self._cls, *question.ids[kept], self._sep, *read_along)
        room = self._max_tokens - len(head) - 1
        ids, places = passage.ids, passage.offsets  # each copies all of them
        for first in _window_starts(len(ids), room, self._stride):
            part = slice(first, first + room)
            offsets = tuple(Span(*place) for place in places[part])
            yield Window((*head, *ids[part], self._sep), len(head), first, offsets)


def _window_starts(tokens: int, room: int, stride: int) -> list[int]:
    """Return where windows of ``room`` tokens begin; neighbours share ``stride`` or more."""
    starts = [0]
    while starts[-1] + room < tokens:
        starts.append(min(starts[-1] + room - stride, tokens - room))
    return starts
