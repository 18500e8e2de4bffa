"""The command ``article-qa check``: a library read in full, mended, or saved as far as it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from index.errors import LibraryError
from qa.config import Settings
from qa.options import EXIT_DAMAGED, EXIT_REEMBED, JsonOption, LibraryOption, ModelOption, required
from qa.terminal import print_json, print_text, progress_bar

_CONCLUSIONS = {
    "sound": "All of it agrees.",
    "mended": "What was wrong is mended, and nothing is lost.",
    "reembed": "The articles are sound; their passages and vectors have to be made anew: "
    "article-qa reembed --library {folder}",
    "damaged": "The record is damaged and was left as it is. Put {folder}/library.sqlite back "
    "from a backup; or take what can be read into a new library: "
    "article-qa check --library {folder} --salvage NEW_DIR",
}
_EXITS = {"sound": 0, "mended": 0, "reembed": EXIT_REEMBED, "damaged": EXIT_DAMAGED}


def check(
    library: LibraryOption = None,
    salvage: Annotated[
        Path | None,
        typer.Option(help="Instead, take the articles that can be read into this new library."),
    ] = None,
    model: ModelOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Check a library in full, and mend what is derived from its record.

    Example: article-qa check --library library/

    Exit codes: 0 sound, or mended; 1 it could not be checked; 4 the passages have to be made
    anew by reembed; 5 articles are lost or changed. The record is never changed.
    """
    folder = required(library)
    if salvage is not None:
        _salvage(folder, salvage, Settings.load(model=model))
        return
    from index.checking import check_library

    with progress_bar("checking") as progress:
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
    """Add every article that can be read to a new library, and tell how many could."""
    from index.salvage import readable_articles
    from qa.pipeline import ArticleQA

    if new.exists() and any(new.iterdir()):
        msg = f"{new} is not empty. Name a new folder to save the articles in."
        raise LibraryError(msg)
    saved = lost = 0
    with ArticleQA.open(new, settings) as qa:
        for article in readable_articles(folder):
            if article is None:
                lost += 1
                continue
            with progress_bar(article.title) as progress:
                qa.add_article(article, progress)
            saved += 1
    print_text(f"{saved} articles are in {new}, as they were added. {lost} could not be read.")
