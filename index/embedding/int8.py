"""Quantize the weights of a BERT to 8 bits, named as in the default model's file."""

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
"""Linux's names for instructions that multiply and add four pairs of 8 bits, on x86 and ARM."""


def has_fast_int8() -> bool:
    """Return whether this CPU multiplies 8-bit integers much faster than float32.

    Without the instructions for it, onnxruntime uses others, which overflow on some CPUs. Always
    False on other systems than Linux.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    except OSError:
        return False
    fields = (line.partition(":") for line in lines)
    flags = (value for name, _, value in fields if name.strip() in {"flags", "Features"})
    return not _INT8.isdisjoint(next(flags, "").split())


def usable_cores() -> int:
    """Return the number of cores that this process may use, at most ``OMP_NUM_THREADS``."""
    # macOS and Windows lack this; there a process may use all cores.
    known = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    most = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, int(most))) if most.isdecimal() else cores


_Floats = NDArray[np.float32]

PARTS = ("query", "key", "value")
HIDDEN, ATTENDED = "hidden", "attended"
"""The normalised states: the input of a layer, and those after its attention."""
_MAX_INT8 = 127


@dataclass(frozen=True, slots=True)
class Calibration:
    """The ranges of the model's activations, measured by ``training/encoder``."""

    hidden_mean: _Floats
    """``(layers, channels)``, of the input of each layer."""
    hidden_scale: _Floats
    """``(layers, channels)``, the divisor of each channel before rounding."""
    attended_mean: _Floats
    attended_scale: _Floats
    """The same, after the attention of each layer."""
    outliers: NDArray[np.int64]
    """``(layers, outliers)``, the inner channels that are multiplied in float32."""
    inner_largest: _Floats
    """``(layers,)``, the largest values of the other inner channels."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that :meth:`write` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**arrays)

    def write(self, path: Path) -> None:
        """Write an ``.npz`` file."""
        np.savez_compressed(path, **asdict(self))

    @property
    def layers(self) -> int:
        """The number of the model's layers."""
        return len(self.hidden_mean)

    def of(self, state: str, layer: int) -> tuple[_Floats, _Floats]:
        """Return the mean and the scale of a layer's :data:`HIDDEN` or :data:`ATTENDED` states."""
        if state == HIDDEN:
            return self.hidden_mean[layer], self.hidden_scale[layer]
        return self.attended_mean[layer], self.attended_scale[layer]


def int8_weights(
    weights: Mapping[str, _Floats], calibration: Calibration
) -> dict[str, NDArray[Any]]:
    """Return the weights of the 8-bit graph, from those of the model."""
    made: dict[str, NDArray[Any]] = {
        name: array for name, array in weights.items() if name.startswith("embeddings.")
    }
    made |= _shifted_norm(weights, "embeddings.LayerNorm", *calibration.of(HIDDEN, 0))
    with ThreadPoolExecutor() as pool:  # numpy releases the GIL
        numbers = range(calibration.layers)
        for layer in pool.map(lambda number: _layer(weights, calibration, number), numbers):
            made |= layer
    return made


def _layer(weights: Mapping[str, _Floats], calibration: Calibration, number: int) -> dict[str, Any]:
    layer = f"encoder.layer.{number}"
    attention, inner, output = f"{layer}.attention", f"{layer}.intermediate", f"{layer}.output"
    mean, scale = calibration.of(HIDDEN, number)
    made: dict[str, NDArray[Any]] = {}
    for part in PARTS:
        made |= _dense(f"{attention}.self.{part}", weights, scale)
    made[f"{attention}.self.bias"] = np.concatenate(
        [_bias(f"{attention}.self.{part}", weights, mean) for part in PARTS]
    )
    made |= _dense(f"{attention}.output.dense", weights)
    made |= _residual(layer, weights[f"{attention}.output.dense.bias"], mean, scale)
    mean, scale = calibration.of(ATTENDED, number)
    made |= _shifted_norm(weights, f"{attention}.output.LayerNorm", mean, scale)
    made |= _dense(f"{inner}.dense", weights, scale)
    made[f"{inner}.dense.bias"] = _bias(f"{inner}.dense", weights, mean)
    made |= _inner_output(output, weights, calibration, number)
    made |= _residual(inner, weights[f"{output}.dense.bias"], mean, scale)
    if number + 1 < calibration.layers:
        mean, scale = calibration.of(HIDDEN, number + 1)
    else:
        mean, scale = np.zeros_like(mean), np.ones_like(scale)
    return made | _shifted_norm(weights, f"{output}.LayerNorm", mean, scale)


def _inner_output(
    output: str, weights: Mapping[str, _Floats], calibration: Calibration, number: int
) -> dict[str, Any]:
    """Return the weights of the inner channels, with those of the outliers separate."""
    outliers = calibration.outliers[number]
    whole = weights[f"{output}.dense.weight"]
    rest = np.ones(whole.shape[1], dtype=np.float32)
    rest[outliers] = 0
    return {
        **_dense(f"{output}.dense", weights, rest),
        f"{output}.outliers": outliers,
        f"{output}.outliers.weight": np.ascontiguousarray(whole[:, outliers].T),
        f"{output}.largest": np.asarray(calibration.inner_largest[number]),
    }


def _dense(
    name: str, weights: Mapping[str, _Floats], scale: _Floats | None = None
) -> dict[str, Any]:
    """Return a layer's 8-bit weights, ``(inputs, outputs)``, and the scale of each output."""
    floats = weights[f"{name}.weight"]
    if scale is not None:
        floats = floats * scale
    steps = np.maximum(floats.max(axis=1), -floats.min(axis=1)) / np.float32(_MAX_INT8)
    rounded = np.rint(floats / steps[:, None]).astype(np.int8)
    return {f"{name}.weight.int8": np.ascontiguousarray(rounded.T), f"{name}.weight.step": steps}


def _bias(name: str, weights: Mapping[str, _Floats], mean: _Floats) -> _Floats:
    """Return the bias of a layer whose input has the mean subtracted."""
    return weights[f"{name}.bias"] + weights[f"{name}.weight"] @ mean


def _shifted_norm(
    weights: Mapping[str, _Floats], name: str, mean: _Floats, scale: _Floats
) -> dict[str, Any]:
    """Return a norm's weights so that its output has the mean subtracted and is scaled."""
    return {
        f"{name}.weight": weights[f"{name}.weight"] / scale,
        f"{name}.bias": (weights[f"{name}.bias"] - mean) / scale,
    }


def _residual(name: str, bias: _Floats, mean: _Floats, scale: _Floats) -> dict[str, Any]:
    """Return what restores the states in a residual connection, with the bias of the layer."""
    return {f"{name}.residual.scale": scale, f"{name}.residual.bias": mean + bias}
