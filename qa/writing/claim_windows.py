"""Tokenize claims with their evidence for the checking model.

A window is ``[CLS] claim [SEP] evidence [SEP]``, as for BERT's sentence pairs (Devlin et al. 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.types import Span
from qa.reading.model import PairTokenizer

MAX_CLAIM_TOKENS = 128
"""Longer claims are cut at their end, see :attr:`ClaimWindow.cut_at`."""


@dataclass(frozen=True, slots=True)
class ClaimWindow:
    """The tokens of a claim and of its evidence, or of a part of it."""

    ids: tuple[int, ...]
    evidence_at: int
    """Position in ``ids`` of the first token of the evidence."""
    offsets: tuple[Span, ...]
    """Offsets in the claim of its tokens, which begin at position 1."""
    cut_at: int | None = None
    """Offset in the claim of the first token that is left out; None if none is."""


class ClaimTokenizer:
    """Makes windows. Safe to use from several threads.

    Args:
        definition: The bytes of a ``tokenizer.json``.
    """

    def __init__(self, definition: bytes) -> None:
        self._tokenizer = PairTokenizer(definition, max_question_tokens=MAX_CLAIM_TOKENS)

    def windows(self, pairs: Sequence[tuple[str, str]]) -> list[list[ClaimWindow]]:
        """Return the windows of each pair of claim and evidence, at least one."""
        encoded = self._tokenizer.encode([text for pair in pairs for text in pair])
        found = []
        for claim, evidence in zip(encoded[::2], encoded[1::2], strict=True):
            offsets = tuple(Span(*pair) for pair in claim.offsets[:MAX_CLAIM_TOKENS])
            left_out = claim.offsets[MAX_CLAIM_TOKENS:]
            cut_at = left_out[0][0] if left_out else None
            windows = self._tokenizer.windows(claim, evidence)
            found.append([ClaimWindow(w.ids, w.passage_at, offsets, cut_at) for w in windows])
        return found
