"""The command ``article-qa check``: read a library in full, mend it, or save what can be read."""

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
    "sound": "All of it agrees.",
    "mended": "What was wrong has been mended, and nothing is lost.",
    "reembed": "The articles are sound, but they have to be embedded again: "
    "article-qa reembed --library {folder}",
    "damaged": "The record is damaged and was left as it is. Put {folder}/library.sqlite back "
    "from a backup, or copy what can be read into a new library: "
    "article-qa check --library {folder} --salvage NEW_DIR",
}
_EXITS = {"sound": 0, "mended": 0, "reembed": EXIT_REEMBED, "damaged": EXIT_DAMAGED}


def check(
    library: LibraryOption = None,
    salvage: Annotated[
        Path | None,
        typer.Option(help="Instead, copy the articles that can be read to this new library."),
    ] = None,
    model: ModelOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Check a library in full, and rebuild the indexes that do not agree with its record.

    Example: article-qa check --library library/

    The record itself, library.sqlite, is never changed. Exit codes: 0 sound, or mended; 1 it
    could not be checked; 4 the articles have to be embedded again (reembed); 5 articles are
    damaged or lost.
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
        head = f"{report.articles} articles and {report.passages} passages are in order."
        end = _CONCLUSIONS[report.verdict].format(folder=folder)
        for sentence in (*report.found, *report.done, head, end):
            print_text(sentence)
    raise typer.Exit(_EXITS[report.verdict])


def _salvage(folder: Path, new: Path, settings: Settings) -> None:
    """Copy every article that can be read to a new library, and report how many could be."""
    from index.maintenance import salvage_articles
    from qa.article_qa import ArticleQA

    if new.exists() and not (new.is_dir() and not any(new.iterdir())):
        msg = f"{new} is not an empty folder. Name a new folder to save the articles in."
        raise LibraryError(msg)
    articles = salvage_articles(folder)
    first = list(islice(articles, 1))  # raises if nothing can be read, before anything is made
    saved = lost = 0
    with ArticleQA.open(new, settings) as qa:
        for article in chain(first, articles):
            if article is None:
                lost += 1
                continue
            with progress_bar(f"Saving {article.title}") as progress:
                qa.add_article(article, progress)
            saved += 1
    print_text(f"{saved} articles are in {new}, as they were added. {lost} could not be read.")
