"""Define a claim with its evidence and what the evidence says about it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from index.types import Span

RELATIONS = ("supported", "not_mentioned", "contradicted")
"""What evidence may say about a claim, in the order of the model's outputs."""
SUPPORTED, NOT_MENTIONED, CONTRADICTED = range(3)
NOT_SUPPORTED = (NOT_MENTIONED, CONTRADICTED)
"""For a claim of which it is not known which of the two."""

_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and sentences that may support it."""

    claim: str
    evidence: str
    relations: tuple[int, ...]
    """Indices of RELATIONS, one of which is right."""
    unsupported: tuple[Span, ...] | None
    """Offsets in the claim of the words without support; None if they are not known."""
    kind: str
    """How it was made, or the name of its source."""

    @property
    def is_supported(self) -> bool:
        """Whether the evidence supports all of the claim."""
        return self.relations == (SUPPORTED,)


def changed_spans(before: str, after: str) -> tuple[Span, ...]:
    """Return the places in ``after`` of words that ``before`` does not have there.

    Where words were only removed, the next word is marked, or the last one.
    """
    old = _TOKEN.findall(before)
    new = list(_TOKEN.finditer(after))
    matcher = difflib.SequenceMatcher(None, old, [m.group() for m in new], autojunk=False)
    found = []
    for what, _, _, first, last in matcher.get_opcodes():
        if what == "equal" or not new:
            continue
        start = min(first, len(new) - 1)
        found.append(Span(new[start].start(), new[max(last - 1, start)].end()))
    return tuple(found)
