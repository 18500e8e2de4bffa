"""The index of words beside a record: opened or made anew, and kept in step with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from index.errors import LibraryError, LibraryLocked
from index.lexical import LexicalIndex, remove_index
from index.lexical_files import borrowed_copy, remove_orphans
from index.revisions import NEW, Revision, steps
from index.storage import Storage
from index.types import Chunk
from index.write_lock import WriteLock

_logger = logging.getLogger(__name__)


class Words:
    """BM25 over the chunks of a record, whatever becomes of its files.

    Where they can be read but not written, links to them in a temporary folder are used;
    where nothing can be written at all, or a disk is full, the index is kept in memory.

    Args:
        folder: Where its files lie; None keeps it in memory.
        storage: The record that it follows.
        lock: Held while files are written.

    Not safe to change from one thread while another searches: the caller locks.
    """

    def __init__(self, folder: Path | None, storage: Storage, lock: WriteLock) -> None:
        self._storage = storage
        self._lock = lock
        self._borrowed: TemporaryDirectory[str] | None = None
        self.fault: str | None = None
        """What was wrong with the files that were found, if they could not be used."""
        if folder is not None and not storage.writable:
            folder = self._borrow(folder)
        self._folder = folder
        self.index = LexicalIndex(None) if folder is None else self._opened(folder)

    def close(self) -> None:
        """Remove what was made for reading alone."""
        if self._borrowed is not None:
            self._borrowed.cleanup()

    def catch_up(self, revision: Revision) -> None:
        """Bring the words to the record's revision, unless another process is about to.

        ``revision`` is the record's, read just now: where the words are at it, that is all.
        """
        if self.index.revision == revision:
            return
        self._refresh()  # the process that changed the record may have done it
        if self.index.revision == self._storage.revision():
            return
        try:
            with self._lock.held(wait=False):
                self._update()
        except LibraryLocked:
            # Its writer is alive and about to finish; until then this process
            # searches the words of the revision before.
            _logger.debug("another process is bringing the word index up to date")

    def _refresh(self) -> None:
        try:
            self.index.refresh()
        except (OSError, ValueError) as error:  # another process has removed it, or a disk fails
            _logger.warning("the word index is opened again: %s", error)
            self.index = self._opened(self._folder) if self._folder else LexicalIndex(None)

    def _update(self) -> None:
        """Write what changed; where the files are in the way or no room is, in memory."""
        try:
            self._write()
        except (OSError, ValueError) as error:
            _logger.warning("the word index was not saved: %s", error)
            self.index = self._cleared()
            self._write_again()

    def _write_again(self) -> None:
        try:
            self._write()
        except (OSError, ValueError) as error:
            _logger.warning("the word index is kept in memory: %s", error)
            self.index = LexicalIndex(None)
            self._write()

    def _cleared(self) -> LexicalIndex:
        """Return the index on disk, freed of what a writer that was killed has left."""
        if self._folder is None:
            return LexicalIndex(None)
        remove_orphans(self._folder)
        return self._opened(self._folder)

    def _write(self) -> None:
        revision = self._storage.revision()
        changes = self._storage.changes_since(self.index.revision)
        self.index.update(
            revision,
            (
                (stored.id, searchable_text(stored.chunk))
                for change in changes
                if change.added
                for first, last in steps(change.first_chunk, change.last_chunk)
                for stored in self._storage.chunks_between(first, last)
            ),
            [(change.first_chunk, change.last_chunk) for change in changes if not change.added],
        )

    def _borrow(self, folder: Path) -> Path | None:
        try:
            self._borrowed = borrowed_copy(folder)
        except OSError as error:
            _logger.warning("the word index is kept in memory: %s", error)
            return None
        return Path(self._borrowed.name)

    def _opened(self, folder: Path) -> LexicalIndex:
        """Return the index in ``folder``; an empty one, there or in memory, if it is of no use."""
        found, self.fault = _readable(folder, self._storage.has_been_at)
        if found is not None:
            return found
        try:
            with self._lock.held():
                found, _ = _readable(folder, self._storage.has_been_at)
                if found is not None:  # another process has made it meanwhile
                    return found
                remove_index(folder)
                return LexicalIndex(folder)
        except (LibraryError, OSError, ValueError) as error:
            _logger.warning("the word index is kept in memory: %s", error)
            return LexicalIndex(None)


def searchable_text(chunk: Chunk) -> str:
    """Return what of a chunk is embedded and indexed: its text, under its heading."""
    if chunk.heading and not chunk.text.startswith(chunk.heading):
        return f"{chunk.heading}\n{chunk.text}"
    return chunk.text


def _readable(
    folder: Path, known: Callable[[Revision], bool]
) -> tuple[LexicalIndex | None, str | None]:
    """Return the index in ``folder``, or what is wrong with it."""
    if not (folder / "meta.json").is_file():
        return None, "was missing"
    try:
        found = LexicalIndex(folder)
    except (OSError, ValueError) as error:
        return None, f"could not be read ({error})"
    if found.revision == NEW or not known(found.revision):
        return None, "was of another state of the record"
    return found, None
