"""The default model's weights in 8 bits, as ``encoder/graph_int8.onnx`` wants them.

What is multiplied is rounded to whole numbers of 8 bits: of the weights, each row by its
own scale; of a text, each token by its own, found as it is read. Three things keep the
vectors the model's, all of them in the numbers of :class:`Calibration`:

- A few channels of the normalised hidden states are far larger than the rest, and would
  leave the rest few bits. They are shrunk and their weights grown (SmoothQuant, Xiao et
  al. 2023), and all are counted from their mean.
- In each layer one or two inner channels are larger by another order, and so are their
  weights. These, and those whose weights are the largest of most outputs, are multiplied
  in float32 (LLM.int8(), Dettmers et al. 2022).
- What is small beside all that stays in float32: norms, attention, sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float32]

LAYERS = 6
PARTS = ("query", "key", "value")
HIDDEN, ATTENDED = "hidden", "attended"
"""The normalised states: what a layer is given, and what it has after its attention."""
_LARGEST = 127


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the numbers within the model are like; found once by ``training/encoder``."""

    hidden_mean: _Floats
    """``(layers, channels)``: of what each layer is given."""
    hidden_scale: _Floats
    """``(layers, channels)``: by what each channel is divided before it is rounded."""
    attended_mean: _Floats
    attended_scale: _Floats
    """The same of what each layer has after its attention."""
    outliers: NDArray[np.int64]
    """``(layers, outliers)``: the inner channels that are multiplied in float32."""
    inner_largest: _Floats
    """``(layers,)``: how large the other inner channels become."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what :meth:`write` has written."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**arrays)

    def write(self, path: Path) -> None:
        """Write a file of numpy's."""
        np.savez_compressed(path, **asdict(self))

    def of(self, state: str, layer: int) -> tuple[_Floats, _Floats]:
        """Return the mean and the scale of a layer's :data:`HIDDEN` or :data:`ATTENDED` states."""
        if state == HIDDEN:
            return self.hidden_mean[layer], self.hidden_scale[layer]
        return self.attended_mean[layer], self.attended_scale[layer]


def int8_weights(weights: Mapping[str, _Floats], found: Calibration) -> dict[str, NDArray[Any]]:
    """Return the weights of the graph in 8 bits, from those of the model by their names."""
    made: dict[str, NDArray[Any]] = {
        name: array for name, array in weights.items() if name.startswith("embeddings.")
    }
    made |= _shifted_norm(weights, "embeddings.LayerNorm", *found.of(HIDDEN, 0))
    with ThreadPoolExecutor() as pool:  # numpy leaves the interpreter to others
        for layer in pool.map(lambda number: _layer(weights, found, number), range(LAYERS)):
            made |= layer
    return made


def _layer(weights: Mapping[str, _Floats], found: Calibration, number: int) -> dict[str, Any]:
    layer = f"encoder.layer.{number}"
    attention, inner, output = f"{layer}.attention", f"{layer}.intermediate", f"{layer}.output"
    mean, scale = found.of(HIDDEN, number)
    made: dict[str, NDArray[Any]] = {}
    for part in PARTS:
        made |= _dense(f"{attention}.self.{part}", weights, scale)
    made[f"{attention}.self.bias"] = np.concatenate(
        [_bias(f"{attention}.self.{part}", weights, mean) for part in PARTS]
    )
    made |= _dense(f"{attention}.output.dense", weights)
    made |= _residual(layer, weights[f"{attention}.output.dense.bias"], mean, scale)
    mean, scale = found.of(ATTENDED, number)
    made |= _shifted_norm(weights, f"{attention}.output.LayerNorm", mean, scale)
    made |= _dense(f"{inner}.dense", weights, scale)
    made[f"{inner}.dense.bias"] = _bias(f"{inner}.dense", weights, mean)
    made |= _inner_output(output, weights, found, number)
    made |= _residual(inner, weights[f"{output}.dense.bias"], mean, scale)
    if number + 1 < LAYERS:
        mean, scale = found.of(HIDDEN, number + 1)
    else:
        mean, scale = np.zeros_like(mean), np.ones_like(scale)
    return made | _shifted_norm(weights, f"{output}.LayerNorm", mean, scale)


def _inner_output(
    output: str, weights: Mapping[str, _Floats], found: Calibration, number: int
) -> dict[str, Any]:
    """Return the weights of the inner channels; the outliers' apart, and absent among the rest."""
    outliers = found.outliers[number]
    whole = weights[f"{output}.dense.weight"]
    rest = np.ones(whole.shape[1], dtype=np.float32)
    rest[outliers] = 0
    return {
        **_dense(f"{output}.dense", weights, rest),
        f"{output}.outliers": outliers,
        f"{output}.outliers.weight": np.ascontiguousarray(whole[:, outliers].T),
        f"{output}.largest": np.asarray(found.inner_largest[number]),
    }


def _dense(
    name: str, weights: Mapping[str, _Floats], scale: _Floats | None = None
) -> dict[str, Any]:
    """Return a layer's weights, ``(inputs, outputs)`` in 8 bits, and the scale of each output."""
    floats = weights[f"{name}.weight"]
    if scale is not None:
        floats = floats * scale
    steps = np.maximum(floats.max(axis=1), -floats.min(axis=1)) / np.float32(_LARGEST)
    rounded = np.rint(floats / steps[:, None]).astype(np.int8)
    return {f"{name}.weight.int8": np.ascontiguousarray(rounded.T), f"{name}.weight.step": steps}


def _bias(name: str, weights: Mapping[str, _Floats], mean: _Floats) -> _Floats:
    """Return the bias of a layer that is given what is above the mean."""
    return weights[f"{name}.bias"] + weights[f"{name}.weight"] @ mean


def _shifted_norm(
    weights: Mapping[str, _Floats], name: str, mean: _Floats, scale: _Floats
) -> dict[str, Any]:
    """Return a norm's weights, so that it gives what is above the mean, divided by the scale."""
    return {
        f"{name}.weight": weights[f"{name}.weight"] / scale,
        f"{name}.bias": (weights[f"{name}.bias"] - mean) / scale,
    }


def _residual(name: str, bias: _Floats, mean: _Floats, scale: _Floats) -> dict[str, Any]:
    """Return what undoes the above where the states go by a layer; its bias is added with it."""
    return {f"{name}.residual.scale": scale, f"{name}.residual.bias": mean + bias}
