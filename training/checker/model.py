"""Define the checking model: the reading model's encoder with heads for relation and words."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.checker.features import ClaimBatch
from training.checker.pairs import RELATIONS
from training.reader.model import HEADS, ReaderModel
from training.reader.pretrained import Start

_HEAD_SCALE = 0.02


class ClaimLogits(NamedTuple):
    """The outputs of a model for ``n`` windows."""

    relation: NDArray[np.float32]
    """``(n, relations)``, in the order of RELATIONS."""
    unsupported: NDArray[np.float32]
    """``(n, length)``: the evidence does not support a token; meaningless outside the claim."""


class CheckerModel(nn.Module):
    """The encoder and its heads.

    The word table stays that of the embedding model, so that it need not be shipped again.

    Args:
        encoder: A reading model, whose own heads are not used.
    """

    def __init__(self, encoder: ReaderModel) -> None:
        super().__init__()
        self.encoder = encoder
        for name, parameter in encoder.named_parameters():
            parameter.requires_grad = not name.startswith((*HEADS, "words."))
        self.relation = nn.Linear(encoder.shape.width, len(RELATIONS))
        self.unsupported = nn.Linear(encoder.shape.width, 1)
        for head in (self.relation, self.unsupported):
            nn.init.normal_(head.weight, std=_HEAD_SCALE)
            nn.init.zeros_(head.bias)

    @classmethod
    def start(cls, reader: Path | None) -> CheckerModel:
        """Return the model before the first step.

        Args:
            reader: The ONNX file of a small reading model; None to start from the embedding model.
        """
        published = Start().model(0.0)
        if reader is None:
            return cls(published)
        encoder = Start(reader).model(0.0)
        encoder.words.load_state_dict(published.words.state_dict())
        return cls(encoder)

    def forward(self, ids: Tensor, attention: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of the relation and of the tokens; see ClaimLogits."""
        states = self.encoder.states(ids, attention, types)
        return self.relation(states[:, 0]), self.unsupported(states)[..., 0]

    def logits(self, batch: ClaimBatch) -> ClaimLogits:
        """Return the logits of ``batch``."""
        with torch.inference_mode():
            found = self(batch.ids, batch.attention, batch.types)
        return ClaimLogits(*(each.float().numpy() for each in found))
