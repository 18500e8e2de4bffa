"""The stems of a text, by sentence: what a question's words are looked up in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from index.lexical import stems, stop_stems

_GAP = " "  # no stem has white space in it


@dataclass(frozen=True, slots=True)
class SentenceWords:
    """Which stems each sentence of a text has, and which stand side by side in the text."""

    sentences: dict[str, int]
    """The sentences that a stem is in, as bits: the first is 1, the second 2, the third 4."""
    content: str
    """The stems in order, function words apart, each with a space before and after it."""

    @classmethod
    def of(cls, sentences: Sequence[str]) -> Self:
        """Return the words of a text in these sentences."""
        found: dict[str, int] = {}
        content = []
        for number, sentence in enumerate(sentences):
            words = stems(sentence)
            for stem in words:
                found[stem] = found.get(stem, 0) | 1 << number
            content += [stem for stem in words if stem not in stop_stems()]
        return cls(found, f"{_GAP}{_GAP.join(content)}{_GAP}")


def side_by_side(first: str, second: str) -> str:
    """Return what ``content`` holds where these two stems stand side by side."""
    return f"{_GAP}{first}{_GAP}{second}{_GAP}"
