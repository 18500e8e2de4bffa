"""List the libraries that are compared, with their interpreters and descriptions."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Literal

Part = Literal["build", "query", "cold", "memory"]
PARTS: tuple[Part, ...] = ("build", "query", "cold", "memory")

_SHARED = ("torch", "sentence-transformers", "transformers", "faiss-cpu", "onnxruntime", "numpy")


@dataclass(frozen=True, slots=True)
class Contender:
    """One row of the tables."""

    key: str
    shown: str
    module: str
    """The name of its script in :mod:`bench.peers.adapters`."""
    venv: str | None = None
    """The name of its virtual environment and requirements file; None for this interpreter."""
    distributions: tuple[str, ...] = ()
    """Distributions whose versions are reported besides the shared ones."""

    @property
    def is_peer(self) -> bool:
        """Whether it is another project's library, unlike article-qa and the floors."""
        return self.venv is not None

    def python(self, venvs: Path) -> Path:
        """Return its interpreter."""
        return venvs / self.venv / "bin" / "python" if self.venv else Path(sys.executable)

    def versions(self, venvs: Path) -> dict[str, str]:
        """Return the versions of its distributions, read without starting it."""
        where = sorted((venvs / self.venv).glob("lib/python*/site-packages")) if self.venv else None
        path = None if where is None else list(map(str, where))
        found = distributions() if path is None else distributions(path=path)
        numbers = {each.metadata["Name"].lower(): each.version for each in found}
        names = (*self.distributions, *_SHARED)
        return {name: numbers[name] for name in names if name in numbers}


OURS, FLOOR = "ours", "floor"
FLOOR_BFLOAT16, FASTEST_FLOOR = "floor-bfloat16", "floor-ours"
OTHER_ENCODER = "chroma-onnx"
"""The peer that does not embed with sentence-transformers."""
CONTENDERS = (
    Contender(OURS, "article-qa", "ours"),
    Contender(FLOOR, "floor: encode + IndexFlatIP", "floor"),
    Contender(FLOOR_BFLOAT16, "floor in bfloat16", "floor_bfloat16"),
    Contender(FASTEST_FLOOR, "floor with our encoder", "floor_ours"),
    Contender("txtai", "txtai", "with_txtai", "txtai", ("txtai",)),
    Contender(
        "llamaindex",
        "LlamaIndex + FAISS",
        "with_llamaindex",
        "llamaindex",
        ("llama-index-core", "llama-index-vector-stores-faiss"),
    ),
    Contender(
        "haystack",
        "Haystack + FAISS",
        "with_haystack",
        "haystack",
        ("haystack-ai", "faiss-haystack"),
    ),
    Contender(
        "langchain",
        "LangChain + FAISS",
        "with_langchain",
        "langchain",
        ("langchain-core", "langchain-community", "langchain-huggingface"),
    ),
    Contender("chroma", "Chroma", "with_chroma", "chroma", ("chromadb",)),
    Contender(OTHER_ENCODER, "Chroma, its own ONNX", "with_chroma_onnx", "chroma", ("chromadb",)),
)


def chosen(names: str | None) -> list[Contender]:
    """Return the contenders of a comma-separated list of keys, in our order; all for None.

    Raises:
        ValueError: A name is unknown.
    """
    if names is None:
        return list(CONTENDERS)
    return [CONTENDERS[n] for n in _places(names.split(","), [c.key for c in CONTENDERS])]


def chosen_parts(names: str | None) -> list[Part]:
    """Return the parts of a comma-separated list, in our order; all for None.

    Raises:
        ValueError: A name is unknown.
    """
    if names is None:
        return list(PARTS)
    return [PARTS[n] for n in _places(names.split(","), PARTS)]


def _places(names: Iterable[str], known: Iterable[str]) -> list[int]:
    places = {name: place for place, name in enumerate(known)}
    unknown = [name for name in names if name not in places]
    if unknown:
        msg = f"Unknown: {', '.join(unknown)}. Choose from {', '.join(places)}."
        raise ValueError(msg)
    return sorted({places[name] for name in names})
