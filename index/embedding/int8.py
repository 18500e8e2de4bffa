"""Quantize the default model's weights to 8 bits, where the processor multiplies those fast."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

_INT8 = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})
"""As Linux names what multiplies and sums four pairs of 8 bits at once, on x86 and on ARM."""


def has_fast_int8() -> bool:
    """Return whether whole numbers of 8 bits are multiplied much faster than float32.

    Without these instructions onnxruntime takes others, which on some processors lose what
    overflows. False where there is no telling: elsewhere than on Linux.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    except OSError:
        return False
    told = (line.partition(":") for line in lines)
    flags = (value for name, _, value in told if name.strip() in {"flags", "Features"})
    return not _INT8.isdisjoint(next(flags, "").split())


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    # Not on macOS and Windows, where a process may use them all.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
