"""What the command line prints: answers, lists and JSON, for a terminal or a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from index.types import ArticleInfo
from qa.answer import Answer
from qa.confidence import confidence_explained, confidence_in_words
from qa.rendering import to_plain, visible

# What is quoted is not wrapped: it can be copied, and a terminal wraps by itself.
console = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def print_answer(answer: Answer, *, as_json: bool) -> None:
    """Print an answer with its sources and how sure it is, or all of it as JSON."""
    if as_json:
        print_json(answer.to_dict())
        return
    sure = f"{confidence_in_words(answer)} ({confidence_explained(answer)})"
    console.print(f"{to_plain(answer)}\n\n{sure}\n", markup=False)


def print_articles(infos: Iterable[ArticleInfo]) -> None:
    """Print a table of articles."""
    table = Table("id", "title", "source", "characters", "added", box=None)
    for info in infos:
        row = (info.id[:8], info.title, info.source or "")
        cells = (*row, f"{info.characters:,}", info.added_at or "")
        table.add_row(*(escape(visible(cell)) for cell in cells))
    console.print(table)


def print_json(value: object) -> None:
    """Print a value as JSON, as it is: for programs, so nothing is coloured or replaced."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
