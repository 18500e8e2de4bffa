"""Install each peer in a virtual environment of its own, at exact versions.

    python -m bench.peers.setup --into DIR [--peers txtai,llamaindex,…]

The versions are in ``bench/peers/requirements``; each environment takes 1.5 GB, most of it torch.
Chroma downloads its own embedding model at first use. To avoid the download, the model is exported
here from the shared weights: the same computation by onnxruntime.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import venv
import warnings
from collections.abc import Iterable
from pathlib import Path

from bench.peers.catalogue import OTHER_ENCODER, Contender, chosen
from index.embedding.model_files import default_model_folder

REQUIREMENTS = Path(__file__).parent / "requirements"
_INSTALLED = "installed.txt"
_HOME = "chroma-home"
# Where Chroma looks for the model under the home folder, and the files it needs.
_MODEL = Path(".cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx")
_FILES = ("config.json", "special_tokens_map.json", "tokenizer_config.json", "tokenizer.json")
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OPSET = 14


def install(contenders: Iterable[Contender], venvs: Path) -> None:
    """Create the virtual environments that are missing or have other versions.

    Raises:
        subprocess.CalledProcessError: pip could not install one.
    """
    for name in dict.fromkeys(c.venv for c in contenders if c.venv):
        requirements, folder = REQUIREMENTS / f"{name}.txt", venvs / name
        wanted, marker = requirements.read_text(encoding="utf-8"), folder / _INSTALLED
        if not marker.exists() or marker.read_text(encoding="utf-8") != wanted:
            venv.create(folder, clear=True, with_pip=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, "-r", str(requirements)], check=True)  # noqa: S603 - pip itself
            marker.write_text(wanted, encoding="utf-8")
    if any(c.key == OTHER_ENCODER for c in contenders):
        _make_chroma_model(venvs / _HOME / _MODEL)


def added_environment(contender: Contender, venvs: Path) -> dict[str, str]:
    """Return the environment variables that a contender's scripts need."""
    return {"HOME": str(venvs / _HOME)} if contender.key == OTHER_ENCODER else {}


def _make_chroma_model(folder: Path) -> None:
    """Write the files that Chroma would download, the vocabulary last to mark completion."""
    if (folder / "vocab.txt").exists():
        return
    source = default_model_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(source / name, folder / name)
    _export(source, folder / "model.onnx")
    shutil.copyfile(source / "vocab.txt", folder / "vocab.txt")


def _export(source: Path, path: Path) -> None:
    import torch
    from transformers import AutoModel

    class LastHiddenState(torch.nn.Module):
        """Returns the one output needed, from inputs in Chroma's order."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = AutoModel.from_pretrained(source, attn_implementation="eager")

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            named = dict(zip(_INPUTS, inputs, strict=True))
            return torch.as_tensor(self.bert(**named).last_hidden_state)

    shape = {0: "batch", 1: "length"}
    with warnings.catch_warnings():
        # The newer exporter needs another package, and this one still does all we need.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            LastHiddenState().eval(),
            tuple(torch.ones((2, 8), dtype=torch.int64) for _ in _INPUTS),
            path,
            input_names=list(_INPUTS),
            output_names=["last_hidden_state"],
            dynamic_axes=dict.fromkeys((*_INPUTS, "last_hidden_state"), shape),
            opset_version=_OPSET,
            dynamo=False,
        )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers.setup")
    parser.add_argument("--into", type=Path, required=True, help="folder of the environments")
    parser.add_argument("--peers", help="libraries to install, separated by commas")
    given = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    install(chosen(given.peers), given.into.absolute())


if __name__ == "__main__":
    main()
