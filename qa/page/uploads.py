"""The files that browsers have uploaded, kept until no addition needs them any more."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_logger = logging.getLogger(__name__)
Version = tuple[int, int] | None
"""Which upload a path holds: its inode and time of change; None if it is gone."""


class Uploads:
    """Deletes uploads after use. Safe to use from several threads.

    Gradio names an upload by its content, so that two visitors who give the same file share
    one path: it is deleted by whoever is done with it last.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[Path] = Counter()
        self._versions: dict[Path, Version] = {}

    def take(self, files: Sequence[Path]) -> None:
        """Keep files until :meth:`release` is called for them as often as this."""
        with self._lock:
            for path in files:
                self._users[path] += 1
                self._versions[path] = _version(path)

    def release(self, files: Sequence[Path]) -> None:
        """Delete files that nobody else uses, and their folders; a failure is logged."""
        for path in files:
            with self._lock:
                self._users[path] -= 1
                if self._users[path] > 0:
                    continue
                del self._users[path]
                # One that was uploaded again since is another visitor's, who comes soon.
                if _version(path) == self._versions.pop(path):
                    _delete(path)


def _version(path: Path) -> Version:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _logger.warning("The upload %s could not be deleted: %s", path, error)
        return
    with suppress(OSError):  # another upload's file is in it
        path.parent.rmdir()
