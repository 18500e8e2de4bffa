"""Which articles came from the files of a folder that the library keeps in step with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from qa.visitors.state_database import StateDatabase


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """A file, and the article that was read from it.

    While a changed file is being added again, it has its old and its new article.
    """

    path: Path
    article_id: str
    stamp: str
    """Size and time of change of the file when it was read; empty until it is added."""
    is_own: bool
    """Whether the article came from such a file alone, so that it is removed with its file."""


class WatchedFiles:
    """The files, by their absolute paths, and their articles."""

    def __init__(self, state: StateDatabase) -> None:
        self._state = state

    def under(self, folder: Path) -> dict[Path, list[WatchedFile]]:
        """Return what is known of the files in a folder, at any depth, by their paths."""
        found: dict[Path, list[WatchedFile]] = {}
        with self._state.reading() as db:
            for row in db.execute("SELECT path, article, stamp, is_own FROM watched"):
                path = Path(os.fsdecode(row[0]))
                if path.is_relative_to(folder):
                    known = WatchedFile(path, row[1], row[2], bool(row[3]))
                    found.setdefault(path, []).append(known)
        return found

    def put(self, file: WatchedFile) -> None:
        """Store what is known of a file and one article."""
        values = (os.fsencode(file.path), file.article_id, file.stamp, file.is_own)
        with self._state.transaction() as db:
            db.execute("INSERT OR REPLACE INTO watched VALUES (?, ?, ?, ?)", values)

    def forget(self, file: WatchedFile) -> None:
        """Delete what is known of a file and one article."""
        values = (os.fsencode(file.path), file.article_id)
        with self._state.transaction() as db:
            db.execute("DELETE FROM watched WHERE path = ? AND article = ?", values)

    def is_own(self, article_id: str) -> bool:
        """Return whether an article came from watched files alone."""
        with self._state.reading() as db:
            statement = "SELECT max(is_own) FROM watched WHERE article = ?"
            return bool(db.execute(statement, [article_id]).fetchone()[0])

    def has_other_file(self, file: WatchedFile) -> bool:
        """Return whether another file has the same article."""
        values = (file.article_id, os.fsencode(file.path))
        with self._state.reading() as db:
            statement = "SELECT count(*) FROM watched WHERE article = ? AND path != ?"
            return bool(db.execute(statement, values).fetchone()[0])
