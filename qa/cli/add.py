"""The command ``article-qa add``: add what can be read, and report the rest."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import ArticleQAError, InputError
from index.types import ArticleInfo
from qa.cli.terminal import (
    EXIT_ERROR,
    JsonOption,
    LibraryOption,
    ModelOption,
    print_articles,
    print_error,
    print_json,
    progress_bar,
    required,
    wrong_usage,
)
from qa.settings import Settings

if TYPE_CHECKING:
    from index.types import Article

_NOT_TRIED = "not tried, because of the error above"


def add(
    sources: Annotated[
        list[str],
        typer.Argument(help="Files, web addresses, or - for standard input.", metavar="SOURCE"),
    ],
    library: LibraryOption = None,
    title: Annotated[str, typer.Option(help="Title of the article, for a single source.")] = "",
    model: ModelOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Add articles to a library.

    The library is created if it does not exist. A source that cannot be used is reported, the
    others are added, and the exit code is 1.

    Example: article-qa add report.txt https://example.org/page.html --library library/
    """
    if title and len(sources) > 1:
        wrong_usage("--title can be given only with a single source.")
    settings = Settings.load(model=model)
    added, problems = _add_each(sources, title, required(library), settings)
    if as_json:
        print_json([article.to_dict() for article in added])
    elif added:
        print_articles([ArticleInfo.of(article) for article in added])
    if problems:
        _report(problems, len(sources))
        raise typer.Exit(EXIT_ERROR)


def _add_each(
    sources: Sequence[str], title: str, folder: Path, settings: Settings
) -> tuple[list[Article], list[tuple[str, str]]]:
    """Return the articles that were added, and (source, reason) of those that were not."""
    added: list[Article] = []
    problems: list[tuple[str, str]] = []
    with ExitStack() as stack:
        qa = None
        for number, source in enumerate(sources, start=1):
            count = f" ({number} of {len(sources)})" if len(sources) > 1 else ""
            try:
                with progress_bar(f"Adding {source}{count}") as progress:
                    from index.store.folder import check_folder
                    from qa.article_qa import ArticleQA

                    check_folder(folder, create=True)
                    article = _read(source, title, settings)
                    # Opened only once there is something to add: an error must create no library.
                    qa = qa or stack.enter_context(ArticleQA.open(folder, settings))
                    added.append(qa.add_article(article, progress))
            except InputError as error:
                problems.append((source, str(error)))
            except ArticleQAError as error:  # the next one would fail as well
                if not added and not problems:
                    raise
                problems.append((source, str(error)))
                problems += [(left, _NOT_TRIED) for left in sources[number:]]
                break
    return added, problems


def _read(source: str, title: str, settings: Settings) -> Article:
    from index.sources.web import is_web_address
    from qa.library import read_bytes, read_file, read_url

    if source == "-":
        data = sys.stdin.buffer.read(settings.max_article_bytes + 1)
        return read_bytes(data, "standard input", settings, title=title)
    if not _exists(source) and is_web_address(source):
        return read_url(source, settings, title=title)
    return read_file(Path(source), settings, title=title)


def _exists(source: str) -> bool:
    try:
        return Path(source).exists()
    except (OSError, ValueError):  # no file can have such a name: too long, or with a NUL
        return False


def _report(problems: Sequence[tuple[str, str]], sources: int) -> None:
    """Print what was not added and why, on standard error."""
    if sources == 1:
        print_error(f"Error: {problems[0][1]}")
        return
    reasons = [reason if source in reason else f"{source}: {reason}" for source, reason in problems]
    lines = "".join(f"\n  {line}" for line in reasons) if len(reasons) > 1 else f" {reasons[0]}"
    print_error(f"{sources - len(problems)} of {sources} added. Not added:{lines}")
