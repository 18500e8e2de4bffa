"""What a language model's reply cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens and the time of a reply."""

    prompt_tokens: int | None
    """Tokens that the model read; None if it did not say."""
    written_tokens: int | None
    """Tokens that the model wrote; None if it did not say."""
    seconds: float
    """From the request to the end of the reply."""
    first_word_seconds: float | None
    """From the request to the first word; None if there was none."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the usage from the values of :meth:`to_dict`."""
        return cls(**data)
