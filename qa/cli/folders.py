"""Add a folder to a library, and keep the library in step with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import InputError, LibraryLocked, SettingsError
from qa.cli.terminal import print_error, print_text, progress_bar, remembered_interrupts
from qa.output.to_text import in_quotation_marks

if TYPE_CHECKING:
    from index.types import Article
    from qa.article_qa import ArticleQA
    from qa.folder_sync import FolderFiles, FolderSync
    from qa.settings import Settings

_NOTHING = "There is no file in it to add. Hidden and unfinished files and links are skipped."
_NOT_LISTED = "The folder cannot be listed. Check its permissions."
_EMPTY = (
    "{} is empty or missing, but articles of an earlier run came from it. They are kept, in case "
    "its disk is not connected. To remove them, put one file into it."
)
_SETTLING_MS = 300
"""How long nothing may change before the changes are handled."""
_MOST_SETTLING_MS = 5_000
_RESCAN_MS = 30_000
"""Some disks, such as those of a network, report no changes."""


@dataclass(slots=True)
class FolderAdditions:
    """What was added of a folder, and (file, reason) of what was not."""

    added: list[Article] = field(default_factory=list)
    read_badly: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    files: int = 0
    """How many files there are to add, with those that are added already."""


def add_folder(
    folder: Path, library: str, settings: Settings, state: Path | None = None
) -> FolderAdditions:
    """Add the files in a folder and its subfolders; what cannot be read is skipped.

    ``state`` is where it is kept which article came from which file; None for the library's
    folder.

    Raises:
        LibraryError: The library cannot be opened or changed.
    """
    from qa.article_qa import ArticleQA
    from qa.folder_sync import FolderFiles, FolderSync, excluded_path

    if not FolderFiles.of(folder.resolve(), excluded_path(library)).stamps:
        return FolderAdditions(problems=[(str(folder), _NOTHING)], files=1)
    with ArticleQA.open(library, settings) as qa, FolderSync.opened(folder, qa, state) as sync:
        files = sync.files()
        additions = _add_new(sync, files, qa)
    additions.problems += [(str(each), _NOT_LISTED) for each in files.unreadable]
    additions.files = len(files.stamps) + len(files.unreadable)
    return additions


def watch_folder(folder: Path, library: str, settings: Settings, state: Path | None = None) -> None:
    """Keep a library in step with a folder until Ctrl-C; see :func:`add_folder` for ``state``.

    Raises:
        SettingsError: The system cannot watch the folder.
        LibraryError: The library cannot be opened or changed.
    """
    with progress_bar("Opening the library"):
        from qa.article_qa import ArticleQA
        from qa.folder_sync import FolderSync, excluded_path

    with ArticleQA.open(library, settings) as qa, FolderSync.opened(folder, qa, state) as sync:
        if not sync.files().stamps and sync.has_known_files:
            print_error(_EMPTY.format(folder))
            is_kept = True
        else:
            is_kept = False
        print_text(f"Watching {folder}. Ctrl-C ends it.")
        for _ in _changes(sync.folder, excluded_path(library)):
            is_kept = is_kept and not sync.files().stamps
            try:
                _update(sync, qa, is_kept=is_kept)
            except LibraryLocked as error:
                print_error(f"{error} The folder is read again in {_RESCAN_MS // 1000} s.")


def _changes(folder: Path, excluded: Path | None) -> Iterator[object]:
    """Yield at once, whenever files of a folder changed, and now and then in any case."""
    from watchfiles import Change, watch

    from qa.folder_sync import is_skipped

    def is_wanted(_: Change, path: str) -> bool:
        at = Path(path)
        if not at.is_relative_to(folder) or (excluded and at.is_relative_to(excluded)):
            return False
        return not any(map(is_skipped, at.relative_to(folder).parts))

    yield None
    try:
        yield from watch(
            folder,
            watch_filter=is_wanted,
            debounce=_MOST_SETTLING_MS,
            step=_SETTLING_MS,
            rust_timeout=_RESCAN_MS,
            yield_on_timeout=True,
        )
    except OSError as error:
        msg = f"{folder} cannot be watched ({error}). Run the command without --watch instead."
        raise SettingsError(msg) from error


def _update(sync: FolderSync, qa: ArticleQA, *, is_kept: bool) -> None:
    """Add what is new, then remove what is gone, unless it ``is_kept``, and print both."""
    additions = _add_new(sync, sync.files(), qa)
    for article in additions.added:
        print_text(f"Added {in_quotation_marks(article.title)}.")
    for note in additions.read_badly:
        print_error(note)
    for source, reason in additions.problems:
        print_error(reason if source in reason else f"{source}: {reason}")
    files = sync.files()
    for file in [] if is_kept else sync.gone(files):
        if sync.remove(file):
            removed = "earlier article" if file.path in files.stamps else "article"
            print_text(f"Removed the {removed} of {file.path.relative_to(sync.folder)}.")
    sys.stdout.flush()


def _add_new(sync: FolderSync, files: FolderFiles, qa: ArticleQA) -> FolderAdditions:
    from tqdm import tqdm

    from qa.output.printed_pages import pages_read_badly

    additions = FolderAdditions()
    new: Sequence[Path] = sync.new(files)
    if not new:
        return additions
    with (
        remembered_interrupts() as check,
        tqdm(new, desc="Adding", unit="file", leave=False, disable=None, file=sys.stderr) as bar,
    ):
        for path in bar:
            try:
                article = sync.add(path, lambda _, __: check())
            except InputError as error:
                additions.problems.append((str(path), str(error)))
                continue
            additions.added.append(article)
            note = pages_read_badly(article.title, qa.page_shapes(article.id))
            additions.read_badly += [note] if note else []
    return additions


def files_of(sources: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the sources with each folder replaced by the files in it, and (folder, reason).

    The latter are folders with nothing to add, or that cannot be listed.
    """
    from qa.folder_sync import FolderFiles

    files: list[str] = []
    problems: list[tuple[str, str]] = []
    for source in sources:
        if not os.path.isdir(source):  # noqa: PTH112 - it raises nothing, whatever the name
            files.append(source)
            continue
        found = FolderFiles.of(Path(source).resolve())
        files += map(str, found.stamps)
        problems += [(str(each), _NOT_LISTED) for each in found.unreadable]
        if not found.stamps and not found.unreadable:
            problems.append((source, _NOTHING))
    return files, problems
