"""The reading model: BERT with heads for the answer's start, its end, and whether there is one.

BERT as Devlin et al. 2019, written out so that a training step and the exported graph
hold nothing that is not needed. The first token stands for "no answer", as in the
SQuAD 2.0 baseline of the same paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from bench.reader.features import Batch

Logits: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Of start and end ``(n, length)``, and of an answer ``(n,)``."""

_NORM_EPSILON = 1e-12
_HEAD_SCALE = 0.02


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The sizes of the network; the defaults are all-MiniLM-L6-v2's."""

    layers: int = 6
    width: int = 384
    heads: int = 12
    inner: int = 1536
    vocabulary: int = 30522
    positions: int = 512


class Layer(nn.Module):
    """One layer of the encoder."""

    def __init__(self, shape: ModelShape, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, dropout
        self.attention_in = nn.Linear(shape.width, 3 * shape.width)
        self.attention_out = nn.Linear(shape.width, shape.width)
        self.attention_norm = nn.LayerNorm(shape.width, eps=_NORM_EPSILON)
        self.inner = nn.Linear(shape.width, shape.inner)
        self.outer = nn.Linear(shape.inner, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=_NORM_EPSILON)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the next ``(n, length, width)``; ``mask`` is added to the attention."""
        rows, length, width = hidden.shape
        parts = self.attention_in(hidden).view(rows, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
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
        self.dropout = dropout
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.types = nn.Embedding(2, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=_NORM_EPSILON)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.span = nn.Linear(shape.width, 2)
        self.has_answer = nn.Linear(shape.width, 1)
        for head in (self.span, self.has_answer):
            nn.init.normal_(head.weight, std=_HEAD_SCALE)
            nn.init.zeros_(head.bias)

    def forward(
        self, ids: Tensor, attention: Tensor, types: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the logits of start and end ``(n, length)``, and of an answer ``(n,)``.

        The span logits are raw: the question's tokens and padding are for the caller to mask.
        """
        places = torch.arange(ids.shape[1], device=ids.device)
        hidden = self.norm(self.words(ids) + self.positions(places) + self.types(types))
        hidden = functional.dropout(hidden, self.dropout, self.training)
        lowest = torch.finfo(hidden.dtype).min
        mask = (1.0 - attention.to(hidden.dtype))[:, None, None, :] * lowest
        for layer in self.layers:
            hidden = layer(hidden, mask)
        spans = self.span(hidden)
        return spans[..., 0], spans[..., 1], self.has_answer(hidden[:, 0])[:, 0]

    def logits(self, batch: Batch) -> Logits:
        """Return the logits of ``batch``, without dropout."""
        was_training = self.training
        self.eval()
        with torch.inference_mode():
            start, end, has_answer = self(batch.ids, batch.attention, batch.types)
        self.train(was_training)
        return start.numpy(), end.numpy(), has_answer.numpy()


def pretrained(folder: Path, shape: ModelShape, dropout: float) -> ReaderModel:
    """Return a model that starts from the BERT of ``folder``; its heads are random."""
    model = ReaderModel(shape, dropout)
    missing, unexpected = model.load_state_dict(
        _renamed(load_file(folder / "model.safetensors"), shape.layers), strict=False
    )
    heads = {"span.weight", "span.bias", "has_answer.weight", "has_answer.bias"}
    assert (set(missing), unexpected) == (heads, []), (missing, unexpected)
    return model


def loss_of(model: ReaderModel, batch: Batch, has_answer_weight: float) -> Tensor:
    """Return the mean over start and end of their cross entropy, plus that of the answer."""
    start, end, has_answer = model(batch.ids, batch.attention, batch.types)
    place = [
        functional.cross_entropy(logits.masked_fill(~batch.spans, -1e4), target)
        for logits, target in ((start, batch.start), (end, batch.end))
    ]
    presence = functional.binary_cross_entropy_with_logits(has_answer, batch.has_answer)
    return (place[0] + place[1]) / 2 + has_answer_weight * presence


def _renamed(bert: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Return the tensors of a published BERT under our names."""
    found = {}
    for ours, theirs in {
        "words.weight": "embeddings.word_embeddings.weight",
        "positions.weight": "embeddings.position_embeddings.weight",
        "types.weight": "embeddings.token_type_embeddings.weight",
        "norm.weight": "embeddings.LayerNorm.weight",
        "norm.bias": "embeddings.LayerNorm.bias",
    }.items():
        found[ours] = bert[theirs]
    for layer in range(layers):
        at = f"encoder.layer.{layer}."
        for part in ("weight", "bias"):
            found[f"layers.{layer}.attention_in.{part}"] = torch.cat(
                [bert[f"{at}attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            )
            for ours, theirs in {
                "attention_out": "attention.output.dense",
                "attention_norm": "attention.output.LayerNorm",
                "inner": "intermediate.dense",
                "outer": "output.dense",
                "norm": "output.LayerNorm",
            }.items():
                found[f"layers.{layer}.{ours}.{part}"] = bert[f"{at}{theirs}.{part}"]
    return found
