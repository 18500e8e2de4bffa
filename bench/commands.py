"""What the commands that ask the evaluation sets share: their arguments and their reports."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.environment import Environment
from bench.reading import RememberingModel
from bench.reporting import write_results
from qa.reader import ExtractiveReader


def parser_of(module: str) -> argparse.ArgumentParser:
    """Return a parser of ``--data``, ``--cache``, ``--quick`` and ``--out``."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--cache", type=Path, help="file that keeps what the model read")
    parser.add_argument("--quick", action="store_true", help="an eighth of the questions")
    parser.add_argument("--out", type=Path, help="folder of the results")
    return parser


def shipped_reader(given: argparse.Namespace) -> ExtractiveReader:
    """Return the reader that ships, which reads nothing twice."""
    return ExtractiveReader(RememberingModel(cache=given.cache))


def report(
    given: argparse.Namespace, name: str, environment: Environment, text: str, **data: object
) -> None:
    """Print the Markdown, and write it with the data behind it if a folder was given."""
    print(text)
    if given.out:
        write_results(given.out, name, text, {"environment": asdict(environment), **data})


def as_dicts(values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return dataclasses as JSON-ready values."""
    return [asdict(value) for value in values]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
