"""The index of words beside a record: opened, or made anew where it cannot be used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from index.errors import LibraryLocked
from index.lexical import LexicalIndex, remove_index
from index.revisions import NEW, Revision
from index.write_lock import WriteLock

_logger = logging.getLogger(__name__)


def open_words(
    folder: Path, lock: WriteLock, known: Callable[[Revision], bool]
) -> tuple[LexicalIndex, str | None]:
    """Return the index in ``folder``, and why it is an empty one if it could not be used.

    An empty one lies in ``folder`` again, or in memory if nothing can be written there.
    ``known`` tells whether the record has been at a revision.
    """
    found, reason = _readable(folder, known)
    if found is not None:
        return found, None
    try:
        with lock.held():
            found, _ = _readable(folder, known)  # another process may have made it meanwhile
            if found is not None:
                return found, None
            remove_index(folder)
            return LexicalIndex(folder), reason
    except (LibraryLocked, OSError, ValueError) as error:
        _logger.warning("the index of words is kept in memory: %s", error)
        return LexicalIndex(None), reason


def _readable(
    folder: Path, known: Callable[[Revision], bool]
) -> tuple[LexicalIndex | None, str | None]:
    if not (folder / "meta.json").is_file():
        return None, "it was missing"
    try:
        found = LexicalIndex(folder)
    except (OSError, ValueError) as error:
        return None, f"it could not be read ({error})"
    if found.revision == NEW or not known(found.revision):
        return None, "it was of another state of the record"
    return found, None
