"""How much memory the adding of one long text takes.

    python -m bench.growth.large_text --data DIR --work DIR [--megabytes 100] [--out bench/results]

The text is of real sentences, drawn anew. It is cut and its tokens are counted as always; its
vectors are given, since to embed them takes an hour and the same memory batch by batch.
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bench.commands import report, table
from bench.environment import Environment
from bench.growth.material import read_material
from bench.growth.measuring import GivenVectors
from bench.processes import status
from index.embedder import SentenceTransformerEmbedder
from index.passage_index import PassageIndex
from index.types import Article

_SENTENCES_PER_PARAGRAPH = 6


@dataclass(frozen=True, slots=True)
class Added:
    """What adding took; MB, and seconds."""

    characters: int
    text: float
    """The text itself, as Python holds it."""
    passages: int
    seconds: float
    peak: float
    """Resident memory at most, less what there was with the text made and the model loaded."""


class CountingVectors(GivenVectors):
    """Gives vectors that were made before, and counts tokens by the model that comes along."""

    @functools.cached_property
    def _model(self) -> SentenceTransformerEmbedder:
        return SentenceTransformerEmbedder()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not included."""
        return self._model.count_tokens(texts)


def added(data: Path, work: Path, megabytes: int) -> Added:
    """Add a text of so many million characters to a new library and return what it took."""
    model = SentenceTransformerEmbedder()
    material = read_material(data, model, work / "vectors", questions=1)
    sentences = [sentence for each in material.sentences for sentence in each]
    embedder = CountingVectors(model.identity, material.vectors, model.max_tokens)
    embedder.count_tokens(["a"])
    article = Article.from_text(_text(sentences, megabytes * 1_000_000), title="Long")
    folder = work / "large-text"
    shutil.rmtree(folder, ignore_errors=True)
    del material, sentences
    before, began = _from_now_on(), time.perf_counter()
    with PassageIndex(folder, embedder) as index:
        index.add(article)
        passages = len(index)
    seconds = time.perf_counter() - began
    size = sys.getsizeof(article.text) / 1e6
    return Added(
        len(article.text), size, passages, seconds, status(os.getpid())["VmHWM"] / 1000 - before
    )


def _from_now_on() -> float:
    """Begin to watch the peak of this process's memory; return what it is now, in MB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return status(os.getpid())["VmRSS"] / 1000


def _text(sentences: Sequence[str], characters: int) -> str:
    rng, parts, length = np.random.default_rng(0), list[str](), 0
    while length < characters:
        drawn = rng.integers(len(sentences), size=_SENTENCES_PER_PARAGRAPH)
        parts.append(" ".join(sentences[i] for i in drawn))
        length += len(parts[-1]) + 2
    return "\n\n".join(parts)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth.large_text")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--work", type=Path, required=True, help="folder of the library")
    parser.add_argument("--megabytes", type=int, default=100, help="millions of characters")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment = Environment.now("bench.growth.large_text")
    found = added(given.data, given.work, given.megabytes)
    head = ("characters", "text (MB)", "passages", "seconds", "peak (MB)")
    cells = (
        f"{found.characters:,}",
        f"{found.text:.0f}",
        f"{found.passages:,}",
        f"{found.seconds:.0f}",
        f"{found.peak:.0f}",
    )
    lines = (
        "# A long text is added",
        "",
        environment.to_markdown(),
        "Seconds without embedding. Peak: resident memory at most, less what there was with the "
        "text made and the model loaded; the library that is open afterwards is in it.",
        "",
        *table(head, [cells]),
    )
    report(given, "large_text", environment, "\n".join(lines), added=asdict(found))


if __name__ == "__main__":
    main()
