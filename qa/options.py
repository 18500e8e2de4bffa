"""The options that several commands share, and the commands' exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

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
