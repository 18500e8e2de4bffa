"""Measure the ranges of the large model's activations, by which they are rounded to 8 bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from index.embedding.int8 import Calibration
from training.encoder.calibration import calibration_of
from training.reader.features import Window, collate
from training.reader.model import Layer, ReaderModel

_Floats = NDArray[np.float32]
_TOKENS = 24_000
"""Tokens whose activations are looked at; more do not fit into memory beside the model."""


def measured_ranges(model: ReaderModel, windows: Iterable[Window]) -> Calibration:
    """Return the ranges of a plain model's activations for some of ``windows``."""
    layers = model.shape.layers
    return calibration_of(_states(model.eval(), windows), dict(bert_weights(model)), layers)


def bert_weights(model: ReaderModel) -> Iterator[tuple[str, _Floats]]:
    """Yield the weights of a model's layers by the names that a BERT has."""
    for number, layer in enumerate(model.layers):
        assert isinstance(layer, Layer)
        stem = f"encoder.layer.{number}"
        for kind in ("weight", "bias"):
            query, key, value = getattr(layer.attention_in, kind).chunk(3)
            named = {
                f"{stem}.attention.self.query": query,
                f"{stem}.attention.self.key": key,
                f"{stem}.attention.self.value": value,
                f"{stem}.attention.output.dense": getattr(layer.attention_out, kind),
                f"{stem}.intermediate.dense": getattr(layer.inner, kind),
                f"{stem}.output.dense": getattr(layer.outer, kind),
            }
            for name, tensor in named.items():
                yield f"{name}.{kind}", tensor.detach().numpy()


def _states(model: ReaderModel, windows: Iterable[Window]) -> Mapping[str, _Floats]:
    """Return the activations of each layer, ``(tokens, width)``, named as in the graph."""
    seen: dict[str, list[Tensor]] = {}

    def keep_input(name: str, _: nn.Module, given: tuple[Tensor, ...]) -> None:
        # The input of the last matrix has passed the activation function.
        seen.setdefault(name, []).append(given[0][0].half())

    hooks = []
    for number, layer in enumerate(model.layers):
        assert isinstance(layer, Layer)
        stem = f"encoder.layer.{number}"
        for name, module in (
            (f"hidden.{number}", layer.attention_in),
            (f"{stem}.attention", layer.inner),
            (f"{stem}.intermediate", layer.outer),
        ):
            hooks.append(module.register_forward_pre_hook(partial(keep_input, name)))
    tokens = 0
    with torch.inference_mode():
        for window in windows:
            batch = collate([window])
            model(batch.ids, batch.attention, batch.types)
            tokens += batch.tokens
            if tokens >= _TOKENS:
                break
    for hook in hooks:
        hook.remove()
    return {name: torch.cat(parts).float().numpy() for name, parts in seen.items()}
