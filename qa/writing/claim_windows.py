"""Tokenize claims with their evidence for the checking model.

A window is ``[CLS] claim [SEP] evidence [SEP]``, as for BERT's sentence pairs (Devlin et al. 2019).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.types import Span

if TYPE_CHECKING:
    from tokenizers import Encoding

MAX_TOKENS = 384
MAX_CLAIM_TOKENS = 128
"""Longer claims are cut at their end."""
_SHARED = 64
"""The number of tokens that neighbouring windows of long evidence share."""


@dataclass(frozen=True, slots=True)
class ClaimWindow:
    """The tokens of a claim and of its evidence, or of a part of it."""

    ids: tuple[int, ...]
    evidence_at: int
    """Position in ``ids`` of the first token of the evidence."""
    offsets: tuple[Span, ...]
    """Offsets in the claim of its tokens, which begin at position 1."""


class ClaimTokenizer:
    """Makes windows. Safe to use from several threads.

    Args:
        definition: The bytes of a ``tokenizer.json``.
    """

    def __init__(self, definition: bytes) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_buffer(definition)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._cls, self._sep = self._tokenizer.encode("").ids

    def windows(self, pairs: Sequence[tuple[str, str]]) -> list[list[ClaimWindow]]:
        """Return the windows of each pair of claim and evidence, at least one."""
        texts = [text for pair in pairs for text in pair]
        encoded = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        halves = zip(encoded[::2], encoded[1::2], strict=True)
        return [list(self._of(claim, evidence)) for claim, evidence in halves]

    def _of(self, claim: Encoding, evidence: Encoding) -> Iterator[ClaimWindow]:
        prefix = (self._cls, *claim.ids[:MAX_CLAIM_TOKENS], self._sep)
        offsets = tuple(Span(*pair) for pair in claim.offsets[:MAX_CLAIM_TOKENS])
        room = MAX_TOKENS - len(prefix) - 1
        ids = evidence.ids  # each access copies the whole list
        first = 0
        while True:
            yield ClaimWindow(
                (*prefix, *ids[first : first + room], self._sep), len(prefix), offsets
            )
            if first + room >= len(ids):
                return
            first = min(first + room - _SHARED, len(ids) - room)
