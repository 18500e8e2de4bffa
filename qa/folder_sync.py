"""Keep a library in step with the files of a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from index.embedding.embedder import Progress
from index.errors import ArticleNotFound, InputError, UnreadableFile
from index.library_address import local_path
from index.types import Article
from qa.article_qa import ArticleQA
from qa.library import read_file
from qa.visitors.caller import LOCAL
from qa.visitors.caller_qa import CallerQA
from qa.visitors.shelves import Shelves
from qa.visitors.state_database import StateDatabase
from qa.visitors.tags import Tags
from qa.visitors.watched_files import WatchedFile, WatchedFiles

_UNFINISHED = (
    *(".part", ".partial", ".crdownload", ".opdownload", ".download"),
    *(".tmp", ".temp", ".aria2", ".swp", "~"),
)
"""How the names of files end that a browser, a download or an editor has not finished."""


def is_skipped(name: str) -> bool:
    """Return whether a file or folder of this name is hidden or unfinished."""
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


def excluded_path(library: Path | str | None) -> Path | None:
    """Return where the library itself is on this machine, which must not be read; None if nowhere.

    Raises:
        SettingsError: It is an address of Milvus with something wrong in it.
    """
    path = None if library is None else local_path(library)
    return path and path.resolve()


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files in a folder at one moment."""

    stamps: dict[Path, str]
    """The size and time of change of each file, by its absolute path, in order."""
    unreadable: tuple[Path, ...]
    """The folders that could not be listed, so that it is not known what is in them."""

    @classmethod
    def of(cls, folder: Path, excluded: Path | None = None) -> FolderFiles:
        """Return the regular files in ``folder`` and its subfolders, except in ``excluded``.

        Links are not followed, so that nothing outside the folder is read. What is hidden or
        unfinished is left out.
        """
        stamps: dict[Path, str] = {}
        unreadable: list[Path] = []

        def remember(error: OSError) -> None:
            path = Path(os.fsdecode(error.filename))
            if path == folder or not isinstance(error, FileNotFoundError):
                unreadable.append(path)

        for parent, folders, names in os.walk(folder, onerror=remember):
            at = Path(parent)
            folders[:] = sorted(
                name for name in folders if not is_skipped(name) and at / name != excluded
            )
            for name in sorted(names):
                stamp = "" if is_skipped(name) else stamp_of(at / name)
                if stamp:
                    stamps[at / name] = stamp
        return cls(stamps, tuple(unreadable))

    def may_have(self, path: Path) -> bool:
        """Return whether a file is there, or is where it cannot be seen."""
        return path in self.stamps or any(map(path.is_relative_to, self.unreadable))


def stamp_of(path: Path) -> str:
    """Return size and time of change of a regular file; empty for all else, such as a link."""
    try:
        found = path.lstat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}" if stat.S_ISREG(found.st_mode) else ""


class FolderSync:
    """Adds the files of a folder to a library, and removes those that are gone.

    What was added is remembered in the library, so that a later run continues.

    Args:
        folder: The folder.
        library: The library, which everybody shares.
        state: Where the library keeps which article came from which file.
    """

    def __init__(self, folder: Path, library: ArticleQA, state: StateDatabase) -> None:
        self.folder = folder.resolve()
        self._library = CallerQA(library, LOCAL, Shelves(state), tags=Tags(state))
        self._tags, self._watched = Tags(state), WatchedFiles(state)
        self._excluded = excluded_path(library.location)
        self._refused: dict[Path, str] = {}

    @classmethod
    @contextmanager
    def opened(
        cls, folder: Path, library: ArticleQA, state_folder: Path | None = None
    ) -> Iterator[FolderSync]:
        """Return a context with the folder kept in step with a library.

        Which article came from which file is kept in ``state_folder``; None for the folder of the
        library, or in memory if it has none.

        Raises:
            LibraryError: What is kept in the library cannot be read or written.
        """
        state = StateDatabase(state_folder or library.folder)
        try:
            yield cls(folder, library, state)
        finally:
            state.close()

    def files(self) -> FolderFiles:
        """Return the files that are in the folder now."""
        return FolderFiles.of(self.folder, self._excluded)

    @property
    def has_known_files(self) -> bool:
        """Whether an earlier run has added files of this folder."""
        return bool(self._watched.under(self.folder))

    def new(self, files: FolderFiles) -> list[Path]:
        """Return the files that are new or changed, except those refused since they changed."""
        known = self._watched.under(self.folder)
        return [
            path
            for path, stamp in files.stamps.items()
            if stamp not in [each.stamp for each in known.get(path, ())]
            and self._refused.get(path) != stamp
        ]

    def gone(self, files: FolderFiles) -> list[WatchedFile]:
        """Return the files that are deleted, and the earlier articles of those that changed."""
        gone: list[WatchedFile] = []
        for path, known in self._watched.under(self.folder).items():
            stamp = files.stamps.get(path)
            if not files.may_have(path):
                gone += known
            elif stamp in [each.stamp for each in known]:
                gone += [each for each in known if each.stamp != stamp]
        return gone

    def add(self, path: Path, progress: Progress | None = None) -> Article:
        """Add a new or changed file, and return its article; the earlier one is kept for now.

        Raises:
            InputError: The file cannot be used, or changed while it was read.
            LibraryError: The article cannot be stored.
        """
        stamp = stamp_of(path)
        try:
            if not stamp or not path.resolve().is_relative_to(self.folder):
                msg = f"{path} is not a file of this folder any more."
                raise UnreadableFile(msg)
            article = read_file(path, self._library.settings)
        except InputError:
            self._refused[path] = stamp
            raise
        if stamp_of(path) != stamp:
            msg = f"{path} changed while it was read. It is added when it is complete."
            raise UnreadableFile(msg)
        earlier = self._watched.under(path).get(path, [])
        is_own = article.id not in self._library.titles() or self._watched.is_own(article.id)
        # Before it is added, so that after a crash it is still known where it came from.
        file = WatchedFile(path, article.id, "", is_own)
        self._watched.put(file)
        article = self._library.add_article(article, progress)
        self._keep_tags(article.id, earlier)
        self._watched.put(replace(file, stamp=stamp))
        return article

    def remove(self, file: WatchedFile) -> bool:
        """Forget a file that is gone; return whether its article was removed, too.

        An article that was in the library before, or that another file has, is kept.

        Raises:
            LibraryError: The library cannot be changed.
        """
        is_removed = file.is_own and not self._watched.has_other_file(file)
        if is_removed:
            with suppress(ArticleNotFound):  # somebody has removed it
                self._library.remove(file.article_id)
        self._watched.forget(file)
        return is_removed

    def _keep_tags(self, article_id: str, earlier: list[WatchedFile]) -> None:
        """Give the article of a changed file the tags of its earlier one."""
        tags = [tag for file in earlier for tag in self._tags.of(file.article_id)]
        if tags and not self._tags.of(article_id):
            self._tags.set(article_id, tags)
