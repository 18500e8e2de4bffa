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
from rich.text import Text

from index.types import ArticleInfo
from qa.answers.answer import Answer
from qa.answers.confidence_wording import confidence_explained, confidence_in_words
from qa.output.escape import replace_control_characters
from qa.output.to_text import Paragraphs, plain_pieces

if TYPE_CHECKING:
    from index.embedding.embedder import Progress


EXIT_INTERRUPTED = 130
PROMPT = "Ask a question (empty line to quit): "


@contextlib.contextmanager
def remembered_interrupts() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if Ctrl-C has been pressed.

    Ctrl-C itself raises the exception at once, as usual. Some libraries catch every exception
    while they are imported; calling the function during the work raises it again. It is
    called once more at the end. Outside the main thread, the only one that receives signals,
    the function does nothing.
    """
    pressed = threading.Event()

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    def interrupt(_: int, __: FrameType | None) -> None:
        pressed.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
    check()


def exit_interrupted() -> NoReturn:
    """End the process at once as interrupted, with one line on standard error.

    A normal exit would wait for threads, and print a traceback for a second Ctrl-C.
    """
    with contextlib.suppress(OSError):
        os.write(2, b"Interrupted.\n")
    os._exit(EXIT_INTERRUPTED)


EXIT_ERROR = 1
EXIT_REFUSED = 3
EXIT_REEMBED = 4
EXIT_DAMAGED = 5

LibraryOption = Annotated[
    str | None,  # not a path, which would shorten milvus://host to milvus:/host
    typer.Option(
        "--library",
        "-l",
        envvar="ARTICLE_QA_LIBRARY",
        metavar="DIR",
        help="Folder of the library, or its address on Milvus: milvus://host:19530/database, or "
        "milvus-lite:PATH.db.",
        show_default=False,
    ),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        envvar="ARTICLE_QA_STATE",
        metavar="DIR",
        help="Folder for what is kept for visitors: conversations, tags, shelves and tokens. "
        "Default: the library's folder; for a library on Milvus none.",
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
OwnWordsOption = Annotated[
    bool,
    typer.Option("--own-words", help="Let the language model of the settings write the answer."),
]
ArticleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--article", "-a", help="Only this article, by the start of its id. May be repeated."
    ),
]


def required(library: str | None) -> str:
    """Return the library's folder or address; without one, end with how to name it."""
    if library is None:
        wrong_usage(
            "Name the library's folder, or its address on Milvus: --library DIR, or the "
            "environment variable ARTICLE_QA_LIBRARY."
        )
    return library


def wrong_usage(message: str) -> NoReturn:
    """End with a usage error (exit code 2)."""
    raise typer.BadParameter(message)


_DATE_CHARS = len("2026-01-31")
_UNLIMITED_COLUMNS = 10_000
# Quotes are not wrapped, so that they can be copied; a terminal wraps by itself.
console = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def print_answer(answer: Answer, paragraphs: Paragraphs | None = None) -> None:
    """Print an answer with its sources and its confidence; short answers are bold in a terminal.

    ``paragraphs`` locates the sources, see :func:`qa.output.to_text.paragraphs_of`. A reply that
    is not about the articles has no confidence.
    """
    pieces = plain_pieces(answer, paragraphs or {})
    shown = Text.assemble(*((text, "bold" if is_short else "") for text, is_short in pieces))
    if answer.has_confidence:
        shown.append(f"\n\n{confidence_line(answer)}")
    console.print(shown.append("\n"))


def confidence_line(answer: Answer) -> str:
    """Return the confidence of an answer in words, and what it means."""
    return f"{confidence_in_words(answer)} {in_brackets(confidence_explained(answer))}"


def in_brackets(sentence: str) -> str:
    """Return a sentence as an aside: in brackets, without its capital and its full stop."""
    return f"({sentence[:1].lower()}{sentence[1:].removesuffix('.')})"


def print_articles(infos: Iterable[ArticleInfo]) -> None:
    """Print a table of articles, with whole titles: a terminal wraps them within their column.

    In a pipe or a file, each article is one line.
    """
    table = Table(box=None)
    table.add_column("id", no_wrap=True)
    table.add_column("title", overflow="fold")
    table.add_column("source", overflow="fold")
    table.add_column("characters", no_wrap=True, justify="right")
    table.add_column("added", no_wrap=True)
    for info in infos:
        row = (info.id[:8], info.title, info.source or "")
        cells = (*row, f"{info.characters:,}", (info.added_at or "")[:_DATE_CHARS])
        table.add_row(*(escape(replace_control_characters(cell)) for cell in cells))
    printer = console if console.is_terminal else Console(width=_UNLIMITED_COLUMNS)
    printer.print(table, soft_wrap=False, crop=False)


def print_text(text: str) -> None:
    """Print text, with its control characters replaced: they must not reach a terminal."""
    console.print(replace_control_characters(text), markup=False)


def print_error(text: str) -> None:
    """Print an error message on standard error, with its control characters replaced."""
    stderr.print(replace_control_characters(text), markup=False)


def print_json(value: object) -> None:
    """Print a value as JSON for programs, without colours or replaced characters."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


@contextlib.contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Show a label and a progress bar while work is going on, if standard error is a terminal.

    Yield a function to report progress with. It raises KeyboardInterrupt again if a library has
    caught it.
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
            task = bars.add_task(replace_control_characters(label), total=None)

            def show(done: int, total: int) -> None:
                check()
                bars.update(task, completed=done, total=total)

            yield show


def prompt() -> str:
    """Ask for a question and return it; empty at the end of the input."""
    try:
        return console.input(f"[bold]{PROMPT}[/bold]").strip()
    except EOFError:
        return ""
