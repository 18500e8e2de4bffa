"""The protocol between the benchmark and a contender's script: one JSON object a line.

    python -m bench.peers.adapters.NAME build MODEL TEXTS STORE
    python -m bench.peers.adapters.NAME serve MODEL STORE
    python -m bench.peers.adapters.NAME cold MODEL STORE WAY QUESTION

``build`` builds STORE from the text files in TEXTS and prints the number of passages and seconds.
``serve`` prints that it is ready, and then answers each ``{"way", "question"}``. ``cold`` does only
what one question needs. A script runs until its input ends, so that its memory can be measured.
This module imports nothing heavy, as it is part of a cold start.
"""

from __future__ import annotations

import json
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO, TypeAlias

K = 5
"""The number of passages for a question."""
WARM_UP = "The bridge was opened in spring."

Way: TypeAlias = Callable[[str], list[str]]
"""Returns the texts for a question, best first."""


class Peer(ABC):
    """One library, used as its documentation says and imported at the first call."""

    @abstractmethod
    def prepare(self, model: str, store: Path) -> None:
        """Load the library and the model in the folder ``model``, and embed one text."""

    @abstractmethod
    def build(self, texts: Path, store: Path) -> int:
        """Build ``store`` from the files in ``texts``, and return the number of passages."""

    @abstractmethod
    def open(self, model: str, store: Path) -> None:
        """Open an existing store for questions."""

    @abstractmethod
    def retrieve(self, question: str) -> list[str]:
        """Return the texts of the K best passages."""

    def ways(self) -> Mapping[str, Way]:
        """Return the ways of asking a question."""
        return {"retrieve": self.retrieve}


def paragraphs(texts: Path) -> list[str]:
    """Return the paragraphs of all text files in a folder, in the order of their names."""
    files = sorted(texts.glob("*.txt"))
    return [p for file in files for p in file.read_text(encoding="utf-8").split("\n\n")]


def run(peer: Peer, arguments: Sequence[str] | None = None) -> None:
    """Run the command that the command line names."""
    command, model, *rest = sys.argv[1:] if arguments is None else arguments
    out = _own_output()
    if command == "build":
        _say(out, build(peer, model, Path(rest[0]), Path(rest[1])))
        sys.stdin.read()
    elif command == "serve":
        peer.open(model, Path(rest[0]))
        _say(out, {"ready": True})
        for line in sys.stdin:
            _say(out, reply(peer, json.loads(line)))
    else:
        peer.open(model, Path(rest[0]))
        _say(out, {"found": peer.ways()[rest[1]](rest[2])})


def build(peer: Peer, model: str, texts: Path, store: Path) -> dict[str, float]:
    """Build a store with the model already loaded; return the number of passages and seconds."""
    peer.prepare(model, store)
    began = time.perf_counter()
    passages = peer.build(texts, store)
    return {"passages": passages, "seconds": time.perf_counter() - began}


def reply(peer: Peer, message: Mapping[str, str]) -> dict[str, object]:
    """Return the texts found for a question, and the seconds that it took."""
    way = peer.ways()[message["way"]]
    began = time.perf_counter()
    found = way(message["question"])
    return {"seconds": time.perf_counter() - began, "found": found}


def _own_output() -> TextIO:
    """Return standard output for the protocol; what libraries print goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _say(out: TextIO, message: Mapping[str, object]) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()
