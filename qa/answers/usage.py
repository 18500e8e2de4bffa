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

    def after(self, earlier: Usage | None) -> Usage:
        """Return the cost of two replies, this one after ``earlier``."""
        if earlier is None:
            return self
        first = self.first_word_seconds
        return Usage(
            _sum(earlier.prompt_tokens, self.prompt_tokens),
            _sum(earlier.written_tokens, self.written_tokens),
            earlier.seconds + self.seconds,
            None if first is None else earlier.seconds + first,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the usage from the values of :meth:`to_dict`."""
        return cls(**data)


def _sum(*counts: int | None) -> int | None:
    """Return the sum of the counts that are known; None if none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
