"""What the record tells the indexes that are derived from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from index.types import Chunk


class Revision(NamedTuple):
    """A state of the record: how many changes it has seen, and the last one's random token."""

    generation: int
    token: int


NEW = Revision(0, 0)
"""A record that nothing was added to yet."""


@dataclass(frozen=True, slots=True)
class Change:
    """The chunks ``first_chunk`` … ``last_chunk`` that came (``added``) or went."""

    added: bool
    first_chunk: int
    last_chunk: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as recorded, with its id, which no other chunk ever gets."""

    id: int
    chunk: Chunk


_STEP = 10_000


def steps(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the (first, last) of runs of ids that are small enough to be read at once."""
    for start in range(first, last + 1, _STEP):
        yield start, min(start + _STEP - 1, last)
