"""Arguments and reports that the benchmarks share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.reading import RememberingModel
from qa.reading.reader import ExtractiveReader


def parser_of(module: str) -> argparse.ArgumentParser:
    """Return a parser of ``--data``, ``--cache``, ``--quick`` and ``--out``."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--cache", type=Path, help="file in which the model's logits are cached")
    parser.add_argument("--quick", action="store_true", help="ask a fixed eighth of the questions")
    parser.add_argument("--out", type=Path, help="folder of the results")
    return parser


def shipped_reader(given: argparse.Namespace) -> ExtractiveReader:
    """Return the shipped reader, with a cache of what it has read."""
    return ExtractiveReader(RememberingModel(cache=given.cache))


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
