"""The commands that keep a library: add, list, remove, rename, reembed and check."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from index.errors import ArticleQAError, InputError, LibraryError
from index.library_address import is_milvus, milvus_address
from index.types import ArticleInfo
from qa.cli.folders import add_folder, watch_folder
from qa.cli.terminal import (
    EXIT_DAMAGED,
    EXIT_ERROR,
    EXIT_REEMBED,
    JsonOption,
    LibraryOption,
    ModelOption,
    StateOption,
    print_articles,
    print_error,
    print_json,
    print_text,
    progress_bar,
    required,
    wrong_usage,
)
from qa.output.to_text import in_quotation_marks
from qa.settings import Settings

if TYPE_CHECKING:
    from index.embedding.embedder import Progress
    from index.maintenance import Report
    from index.types import Article
    from qa.article_qa import ArticleQA

_ArticleArgument = Annotated[str, typer.Argument(help="Id of the article, or the start of it.")]
WatchOption = Annotated[
    bool, typer.Option("--watch", help="Keep the library in step with one folder until Ctrl-C.")
]
EncodeOption = Annotated[
    Literal["ray"] | None,
    typer.Option(
        "--encode-with",
        help="Read and embed in many processes, for a library on a Milvus server.",
        show_default=False,
    ),
]
_NOT_TRIED = "not tried, because of the error above"
_CONCLUSIONS = {
    "sound": "The library is in order.",
    "repaired": "The library was repaired, and nothing is lost.",
    "reembed": "The articles are in order, but have to be embedded again. Run: "
    "article-qa reembed --library {library}",
    "damaged": "The database is damaged and was not changed. Restore {library}/library.sqlite "
    "from a backup, or copy the readable articles to a new library: "
    "article-qa check --library {library} --salvage NEW_DIR",
}
_CONCLUSIONS_ON_MILVUS = _CONCLUSIONS | {
    "reembed": "The articles are in order, but have to be embedded again, into another database or "
    "shelf. Run: article-qa copy '{library}' TO --embed",
    "damaged": "Articles are damaged and were not changed. Restore the database from a backup, or "
    "copy the readable articles to a new library: article-qa copy '{library}' TO",
}
_ONLY_FOLDERS = (
    "--salvage is for a library in a folder, and needs a new folder. The readable articles of a "
    "library on Milvus are copied by: article-qa copy FROM TO"
)
_EXIT_CODES = {"sound": 0, "repaired": 0, "reembed": EXIT_REEMBED, "damaged": EXIT_DAMAGED}


def add(  # noqa: PLR0913, PLR0917 - one for each option
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders, web addresses, or - for standard input.", metavar="SOURCE"
        ),
    ],
    library: LibraryOption = None,
    title: Annotated[str, typer.Option(help="Title of the article, for a single source.")] = "",
    watch: WatchOption = False,  # noqa: FBT002 - a flag
    encode_with: EncodeOption = None,
    state: StateOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Add articles to a library.

    The library is created if it does not exist. A source that cannot be used is reported, the
    others are added, and the exit code is 1. Of a folder, the files in it and in its subfolders
    are added, except hidden and unfinished ones; links are not followed.

    With --watch, new files of a folder are added, changed ones replaced, and the articles of
    deleted ones removed, until Ctrl-C. Articles that did not come from the folder are kept.

    With --encode-with ray, many sources are read and embedded at once: by the cores of this
    machine, or on the Ray cluster that RAY_ADDRESS names. If it is interrupted, run it again: what
    is in the library is not embedded again.

    Example: article-qa add report.txt https://example.org/page.html --library library/
    """
    folders = [source for source in sources if _is_folder(source)]
    if title and (len(sources) > 1 or folders):
        wrong_usage("--title can be given only with a single file, address or standard input.")
    if watch and (len(sources) > 1 or not folders or as_json):
        wrong_usage("--watch needs a single folder, and cannot be used with --json.")
    settings, at = Settings.load(model=model), required(library)
    if encode_with:
        if title or watch or "-" in sources:
            wrong_usage("--encode-with takes files, folders and addresses, no --title or --watch.")
        _add_with_ray(sources, at, settings, as_json=as_json)
        return
    if watch:
        watch_folder(Path(folders[0]), at, settings, state)
        return
    others = [source for source in sources if source not in folders]
    added, read_badly, problems = _add_each(others, title, at, settings)
    tried = len(others)
    for folder in folders:
        found = add_folder(Path(folder), at, settings, state)
        added += found.added
        read_badly += found.read_badly
        problems += found.problems
        tried += found.files
    if as_json:
        print_json([article.to_dict() for article in added])
    elif added:
        print_articles([ArticleInfo.of(article) for article in added])
    _print_notes(read_badly, problems, tried)


def list_articles(library: LibraryOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002 - a flag
    """List the articles of a library.

    Example: article-qa list --library library/
    """
    with progress_bar("Opening the library"), open_library(required(library), read_only=True) as qa:
        infos = qa.catalogue()
    if as_json:
        print_json([info.to_dict() for info in infos])
    else:
        print_articles(infos)


def remove(article: _ArticleArgument, library: LibraryOption = None) -> None:
    """Remove an article from a library.

    Example: article-qa remove 3f2a --library library/
    """
    with progress_bar("Removing the article"), open_library(required(library)) as qa:
        removed = qa.resolve(article)
        qa.remove(removed.id)
    print_text(f"Removed {in_quotation_marks(removed.title)}.")


def rename(
    article: _ArticleArgument,
    title: Annotated[str, typer.Argument(help="The new title, in quotes.")],
    library: LibraryOption = None,
) -> None:
    """Give an article another title.

    Example: article-qa rename 3f2a "The treaty" --library library/
    """
    with progress_bar("Renaming the article"), open_library(required(library)) as qa:
        old = qa.resolve(article)
        new_title = qa.rename(old.id, title)
    print_text(f"Renamed {in_quotation_marks(old.title)} to {in_quotation_marks(new_title)}.")


def reembed(library: LibraryOption = None, model: ModelOption = None) -> None:
    """Embed every article again, with another model.

    A library on Milvus is copied to another instead: see copy --model.

    Example: article-qa reembed --library library/ --model ./my-model
    """
    at, settings = required(library), Settings.load(model=model)
    with progress_bar("Embedding the articles") as progress:
        from qa.article_qa import ArticleQA

        ArticleQA.reembed(at, settings, progress=progress)


def check(
    library: LibraryOption = None,
    salvage: Annotated[
        Path | None,
        typer.Option(help="Copy the readable articles to this new library instead."),
    ] = None,
    reindex: Annotated[  # noqa: FBT002 - a flag
        bool,
        typer.Option(
            "--reindex",
            help="On Milvus: give the vectors the index that fits their number. No question is "
            "answered meanwhile.",
        ),
    ] = False,
    model: ModelOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Check a library and rebuild damaged indexes.

    The articles themselves are never changed. Exit codes: 0 in order, or repaired; 1 the check
    failed; 4 the articles have to be embedded again (reembed); 5 articles are damaged or lost.

    Example: article-qa check --library library/
    """
    at = required(library)
    if salvage is not None:
        if is_milvus(at) or is_milvus(salvage):
            wrong_usage(_ONLY_FOLDERS)
        _salvage(Path(at), salvage, Settings.load(model=model))
        return
    if reindex and not is_milvus(at):
        wrong_usage("--reindex is for a library on Milvus. In a folder, check repairs the index.")
    with progress_bar("Checking the library") as progress:
        report = _report_on(at, progress, reindex=reindex)
    if as_json:
        print_json(report.to_dict())
    else:
        counts = f"Articles: {report.articles}. Passages: {report.passages}."
        conclusions = _CONCLUSIONS_ON_MILVUS if is_milvus(at) else _CONCLUSIONS
        conclusion = conclusions[report.verdict].format(library=at)
        for sentence in (*report.found, *report.done, counts, conclusion):
            print_text(sentence)
    raise typer.Exit(_EXIT_CODES[report.verdict])


def _report_on(library: str, progress: Progress, *, reindex: bool) -> Report:
    address = milvus_address(library)
    if address is None:
        from index.maintenance import check_library

        return check_library(Path(library), progress)
    from index.milvus.maintenance import check_milvus

    return check_milvus(address, Settings.load().milvus_access, progress, reindex=reindex)


def open_library(
    library: str | None, settings: Settings | None = None, *, read_only: bool = False
) -> ArticleQA:
    """Open an existing library, or the bundled article for None."""
    from qa.article_qa import ArticleQA

    if library is None:
        return ArticleQA.bundled(settings)
    return ArticleQA.open(library, settings, create=False, read_only=read_only)


def _add_each(
    sources: Sequence[str], title: str, library: str, settings: Settings
) -> tuple[list[Article], list[str], list[tuple[str, str]]]:
    """Add the sources.

    Returns the articles that were added, which of their pages were read badly, and (source,
    reason) of those that were not added.
    """
    added: list[Article] = []
    read_badly: list[str] = []
    problems: list[tuple[str, str]] = []
    with ExitStack() as stack:
        qa = None
        for number, source in enumerate(sources, start=1):
            count = f" ({number} of {len(sources)})" if len(sources) > 1 else ""
            try:
                with progress_bar(f"Adding {source}{count}") as progress:
                    from qa.article_qa import ArticleQA
                    from qa.output.printed_pages import pages_read_badly

                    _check_location(library)
                    article = _read(source, title, settings)
                    # Opened only once there is something to add: an error must create no library.
                    qa = qa or stack.enter_context(ArticleQA.open(library, settings))
                    article = qa.add_article(article, progress)
                    added.append(article)
                    note = pages_read_badly(article.title, qa.page_shapes(article.id))
                    read_badly += [note] if note else []
            except InputError as error:
                problems.append((source, str(error)))
            except ArticleQAError as error:  # the next source would fail as well
                if not added and not problems:
                    raise
                problems.append((source, str(error)))
                problems += [(left, _NOT_TRIED) for left in sources[number:]]
                break
    return added, read_badly, problems


def _add_with_ray(
    sources: Sequence[str], library: str, settings: Settings, *, as_json: bool
) -> None:
    from qa.cli.encoding import add_in_workers

    found = add_in_workers(sources, library, settings)
    if as_json:
        print_json([article.to_dict() for article in found.added])
    elif found.added:
        print_articles(found.added)
    _print_notes(found.read_badly, found.problems, found.sources)


def _check_location(library: str) -> None:
    """Raise the error of a folder or an address that can be no library."""
    if milvus_address(library) is None:
        from index.store.folder import check_folder

        check_folder(Path(library), create=True)


def _read(source: str, title: str, settings: Settings) -> Article:
    from index.sources.web import is_web_address
    from qa.library import read_bytes, read_file, read_url

    if source == "-":
        data = sys.stdin.buffer.read(settings.max_article_bytes + 1)
        return read_bytes(data, "standard input", settings, title=title)
    if not _exists(source) and is_web_address(source):
        return read_url(source, settings, title=title)
    return read_file(Path(source), settings, title=title)


def _is_folder(source: str) -> bool:
    return _exists(source) and Path(source).is_dir()


def _exists(source: str) -> bool:
    try:
        return Path(source).exists()
    except (OSError, ValueError):  # not a possible file name: too long, or with a NUL
        return False


def _print_notes(
    read_badly: Sequence[str], problems: Sequence[tuple[str, str]], sources: int
) -> None:
    """Print what was read badly or not added, and end with exit code 1 for the latter."""
    for note in read_badly:
        print_error(note)
    if problems:
        _print_problems(problems, sources)
        raise typer.Exit(EXIT_ERROR)


def _print_problems(problems: Sequence[tuple[str, str]], sources: int) -> None:
    """Print on standard error what was not added and why."""
    if sources == 1:
        print_error(f"Error: {problems[0][1]}")
        return
    reasons = [reason if source in reason else f"{source}: {reason}" for source, reason in problems]
    lines = "".join(f"\n  {line}" for line in reasons) if len(reasons) > 1 else f" {reasons[0]}"
    print_error(f"{sources - len(problems)} of {sources} added. Not added:{lines}")


def _salvage(folder: Path, new: Path, settings: Settings) -> None:
    """Copy every readable article to a new library, and print how many there are."""
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
