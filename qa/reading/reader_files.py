"""Read the files of the shipped reading model and check their hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from index.errors import ModelCorrupt, ModelMissing

_Parsed = TypeVar("_Parsed")

MANIFEST = "reader.json"
"""Names the files with their SHA-256, and says where the weights come from."""
WEIGHTS = "reader.onnx"
TOKENIZER = "tokenizer.json"
CALIBRATION = "calibration.json"
REINSTALL = "Install article-qa again: its reading model is incomplete."


def shipped_folder() -> Traversable:
    """Return the folder of the shipped model."""
    return resources.files("qa") / "reading_model"


def read_manifest(folder: Traversable) -> dict[str, Any]:
    """Return what ``reader.json`` says of the model in ``folder``.

    Raises:
        ModelMissing: It is not there.
        ModelCorrupt: It is not JSON, or names no files.
    """

    def parsed(manifest: dict[str, Any]) -> dict[str, Any]:
        names = (WEIGHTS, TOKENIZER)
        return manifest | {"files": {name: manifest["files"][name] for name in names}}

    return read_json(folder, MANIFEST, parsed)


def read_json(folder: Traversable, name: str, parse: Callable[[Any], _Parsed]) -> _Parsed:
    """Return what ``parse`` makes of the JSON in a file.

    Raises:
        ModelMissing: It is not there.
        ModelCorrupt: It is not JSON, or ``parse`` finds it of another format.
    """
    data = _read(folder, name)
    try:
        return parse(json.loads(data))
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{name} is not of the format ({error!r}). {REINSTALL}"
        raise ModelCorrupt(msg) from error


def read_checked(folder: Traversable, name: str, sha256: str) -> bytes:
    """Return the bytes of a file.

    Raises:
        ModelMissing: It is not there.
        ModelCorrupt: Its SHA-256 is another.
    """
    data = _read(folder, name)
    if hashlib.sha256(data).hexdigest() != sha256:
        msg = f"{name} is not the file that {MANIFEST} names. {REINSTALL}"
        raise ModelCorrupt(msg)
    return data


def _read(folder: Traversable, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        msg = f"{name} cannot be read ({error.strerror}). {REINSTALL}"
        raise ModelMissing(msg) from error
