"""Copy a library to another: the command ``article-qa copy``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.library_address import local_path, milvus_address
from qa.cli.terminal import (
    EXIT_ERROR,
    JsonOption,
    ModelOption,
    print_error,
    print_json,
    print_text,
    remembered_interrupts,
    wrong_usage,
)
from qa.output.to_text import in_quotation_marks
from qa.settings import Settings

if TYPE_CHECKING:
    from index.embedding.embedder import Progress
    from index.search.backend import LibraryBackend
    from qa.copying import Comparison, Copied, Problem

_SAME = "FROM and TO are the same library. Name another folder or address as TO."


def copy(  # noqa: PLR0913, PLR0917 - one for each option
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="Folder of a library, or its address on Milvus.")
    ],
    target: Annotated[
        str,
        typer.Argument(metavar="TO", help="Where to; created if it does not exist."),
    ],
    verify_only: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--verify-only", help="Only compare the two libraries.")
    ] = False,
    embed: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--embed", help="Embed the articles again, even with the same model.")
    ] = False,
    model: ModelOption = None,
    from_model: Annotated[
        str | None, typer.Option(help="Embedding model of FROM, if it is not the default.")
    ] = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Copy every article from one library to another, and compare them.

    Each is a folder or on Milvus. Articles are copied with their files, pages, passages and
    vectors. With another --model than that of FROM, they are embedded again. FROM is not changed.

    What is in TO already is kept, so a copy that was interrupted is continued by the same command.
    An article that cannot be read is reported, the others are copied, and the exit code is 1. It is
    also 1 if the libraries differ. Conversations, shelves and tags are not copied: they are in
    visitors.sqlite.

    Example: article-qa copy library/ milvus://localhost:19530/news
    """
    if _place(source) == _place(target):
        wrong_usage(_SAME)
    with ExitStack() as stack:
        opened = _open(source, Settings.load(model=from_model), create=False, read_only=True)
        original = stack.enter_context(closing(opened))
        opened = _open(
            target, Settings.load(model=model), create=not verify_only, read_only=verify_only
        )
        other = stack.enter_context(closing(opened))
        from qa.copying import Copied, compare, copy_articles, have_same_model

        copied = Copied()
        if not verify_only:
            with _bar("Copying") as progress, other.adding_many():
                copied = copy_articles(original, other, embed=embed, progress=progress)
        with _bar("Comparing") as progress:
            compared = compare(
                original,
                other,
                with_passages=not embed and have_same_model(original, other),
                without={each.article_id for each in copied.left_out},
                progress=progress,
            )
    if as_json:
        print_json({"copied": asdict(copied), "compared": asdict(compared)})
    else:
        _print_result(copied, compared, is_copied=not verify_only)
    if copied.left_out or copied.without_file or compared.differences:
        raise typer.Exit(EXIT_ERROR)


def _place(library: str) -> str:
    """Return the same text for two ways to write the same library."""
    address, path = milvus_address(library), local_path(library)
    if address is None or path is None:
        return str(address or Path(library).resolve())
    return str(replace(address, file=path.resolve()))


def _open(library: str, settings: Settings, *, create: bool, read_only: bool) -> LibraryBackend:
    from qa.library import backend_of, embedder_of

    return backend_of(library, embedder_of(settings), settings, create=create, read_only=read_only)


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    """Show how many articles are done, if standard error is a terminal."""
    from tqdm import tqdm

    with (
        remembered_interrupts() as check,
        tqdm(desc=label, unit="article", leave=False, disable=None, file=sys.stderr) as bar,
    ):

        def show(done: int, total: int) -> None:
            check()
            bar.total = total
            bar.update(done - bar.n)

        yield show


def _print_result(copied: Copied, compared: Comparison, *, is_copied: bool) -> None:
    if is_copied:
        print_text(f"Articles copied: {copied.added}. Already there: {copied.already_there}.")
    print_text(f"The same in both: articles {compared.articles}, passages {compared.passages}.")
    if compared.others:
        print_text(f"Articles only in TO: {compared.others}.")
    if not compared.same_order:
        print_text("The order of the articles differs.")
    _print_problems("Not copied", copied.left_out)
    _print_problems("Copied without their file", copied.without_file)
    _print_problems("Different", compared.differences)


def _print_problems(heading: str, problems: list[Problem]) -> None:
    if problems:
        lines = (
            f"\n  {in_quotation_marks(each.title)} ({each.article_id[:8]}): {each.reason}"
            for each in problems
        )
        print_error(f"{heading}: {len(problems)}{''.join(lines)}")
