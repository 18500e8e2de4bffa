"""What the writer needs of a language model, whichever it is."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import Literal, NamedTuple, Protocol

CHARS_PER_TOKEN = 8
"""The most characters of a reply for each token it may have. Words of prose have four or five."""


class Message(NamedTuple):
    """A message of a chat with a language model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Ending(NamedTuple):
    """How a reply ended."""

    prompt_tokens: int | None
    """Tokens that the model read; None if it does not say."""
    written_tokens: int | None
    """Tokens that the model wrote; None if it does not say."""
    complete: bool
    """Whether the model ended the reply itself, not a limit on its length."""


class ModelFault(Exception):
    """A language model gave no usable reply. The message is one line for the user."""


class LanguageModel(Protocol):
    """A language model that continues a chat. Safe to use from several threads."""

    @property
    def name(self) -> str:
        """The name that is shown beside an answer."""

    @property
    def context_tokens(self) -> int:
        """The number of tokens that a prompt and its reply may have together."""

    def write(
        self, messages: Sequence[Message], *, max_tokens: int, stopped: threading.Event
    ) -> Generator[str, None, Ending]:
        """Yield the reply in pieces as they arrive; return how it ended.

        Closing the generator ends the model's work, also if it is on a server; so does
        ``stopped``, after which the generator returns within a fraction of a second.

        Raises:
            ModelFault: There is no reply, or it broke off.
        """

    def close(self) -> None:
        """Free what the model holds. It must not be used afterwards."""
