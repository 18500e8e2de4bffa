"""Find the file of a language model that the settings name, and check its hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from qa.settings import HUB_PREFIX
from qa.writing.language_model import ModelFault

_MIN_PARTS = 3


def model_name(named: str) -> str:
    """Return the name of the model in a file, for people."""
    return named.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".gguf")


def find_model_file(named: str, sha256: str | None, *, allow_download: bool) -> Path:
    """Return the path of a model's file.

    Args:
        named: Its path, or ``hub:owner/name/file.gguf``.
        sha256: The hash that it must have, in hex; None for any.
        allow_download: Whether a file on the hub may be downloaded, if it was not before.

    Raises:
        ModelFault: It is missing, cannot be downloaded, or has another hash.
    """
    if named.startswith(HUB_PREFIX):
        path = _on_hub(named.removeprefix(HUB_PREFIX), allow_download=allow_download)
    else:
        path = Path(named).expanduser()
    if not path.is_file():
        msg = f"There is no file {path}. Check the setting llm_file."
        raise ModelFault(msg)
    if sha256 and _sha256_of(path) != sha256.lower():
        msg = f"{path.name} is not the file that llm_sha256 names. Download it again."
        raise ModelFault(msg)
    return path


def _on_hub(named: str, *, allow_download: bool) -> Path:
    owner, repository, file = (*named.split("/", _MIN_PARTS - 1), "", "")[:_MIN_PARTS]
    if not file:
        msg = "llm_file names no file on the hub. Write it as hub:owner/name/file.gguf."
        raise ModelFault(msg)
    import huggingface_hub

    if not allow_download:
        found = huggingface_hub.try_to_load_from_cache(f"{owner}/{repository}", file)
        if isinstance(found, str):
            return Path(found)
        msg = f"{file} was not downloaded from the hub yet. Set allow_download, or download it."
        raise ModelFault(msg)
    try:
        return Path(huggingface_hub.hf_hub_download(f"{owner}/{repository}", file))
    except (OSError, ValueError) as error:  # what the hub's client raises are subclasses of these
        msg = f"{file} cannot be had from the hub ({type(error).__name__}). Check its name."
        raise ModelFault(msg) from None


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
