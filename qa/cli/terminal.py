"""Options, exit codes, progress and output of the command line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from index.types import ArticleInfo
from qa.answers.answer import Answer, Kind
from qa.answers.confidence import confidence_explained, confidence_in_words
from qa.output.escape import visible
from qa.output.to_text import to_plain

if TYPE_CHECKING:
    from index.embedding.embedder import Progress


EXIT_INTERRUPTED = 130


@contextlib.contextmanager
def remembered_interrupts() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt once Ctrl-C was pressed.

    The exception is raised at once, as ever; calling the function as work goes on
    raises it again where it was swallowed, as by libraries that catch everything while
    they are imported. It is called once more at the end. Outside the main thread, which
    alone receives signals, the function does nothing.
    """
    pressed = threading.Event()

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    def hear(_: int, __: FrameType | None) -> None:
        pressed.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = signal.signal(signal.SIGINT, hear)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
    check()


def exit_interrupted() -> NoReturn:
    """End the process at once as interrupted, with one line on standard error.

    Python's own way out would wait for threads, and report a second Ctrl-C with a traceback.
    """
    with contextlib.suppress(OSError):
        os.write(2, b"Interrupted.\n")
    os._exit(EXIT_INTERRUPTED)


EXIT_ERROR = 1
EXIT_REFUSED = 3
EXIT_REEMBED = 4
EXIT_DAMAGED = 5

LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library",
        "-l",
        envvar="ARTICLE_QA_LIBRARY",
        help="Folder of the library.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="Embedding model, by name or path.")
]
AnsweringOption = Annotated[
    str | None,
    typer.Option("--answering", help="How readily to answer: careful, balanced or eager."),
]
ArticleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--article", "-a", help="Only this article, by the start of its id. May be repeated."
    ),
]


def required(library: Path | None) -> Path:
    """Return the library's folder; if none is given, end with what to do."""
    if library is None:
        wrong_usage(
            "Name the library's folder: --library DIR, or the environment variable "
            "ARTICLE_QA_LIBRARY."
        )
    return library


def wrong_usage(message: str) -> NoReturn:
    """End with a message about the command as it was given."""
    raise typer.BadParameter(message)


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
