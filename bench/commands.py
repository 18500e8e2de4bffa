"""Arguments and reports that the benchmarks share."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

from bench.reading import RememberingModel
from qa.reading.calibration import Calibration
from qa.reading.large_model import LargeModel
from qa.reading.large_weights import ADAPTERS
from qa.reading.model import WEIGHTS, SpanModel, read_manifest, shipped_folder
from qa.reading.reader import ExtractiveReader, SpanReader
from qa.reading.two_stage import TwoStageReader


def parser_of(module: str) -> argparse.ArgumentParser:
    """Return a parser of ``--data``, ``--cache``, ``--quick`` and ``--out``."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--cache", type=Path, help="file in which the model's logits are cached")
    parser.add_argument("--small", action="store_true", help="without the large reading model")
    parser.add_argument("--quick", action="store_true", help="ask a fixed eighth of the questions")
    parser.add_argument("--out", type=Path, help="folder of the results")
    return parser


def shipped_reader(given: argparse.Namespace) -> SpanReader:
    """Return the shipped reader, with a cache of what it has read."""
    small = small_reader(given.cache)
    return small if given.small else TwoStageReader(small, large_model(given.cache))


def small_reader(
    cache: Path | None, folder: Path | None = None, calibration: Calibration | None = None
) -> ExtractiveReader:
    """Return the small reader, the shipped one by default, with a cache of what it has read."""
    sha256 = read_manifest(folder or shipped_folder())["files"][WEIGHTS]
    model = RememberingModel(SpanModel.shipped(folder), sha256, cache, has_context=False)
    return ExtractiveReader(model, calibration)


def large_model(cache: Path | None, folder: Path | None = None) -> RememberingModel:
    """Return the large model, the shipped one by default, with a cache of what it has read."""
    adapters = ((folder or shipped_folder()) / ADAPTERS).read_bytes()
    sha256 = hashlib.sha256(adapters).hexdigest()
    return RememberingModel(LargeModel.shipped(folder), sha256, cache)


def report(folder: Path | None, name: str, text: str) -> None:
    """Print the Markdown ``text`` and write it to ``name.md`` in ``folder``, if there is one."""
    print(text)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
