"""The command ``article-qa check``: check a library, repair its indexes, or salvage articles."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer

from index.errors import LibraryError
from qa.cli.terminal import (
    EXIT_DAMAGED,
    EXIT_REEMBED,
    JsonOption,
    LibraryOption,
    ModelOption,
    print_json,
    print_text,
    progress_bar,
    required,
)
from qa.settings import Settings

_CONCLUSIONS = {
    "sound": "The library is in order.",
    "mended": "The library was repaired, and nothing is lost.",
    "reembed": "The articles are in order, but have to be embedded again. Run: "
    "article-qa reembed --library {folder}",
    "damaged": "The database is damaged and was not changed. Restore {folder}/library.sqlite "
    "from a backup, or copy the readable articles to a new library: "
    "article-qa check --library {folder} --salvage NEW_DIR",
}
_EXITS = {"sound": 0, "mended": 0, "reembed": EXIT_REEMBED, "damaged": EXIT_DAMAGED}


def check(
    library: LibraryOption = None,
    salvage: Annotated[
        Path | None,
        typer.Option(help="Copy the readable articles to this new library instead."),
    ] = None,
    model: ModelOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Check a library and rebuild damaged indexes.

    The articles in library.sqlite are never changed. Exit codes: 0 in order, or repaired; 1 the
    check failed; 4 the articles have to be embedded again (reembed); 5 articles are damaged
    or lost.

    Example: article-qa check --library library/
    """
    folder = required(library)
    if salvage is not None:
        _salvage(folder, salvage, Settings.load(model=model))
        return
    with progress_bar("Checking the library") as progress:
        from index.maintenance import check_library

        report = check_library(folder, progress)
    if as_json:
        print_json(report.to_dict())
    else:
        head = f"Articles: {report.articles}. Passages: {report.passages}."
        end = _CONCLUSIONS[report.verdict].format(folder=folder)
        for sentence in (*report.found, *report.done, head, end):
            print_text(sentence)
    raise typer.Exit(_EXITS[report.verdict])


def _salvage(folder: Path, new: Path, settings: Settings) -> None:
    """Copy every readable article to a new library, and report how many there are."""
    from index.maintenance import salvage_articles
    from qa.article_qa import ArticleQA

    if new.exists() and not (new.is_dir() and not any(new.iterdir())):
        msg = f"{new} is not an empty folder. Name a new folder to save the articles in."
        raise LibraryError(msg)
    articles = salvage_articles(folder)
    first = list(islice(articles, 1))  # raises if nothing is readable, before a library is created
    saved = lost = 0
    with ArticleQA.open(new, settings) as qa:
        for article in chain(first, articles):
            if article is None:
                lost += 1
                continue
            with progress_bar(f"Saving {article.title}") as progress:
                qa.add_article(article, progress)
            saved += 1
    print_text(f"Copied {saved} articles to {new}. {lost} could not be read.")
