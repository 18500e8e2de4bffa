from __future__ import annotations

import hashlib
from pathlib import Path

import huggingface_hub
import pytest

from qa.writing.language_model import ModelFault
from qa.writing.model_file import find_model_file, model_name

HASH = hashlib.sha256(b"GGUF").hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.gguf"
    path.write_bytes(b"GGUF")
    return path


def test_a_path_is_found_and_its_hash_checked(file: Path) -> None:
    assert find_model_file(str(file), None, allow_download=False) == file
    assert find_model_file(str(file), HASH.upper(), allow_download=False) == file


def test_a_file_with_another_hash_is_refused(file: Path) -> None:
    with pytest.raises(ModelFault, match="not the file that llm_sha256 names"):
        find_model_file(str(file), "0" * 64, allow_download=False)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match=r"no file .*absent\.gguf"):
        find_model_file(str(tmp_path / "absent.gguf"), None, allow_download=False)


@pytest.mark.parametrize(
    ("call", "allow_download"), [("hf_hub_download", True), ("try_to_load_from_cache", False)]
)
def test_a_file_of_the_hub_is_downloaded_only_if_that_is_allowed(
    call: str,
    allow_download: bool,  # noqa: FBT001 - a parameter of the test
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def find(repository: str, name: str) -> str:
        asked.append((repository, name))
        return str(file)

    monkeypatch.setattr(huggingface_hub, call, find)
    named = "hub:owner/name/folder/small.gguf"
    assert find_model_file(named, HASH, allow_download=allow_download) == file
    assert asked == [("owner/name", "folder/small.gguf")]


def test_a_file_of_the_hub_that_is_not_here_says_what_to_do() -> None:
    with pytest.raises(ModelFault, match="Set allow_download"):
        find_model_file("hub:owner/name/small.gguf", HASH, allow_download=False)


def test_a_file_that_the_hub_does_not_give_is_named() -> None:
    with pytest.raises(ModelFault, match=r"small\.gguf cannot be had from the hub"):
        find_model_file("hub:owner/name/small.gguf", HASH, allow_download=True)  # it is offline


@pytest.mark.parametrize("named", ["hub:", "hub:small.gguf", "hub:owner/small.gguf"])
def test_an_incomplete_name_on_the_hub_is_explained(named: str) -> None:
    with pytest.raises(ModelFault, match="hub:owner/name/file"):
        find_model_file(named, HASH, allow_download=True)


@pytest.mark.parametrize(
    "named", ["small.gguf", "/models/small.gguf", r"C:\models\small.gguf", "hub:a/b/small.gguf"]
)
def test_a_model_is_named_after_its_file(named: str) -> None:
    assert model_name(named) == "small"
