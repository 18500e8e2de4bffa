"""What the command line prints: answers, lists, JSON and progress, for a terminal or a pipe."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from index.types import ArticleInfo
from qa.answer import Answer, Kind
from qa.confidence import confidence_explained, confidence_in_words
from qa.escaping import visible
from qa.interrupts import remembered_interrupts
from qa.rendering import to_plain

if TYPE_CHECKING:
    from index.embedder import Progress

# What is quoted is not wrapped: it can be copied, and a terminal wraps by itself.
console = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def print_answer(answer: Answer, *, as_json: bool) -> None:
    """Print an answer with its sources and how sure it is, or all of it as JSON.

    What is said about the program itself is printed alone.
    """
    if as_json:
        print_json(answer.to_dict())
        return
    told = to_plain(answer)
    if answer.kind is not Kind.TALK:
        told += f"\n\n{confidence_in_words(answer)} ({confidence_explained(answer)})"
    console.print(f"{told}\n", markup=False)


def print_articles(infos: Iterable[ArticleInfo]) -> None:
    """Print a table of articles."""
    table = Table("id", "title", "source", "characters", "added", box=None)
    for info in infos:
        row = (info.id[:8], info.title, info.source or "")
        cells = (*row, f"{info.characters:,}", info.added_at or "")
        table.add_row(*(escape(visible(cell)) for cell in cells))
    console.print(table)


def print_text(text: str) -> None:
    """Print a text as it is, but for control characters, which must not reach a terminal."""
    console.print(visible(text), markup=False)


def print_error(text: str) -> None:
    """Print on standard error what went wrong, free of control characters."""
    stderr.print(visible(text), markup=False)


def print_json(value: object) -> None:
    """Print a value as JSON, as it is: for programs, so nothing is coloured or replaced."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


@contextlib.contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Show that something is going on, and how far it is, if standard error is a terminal.

    Yields a function to report progress with. Ctrl-C is raised again there if it was swallowed.
    """
    with remembered_interrupts() as check:
        if not stderr.is_terminal:
            yield lambda _, __: check()
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(20))
        with Progress(
            *columns,
            MofNCompleteColumn(),
            console=stderr,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        ) as bars:
            task = bars.add_task(visible(label), total=None)

            def show(done: int, total: int) -> None:
                check()
                bars.update(task, completed=done, total=total)

            yield show


def prompt() -> str:
    """Return a line that is typed; nothing at the end of the input."""
    try:
        return console.input("[bold]? [/bold]").strip()
    except EOFError:
        return ""
