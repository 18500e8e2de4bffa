"""Join the large reading model's published weights with those that training changed, in 8 bits.

The project ships low-rank adapters (Hu et al. 2021) for the published weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedding.int8 import Calibration, int8_weights

ADAPTERS = "adapters.npz"
RANGES = "ranges.npz"
"""The ranges of the activations; see :class:`index.embedding.int8.Calibration`."""
WORDS, PLACES = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"
RELATIVE = "encoder.relative_attention_bias.weight"
ADAPTER_SCALE = 32.0
"""Scales the adapters, divided by their rank, so that one learning rate suits all ranks."""

# MPNet numbers positions from 2.
_FIRST_PLACE = 2
_PARTS = {"attn.q": "query", "attn.k": "key", "attn.v": "value"}
_RENAMED = {
    **{theirs: f"self.{ours}" for theirs, ours in _PARTS.items()},
    "attn.o": "output.dense",
    "LayerNorm": "output.LayerNorm",
}

Weights = Mapping[str, NDArray[Any]]


def join_weights(base: Weights, adapters: Weights, ranges: Calibration) -> dict[str, NDArray[Any]]:
    """Return the weights of the graph, and the tables of embeddings and relative positions.

    Args:
        base: The published weights, by their published names.
        adapters: What training changed; see ``training/reader/export_adapters.py``.
        ranges: The ranges of the activations.
    """
    weights = dict(_renamed(base))
    for layer in range(ranges.layers):
        weights |= _adapted(weights, adapters, layer)
    joined = int8_weights(weights, ranges)
    joined[WORDS] = base[WORDS][adapters["vocabulary"]].astype(np.float16)
    joined[PLACES] = base[PLACES][_FIRST_PLACE:]
    joined[RELATIVE] = base[RELATIVE]
    return joined | {name: value for name, value in adapters.items() if name.startswith("head.")}


def _renamed(base: Weights) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the weights of layers and norms by the names that a BERT has."""
    for name, value in base.items():
        if name.startswith("encoder.layer."):
            stem, _, rest = name.partition(".attention.")
            for theirs, ours in _RENAMED.items():
                if rest.startswith(f"{theirs}."):
                    name = f"{stem}.attention.{ours}{rest.removeprefix(theirs)}"  # noqa: PLW2901 - renamed
            yield name, value
        elif name.startswith("embeddings.LayerNorm."):
            yield name, value


def _adapted(weights: Weights, adapters: Weights, layer: int) -> dict[str, NDArray[Any]]:
    """Return the weights of a layer that training changed."""
    stem = f"encoder.layer.{layer}"
    found: dict[str, NDArray[Any]] = {}
    for name, dense in (
        (
            "attention_in",
            [f"{stem}.attention.self.{part}" for part in _PARTS.values()],
        ),
        ("attention_out", [f"{stem}.attention.output.dense"]),
        ("inner", [f"{stem}.intermediate.dense"]),
        ("outer", [f"{stem}.output.dense"]),
    ):
        at = f"layers.{layer}.{name}"
        if f"{at}.down" not in adapters:
            continue
        down, up = (adapters[f"{at}.{part}"].astype(np.float32) for part in ("down", "up"))
        change = np.split(np.float32(ADAPTER_SCALE / len(down)) * (up @ down), len(dense))
        biases = np.split(adapters[f"{at}.bias"], len(dense))
        for each, added, bias in zip(dense, change, biases, strict=True):
            found[f"{each}.weight"] = weights[f"{each}.weight"] + added
            found[f"{each}.bias"] = bias
    norms = (("attention_norm", "attention.output"), ("norm", "output"))
    for name, norm in norms:
        for kind in ("weight", "bias"):
            if f"layers.{layer}.{name}.{kind}" in adapters:
                found[f"{stem}.{norm}.LayerNorm.{kind}"] = adapters[f"layers.{layer}.{name}.{kind}"]
    return found
