"""How near the documents' vectors in 8 bits are to float32, and how many are made a second.

    python -m bench.encoding --data DIR [--rounds 5] [--out bench/results]

Paragraphs of the evaluation sets, on none of which anything was calibrated. The same texts
are embedded in turns by the light encoder in float32 and in 8 bits, and by
sentence-transformers in float32 and, where torch computes in it, in bfloat16.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.commands import as_dicts, report, table
from bench.datasets import QA_FILES, read_set
from bench.environment import Environment
from bench.timing import in_turn
from index.full_model import FullModel
from index.light_encoder import LightEncoder
from index.model_files import default_model_folder

SETS = ("squad_en", "covidqa", "fairytale", "quail_news", "xquad_es")
PARAGRAPHS = 150
"""Of each set, spread over all of it."""
MIN_CHARS = 150
BATCH = 32
_Vectors = NDArray[np.float32]
_Encode = Callable[[Sequence[str]], _Vectors]


@dataclass(frozen=True, slots=True)
class Nearness:
    """Cosines of the paragraphs of one set, to float32."""

    name: str
    paragraphs: int
    mean: float
    first_percentile: float
    least: float


@dataclass(frozen=True, slots=True)
class Rate:
    """Paragraphs a second, one value a round."""

    name: str
    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)


def paragraphs_of(data: Path, name: str) -> list[str]:
    """Return paragraphs of a set, the same each time."""
    articles = read_set(data, name, quick=False)
    whole = [text for article in articles for text in article.text.split("\n\n")]
    long = [text for text in whole if len(text) >= MIN_CHARS]
    return long[:: max(1, len(long) // PARAGRAPHS)][:PARAGRAPHS]


def nearness(name: str, exact: _Vectors, others: _Vectors) -> Nearness:
    """Return how near vectors of unit length are to the exact ones, row by row."""
    cosines = np.sum(exact * others, axis=1)
    first = float(np.quantile(cosines, 0.01))
    return Nearness(name, len(cosines), float(cosines.mean()), first, float(cosines.min()))


def rates(texts: Sequence[str], encoders: dict[str, _Encode], rounds: int) -> list[Rate]:
    """Time the encoders in turns, on texts that are in order of length, as ours are."""
    in_order = sorted(texts, key=len, reverse=True)
    found: dict[str, list[float]] = {name: [] for name in encoders}
    for number in range(rounds):
        for name in in_turn(list(encoders), number):
            began = time.perf_counter()
            for first in range(0, len(in_order), BATCH):
                encoders[name](in_order[first : first + BATCH])
            found[name].append(len(texts) / (time.perf_counter() - began))
    return [Rate(name, tuple(values)) for name, values in found.items()]


def render(environment: Environment, near: Sequence[Nearness], fast: Sequence[Rate]) -> str:
    """Return the report."""
    base = fast[0]
    return "\n".join(
        [
            "# The encoder in 8 bits",
            "",
            environment.to_markdown(),
            "",
            "## Cosine to float32",
            "",
            *table(
                ("set", "paragraphs", "mean", "1st percentile", "least"),
                [
                    (
                        each.name,
                        str(each.paragraphs),
                        f"{each.mean:.5f}",
                        f"{each.first_percentile:.5f}",
                        f"{each.least:.5f}",
                    )
                    for each in near
                ],
            ),
            "",
            f"## Paragraphs a second ({SETS[0]})",
            "",
            "Medians of the rounds; a ratio is the median of the rounds' ratios to the first row.",
            "",
            *table(
                ("encoder", "paragraphs/s", "ratio"),
                [(each.name, f"{each.median:.1f}", f"{_ratio(each, base):.2f}") for each in fast],
            ),
            "",
        ]
    )


def _ratio(one: Rate, base: Rate) -> float:
    return statistics.median(a / b for a, b in zip(one.rounds, base.rounds, strict=True))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.encoding")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sets", nargs="+", default=SETS, choices=QA_FILES)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment = Environment.now("bench.encoding")
    exact, hasty = LightEncoder.default(), LightEncoder.default()
    hasty.hasten()
    folder = str(default_model_folder())
    full = {
        precision: FullModel.load(folder, allow_download=False, precision=precision)
        for precision in ("float32", "auto")
    }
    texts = {name: paragraphs_of(given.data, name) for name in given.sets}
    near = [
        nearness(name, exact.encode_documents(some), hasty.encode_documents(some))
        for name, some in texts.items()
    ]
    encoders: dict[str, _Encode] = {
        "sentence-transformers, float32": full["float32"].encode_documents,
        "sentence-transformers, bfloat16 where it is fast": full["auto"].encode_documents,
        "ours, float32": exact.encode_documents,
        "ours, 8 bits": hasty.encode_documents,
    }
    fast = rates(texts[given.sets[0]], encoders, given.rounds)
    report(
        given,
        "encoding",
        environment,
        render(environment, near, fast),
        nearness=as_dicts(near),
        rates=as_dicts(fast),
    )


if __name__ == "__main__":
    main()
