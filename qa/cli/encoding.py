"""Add many sources with workers, and show how far they are."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from index.errors import SettingsError
from qa.cli.folders import files_of
from qa.cli.terminal import remembered_interrupts, wrong_usage

if TYPE_CHECKING:
    from index.types import ArticleInfo
    from qa.encoding.workers import SourceResult
    from qa.settings import Settings


@dataclass(slots=True)
class WorkerAdditions:
    """What was added, in the order of the sources, and (source, reason) of what was not."""

    added: list[ArticleInfo] = field(default_factory=list)
    """Also those that were in the library before, which are not embedded again."""
    read_badly: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    sources: int = 0
    """How many there are, with the files in folders and the folders that cannot be used."""


def add_in_workers(sources: Sequence[str], library: str, settings: Settings) -> WorkerAdditions:
    """Add files, the files in folders, and web addresses, with Ray.

    Raises:
        BadParameter: The library is not on a Milvus server.
        ModelUnavailable: The package ray is not installed.
        LibraryError: The library cannot be used, or Ray fails. What is added by then stays.
    """
    from qa.encoding.on_ray import check_shareable

    try:
        check_shareable(library)
    except SettingsError as error:
        wrong_usage(str(error))
    files, problems = files_of(sources)
    found = WorkerAdditions(problems=problems, sources=len(files) + len(problems))
    for result in sorted(_added(files, library, settings), key=lambda each: each.source.number):
        if result.article is None:
            found.problems.append((result.source.name, result.error))
        else:
            found.added.append(result.article)
            found.read_badly += [result.read_badly] if result.read_badly else []
    return found


def _added(files: Sequence[str], library: str, settings: Settings) -> list[SourceResult]:
    """Return the results of the files, in the order in which they were done."""
    from tqdm import tqdm

    from qa.encoding.on_ray import add_with_ray

    done: list[SourceResult] = []
    passages = 0
    with (
        remembered_interrupts() as check,
        closing(add_with_ray(library, files, settings)) as results,
        tqdm(
            total=len(files),
            desc="Starting Ray",
            unit="file",
            leave=False,
            disable=None,
            file=sys.stderr,
        ) as bar,
    ):
        for result in results:
            check()
            done.append(result)
            passages += result.passages
            bar.set_description("Adding", refresh=False)
            bar.set_postfix(passages=f"{passages:,}", refresh=False)
            bar.update()
    return done
