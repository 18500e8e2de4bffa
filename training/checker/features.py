"""Convert pairs to token windows with labels, and to batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from index.types import Span, overlap
from qa.reading.model import TOKENIZER
from qa.writing.claim_windows import ClaimTokenizer
from training.checker.pairs import RELATIONS, Pair
from training.reader.saving import write_whole

_ENCODED_AT_ONCE = 1000
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """The tokens of a claim and its evidence, with what is right."""

    ids: tuple[int, ...]
    evidence_at: int
    """Position of the first token of the evidence; the claim's begin at 1."""
    relations: tuple[int, ...]
    """Indices of RELATIONS, one of which is right."""
    unsupported: tuple[int, ...]
    """1 for each token of the claim without support, 0 for the others, or all UNKNOWN."""
    kind: str


@dataclass(frozen=True, slots=True)
class ClaimBatch:
    """Windows padded to one length: ``(n, length)``."""

    ids: torch.Tensor
    attention: torch.Tensor
    types: torch.Tensor
    relations: torch.Tensor
    """Bool ``(n, relations)``: what may be right."""
    unsupported: torch.Tensor
    """float32, 1 where a token of the claim has no support."""
    labelled: torch.Tensor
    """Bool, the tokens of the claim where this is known."""


class ClaimWindowMaker:
    """Converts pairs to windows with the tokenizer of the embedding model in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = ClaimTokenizer((folder / TOKENIZER).read_bytes())

    def windows(self, pairs: Iterable[Pair]) -> Iterator[LabelledWindow]:
        """Yield the first window of each pair, in their order."""
        rest = iter(pairs)
        while some := list(islice(rest, _ENCODED_AT_ONCE)):
            made = self._tokenizer.windows([(pair.claim, pair.evidence) for pair in some])
            for pair, (window, *_) in zip(some, made, strict=True):
                labels = tuple(_labels(pair.unsupported, window.offsets))
                yield LabelledWindow(
                    window.ids, window.evidence_at, pair.relations, labels, pair.kind
                )


def collate(windows: Sequence[LabelledWindow]) -> ClaimBatch:
    """Return the windows as tensors, padded to the longest."""
    length = max(len(window.ids) for window in windows)
    ids = torch.zeros(len(windows), length, dtype=torch.long)
    attention, types, labelled = (torch.zeros(ids.shape).bool() for _ in range(3))
    unsupported = torch.zeros(ids.shape)
    relations = torch.zeros(len(windows), len(RELATIONS)).bool()
    for row, window in enumerate(windows):
        size = len(window.ids)
        ids[row, :size] = torch.tensor(window.ids)
        attention[row, :size] = True
        types[row, window.evidence_at : size] = True
        relations[row, list(window.relations)] = True
        labels = torch.tensor(window.unsupported)
        claim = slice(1, 1 + len(labels))
        labelled[row, claim] = labels != UNKNOWN
        unsupported[row, claim] = (labels == 1).float()
    return ClaimBatch(ids, attention, types.long(), relations, unsupported, labelled)


def save_batches(path: Path, found: Sequence[Sequence[LabelledWindow]]) -> None:
    """Write the batches of an epoch, so that a resumed run reads the same ones."""
    windows = [window for batch in found for window in batch]
    arrays = {
        "ids": np.concatenate([np.array(w.ids, dtype=np.int32) for w in windows]),
        "lengths": np.array([len(w.ids) for w in windows]),
        "evidence": np.array([w.evidence_at for w in windows]),
        "relations": np.array([sum(1 << r for r in w.relations) for w in windows]),
        "unsupported": np.concatenate([np.array(w.unsupported, np.int8) for w in windows]),
        "claims": np.array([len(w.unsupported) for w in windows]),
        "kinds": np.array([w.kind for w in windows]),
        "batches": np.array([len(batch) for batch in found]),
    }
    write_whole(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type] # its stub


def load_batches(path: Path) -> list[list[LabelledWindow]]:
    """Load what :func:`save_batches` wrote."""
    with np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    ids = np.split(stored["ids"], np.cumsum(stored["lengths"])[:-1])
    labels = np.split(stored["unsupported"], np.cumsum(stored["claims"])[:-1])
    rows = zip(
        ids, stored["evidence"].tolist(), stored["relations"].tolist(), labels,
        stored["kinds"].tolist(), strict=True,
    )  # fmt: skip
    windows = (
        LabelledWindow(
            tuple(tokens.tolist()),
            evidence_at,
            tuple(place for place in range(len(RELATIONS)) if mask >> place & 1),
            tuple(known.tolist()),
            kind,
        )
        for tokens, evidence_at, mask, known, kind in rows
    )
    return [list(islice(windows, size)) for size in stored["batches"].tolist()]


def _labels(unsupported: Sequence[Span] | None, offsets: Sequence[Span]) -> Iterator[int]:
    for offset in offsets:
        if unsupported is None:
            yield UNKNOWN
        else:
            yield int(any(overlap(offset, span) for span in unsupported))
