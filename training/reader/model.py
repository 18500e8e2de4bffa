"""Define the reading model: an encoder with heads for span, verdict, members and answerability.

It is BERT (Devlin et al. 2019), implemented here so that a training step and the exported graph
contain only what is needed. The first token represents "no answer", as in the SQuAD 2.0 baseline of
the same paper. With relative positions it is MPNet (Song et al. 2020), from which the teacher
starts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.reader.features import VERDICTS, Batch


class Logits(NamedTuple):
    """The outputs of a model for ``n`` windows."""

    start: NDArray[np.float32]
    """``(n, length)``, as is ``end``."""
    end: NDArray[np.float32]
    has_answer: NDArray[np.float32]
    """``(n,)``."""
    verdict: NDArray[np.float32] | None = None
    """``(n, 3)``: words, yes and no, given that there is an answer; missing in older files."""
    inside: NDArray[np.float32] | None = None
    """``(n, length)``: a token is in a member of the answer; missing in older files."""


class Outputs(NamedTuple):
    """The same as tensors."""

    start: Tensor
    end: Tensor
    has_answer: Tensor
    verdict: Tensor
    inside: Tensor


HEADS = ("span.", "has_answer.", "verdict.", "inside.")
"""Prefixes of the names of their weights."""
_HEAD_SCALE = 0.02
_FARTHEST = 128
"""Tokens; all larger distances share one bucket, as in MPNet and T5."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The sizes of the network; the defaults are all-MiniLM-L6-v2's."""

    layers: int = 6
    width: int = 384
    heads: int = 12
    inner: int = 1536
    vocabulary: int = 30522
    positions: int = 512
    relative_buckets: int = 0
    """The number of buckets of relative positions; 0 for none."""
    norm_epsilon: float = 1e-12


MPNET_BASE = ModelShape(layers=12, width=768, inner=3072, relative_buckets=32, norm_epsilon=1e-5)


class Layer(nn.Module):
    """One layer of the encoder."""

    def __init__(self, shape: ModelShape, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, dropout
        self.attention_in = nn.Linear(shape.width, 3 * shape.width)
        self.attention_out = nn.Linear(shape.width, shape.width)
        self.attention_norm = nn.LayerNorm(shape.width, eps=shape.norm_epsilon)
        self.inner = nn.Linear(shape.width, shape.inner)
        self.outer = nn.Linear(shape.inner, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=shape.norm_epsilon)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the next ``(n, length, width)``; ``mask`` is added to the attention."""
        rows, length, width = hidden.shape
        size = width // self.heads
        parts = self.attention_in(hidden).view(rows, length, 3, self.heads, size)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        # The backward pass of torch's own attention takes twice as long on a CPU.
        weights = (query * size**-0.5) @ key.transpose(-1, -2) + mask
        seen = weights.softmax(-1) @ value
        seen = self.attention_out(seen.transpose(1, 2).reshape(rows, length, width))
        hidden = self.attention_norm(hidden + self._drop(seen))
        inner = self.outer(functional.gelu(self.inner(hidden)))
        return self.norm(hidden + self._drop(inner))  # type: ignore[no-any-return] # nn.Module's

    def _drop(self, hidden: Tensor) -> Tensor:
        return functional.dropout(hidden, self.dropout, self.training)


class ReaderModel(nn.Module):
    """The encoder and its heads."""

    def __init__(self, shape: ModelShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape, self.dropout = shape, dropout
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.types = nn.Embedding(2, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=shape.norm_epsilon)
        self.relative = (
            nn.Embedding(shape.relative_buckets, shape.heads) if shape.relative_buckets else None
        )
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.span = nn.Linear(shape.width, 2)
        self.has_answer = nn.Linear(shape.width, 1)
        self.verdict = nn.Linear(shape.width, len(VERDICTS))
        self.inside = nn.Linear(shape.width, 1)
        for head in (self.span, self.has_answer, self.verdict, self.inside):
            nn.init.normal_(head.weight, std=_HEAD_SCALE)
            nn.init.zeros_(head.bias)

    def forward(self, ids: Tensor, attention: Tensor, types: Tensor) -> Outputs:
        """Return the logits of ``n`` windows.

        Logits of tokens are not masked: the caller masks those of the question and of padding.
        """
        hidden = self.states(ids, attention, types)
        spans, first = self.span(hidden), hidden[:, 0]
        return Outputs(
            spans[..., 0],
            spans[..., 1],
            self.has_answer(first)[:, 0],
            self.verdict(first),
            self.inside(hidden)[..., 0],
        )

    def states(self, ids: Tensor, attention: Tensor, types: Tensor) -> Tensor:
        """Return the states of the last layer, ``(n, length, width)``."""
        places = torch.arange(ids.shape[1], device=ids.device)
        hidden = self.norm(self.words(ids) + self.positions(places) + self.types(types))
        hidden = functional.dropout(hidden, self.dropout, self.training)
        lowest = torch.finfo(hidden.dtype).min
        mask = (1.0 - attention.to(hidden.dtype))[:, None, None, :] * lowest
        if self.relative is not None:
            distances = _buckets(places, self.relative.num_embeddings)
            mask = mask + self.relative(distances).permute(2, 0, 1)
        for layer in self.layers:
            hidden = layer(hidden, mask)
        return hidden  # type: ignore[no-any-return] # nn.Module's

    def logits(self, batch: Batch) -> Logits:
        """Return the logits of ``batch``, without dropout."""
        was_training = self.training
        self.eval()
        with torch.inference_mode():
            batch = batch.to(self.span.weight.device.type)
            outputs = self(batch.ids, batch.attention, batch.types)
        self.train(was_training)
        return Logits(*(each.float().cpu().numpy() for each in outputs))


def _buckets(places: Tensor, count: int) -> Tensor:
    """Return ``(length, length)``: the bucket of the distance from each token to each.

    Half of the buckets are for preceding and half for following tokens; small distances have a
    bucket each, larger ones share buckets on a logarithmic scale (Raffel et al. 2020).
    """
    distance = places[:, None] - places[None, :]
    half = count // 2
    near = half // 2
    away = distance.abs()
    far = near + (
        (away.clamp(min=1).float() / near).log() / math.log(_FARTHEST / near) * (half - near)
    ).long().clamp(max=half - near - 1)
    return (distance < 0).long() * half + torch.where(away < near, away, far)
