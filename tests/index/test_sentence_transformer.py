from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.embedding.model_files import default_model_folder
from index.embedding.sentence_transformer import (
    SentenceTransformerEncoder,
    enable_bfloat16_if_accurate,
)

pytestmark = pytest.mark.slow


class _FakeModel:
    """A model whose vectors are the same in bfloat16, or not."""

    def __init__(self, *, accurate: bool) -> None:
        self.accurate = accurate
        self.half = False

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        vectors = np.tile(np.array([1.0, 0.0], dtype=np.float32), (len(texts), 1))
        return vectors[:, ::-1] if self.half and not self.accurate else vectors

    def bfloat16(self) -> None:
        self.half = True

    def float(self) -> None:
        self.half = False


@pytest.mark.parametrize("accurate", [True, False])
def test_bfloat16_is_used_only_if_it_is_accurate(*, accurate: bool) -> None:
    model = _FakeModel(accurate=accurate)
    assert enable_bfloat16_if_accurate(model) is accurate  # type: ignore[arg-type] # duck-typed
    assert model.half is accurate


def test_the_default_model_is_accurate_in_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(default_model_folder())
    exact = SentenceTransformerEncoder.load(folder, allow_download=False, precision="float32")
    monkeypatch.setattr("index.embedding.sentence_transformer.has_fast_bfloat16", lambda: True)
    rounded = SentenceTransformerEncoder.load(folder, allow_download=False, precision="auto")
    text = "The treaty of 1972 was suspended."
    assert float(exact.encode_query(text) @ rounded.encode_query(text)) > 0.999


# Like the page's libraries, it imports huggingface_hub before the embedder is made.
_ASKS_NO_HOST = """
import socket, sys
import huggingface_hub
def refuse(*arguments, **_):
    print("asked", arguments, flush=True)
    raise OSError("no network")
socket.getaddrinfo = refuse
socket.socket.connect = refuse
from index.embedding.embedder import SentenceTransformerEmbedder
from index.errors import ModelMissing
embedder = SentenceTransformerEmbedder(sys.argv[1], allow_download=False)
print(embedder.encode_query("A bridge.").shape)
try:
    SentenceTransformerEmbedder("nobody/no-such-model", allow_download=False).load()
except ModelMissing:
    print("missing")
"""


def test_no_host_is_contacted_without_allow_download(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if "OFFLINE" not in name}
    result = subprocess.run(
        [sys.executable, "-c", _ASKS_NO_HOST, str(default_model_folder())],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**environment, "HF_HOME": str(tmp_path)},
        timeout=120,
    )
    assert result.stdout.splitlines() == ["(384,)", "missing"]
