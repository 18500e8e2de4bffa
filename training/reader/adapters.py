"""Train a large model through low-rank adapters (LoRA, Hu et al. 2021).

A step costs a quarter less than with all weights, since the gradients of the large matrices are
never computed and the layers below the adapted ones need no backward pass. A checkpoint has only
the adapters, which are added to the published weights.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from qa.reading.large_weights import ADAPTER_SCALE
from training.reader.model import HEADS, ModelShape, ReaderModel

_ADAPTED = ("attention_in", "attention_out", "inner", "outer")


class _Adapted(torch.autograd.Function):
    """A linear layer with joined weights whose gradients are for its adapters only."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, hidden: Tensor, joined: Tensor, bias: Tensor, *low_rank: Tensor
    ) -> Tensor:
        ctx.save_for_backward(hidden, joined, *low_rank)
        return functional.linear(hidden, joined, bias)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None, Tensor, Tensor, Tensor]:
        hidden, joined, down, up = ctx.saved_tensors  # type: ignore[attr-defined] # torch sets it
        scale = ADAPTER_SCALE / len(down)
        flat, seen = gradient.flatten(0, -2), hidden.flatten(0, -2)
        for_up = scale * flat.T @ (seen @ down.T)
        for_down = scale * (flat @ up).T @ seen
        return gradient @ joined, None, flat.sum(0), for_down, for_up


class AdaptedLinear(nn.Module):
    """A linear layer whose weights are the published ones plus the product of two thin matrices."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        outputs, inputs = base.weight.shape
        self.weight = nn.Parameter(base.weight.detach().clone(), requires_grad=False)
        self.bias = nn.Parameter(base.bias.detach().clone())
        self.down = nn.Parameter(torch.empty(rank, inputs))
        self.up = nn.Parameter(torch.zeros(outputs, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))
        self.register_buffer("joined", None, persistent=False)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the layer's outputs with the weights of the last :meth:`join`."""
        assert self.joined is not None, "join the adapters first"
        return _Adapted.apply(hidden, self.joined, self.bias, self.down, self.up)  # type: ignore[no-any-return,no-untyped-call] # torch's

    def joined_weight(self) -> Tensor:
        """Return the joined weights in float32."""
        return self.weight + ADAPTER_SCALE / len(self.down) * (self.up @ self.down)

    def join(self, working: AdaptedLinear) -> None:
        """Copy the joined weights to another layer, possibly of lower precision."""
        with torch.no_grad():
            working.joined = self.joined_weight().to(working.bias.dtype)


def adapt(model: ReaderModel, rank: int, frozen_layers: int) -> ReaderModel:
    """Add adapters to the model in place, above its ``frozen_layers`` lowest layers; return it.

    Everything else is frozen, apart from biases and norms beside adapters, and the heads.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(HEADS)
    for layer in model.layers[frozen_layers:]:
        layer.requires_grad_(requires_grad=True)
        for name in _ADAPTED:
            setattr(layer, name, AdaptedLinear(getattr(layer, name), rank))
    join_all(model, model)
    return model


def join_all(model: ReaderModel, working: ReaderModel) -> None:
    """Join the adapters of ``model`` into the layers of ``working``; see AdaptedLinear.join."""
    for ours, theirs in zip(model.modules(), working.modules(), strict=True):
        if isinstance(ours, AdaptedLinear) and isinstance(theirs, AdaptedLinear):
            ours.join(theirs)


def trained_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return the trained tensors by name; those of a model with adapters leave out the rest."""
    return {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}


def merged(model: ReaderModel) -> ReaderModel:
    """Return a plain model with the joined weights of ``model`` and its adapters."""
    weights = model.state_dict()
    for name, module in model.named_modules():
        if isinstance(module, AdaptedLinear):
            weights[f"{name}.weight"] = module.joined_weight().detach()
            del weights[f"{name}.down"], weights[f"{name}.up"]
    plain = ReaderModel(ModelShape(**_values(model.shape)))
    plain.load_state_dict(weights)
    return plain


def _values(shape: ModelShape) -> dict[str, Any]:
    return {name: getattr(shape, name) for name in shape.__slots__}
