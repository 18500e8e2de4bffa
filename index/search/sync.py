"""Open, rebuild and catch up the vector index and the text index of a store."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from index.embedding.embedder import ModelIdentity, Vectors
from index.errors import LibraryError, LibraryLocked
from index.search.text_index import TextIndex, remove_index
from index.search.text_index_files import borrowed_copy, remove_orphans
from index.search.vector_file import remove_leftovers
from index.search.vector_index import VectorIndex, is_many, sample_size, use_one_thread
from index.store.lock import WriteLock
from index.store.rows import NEW, Revision, steps
from index.store.store import Store
from index.types import Chunk

# The file is written anew once this share of it has changed, so that adding an article costs
# by its own size; opening catches up on the rest from the record.
_SAVE_WHEN_CHANGED = 0.1
_SAVE_AT_LEAST, _SAVE_AT_MOST = 1_000, 20_000
_SAVE_AT_CLOSING = 0.01
# An index that has outgrown its kind is made anew beside the questions; one that has by
# this factor, as where many processes each add a little, before anything else.
_OVERDUE = 2.0

_logger = logging.getLogger(__name__)


class VectorSync:
    """Nearness by vectors over the chunks of a record, whatever becomes of its file.

    Args:
        path: Where it is kept; None for memory.
        storage: The record that it follows.
        model: Whose vectors the record holds.
        lock: Held while the file is written.

    Not safe to change from one thread while another searches: the caller locks.
    """

    def __init__(
        self, path: Path | None, storage: Store, model: ModelIdentity, lock: WriteLock
    ) -> None:
        self._path = path
        self._store = storage
        self._model = model
        self._lock = lock
        self._unsaved = 0
        self._growing: threading.Thread | None = None
        self._grown: VectorIndex | None = None
        self.fault: str | None = None
        """What was wrong with the file that was found, if it could not be used."""
        self.index = self._opened()

    def close(self) -> None:
        """Save what opening would otherwise have to make up for."""
        if self._unsaved > _SAVE_AT_CLOSING * len(self.index):
            self.save()

    def reset(self) -> None:
        """Make the index anew from the record, as after all of its vectors were replaced."""
        self.index = VectorIndex(self._model.dimension, self._store)
        self._grown = self._growing = None
        self.catch_up(self._store.revision())
        if self._unsaved:
            self.save()

    def catch_up(self, revision: Revision) -> None:
        """Bring the index to the record's revision, at the cost of what changed.

        ``revision`` is the record's, read just now: where the index is at it, that is all.
        """
        if self._grown is not None:
            # Of the vectors up to where it began; what came and went since is caught up.
            self.index, self._grown, self._growing = self._grown, None, None
            self._unsaved = len(self.index)
        if self.index.revision != revision:
            # What is read must be of one state: another thread or process may be writing.
            with self._store.snapshot():
                self._follow()
        if self.index.load_factor > 1:
            self._grow()
        if self._unsaved >= self._save_when():
            self.save()

    def save(self) -> None:
        """Write the file, if there is to be one."""
        if self._path is None or not self._store.writable:
            return
        try:
            with self._lock.held(wait=False):
                remove_leftovers(self._path.parent)
                self.index.save(self._path)
            self._unsaved = 0
        except LibraryLocked:
            _logger.debug("the vector index was not saved: another process is writing")
        except (LibraryError, OSError) as error:
            # Only a cache of the record: the next opening rebuilds it.
            _logger.warning("the vector index was not saved: %s", error)

    def _save_when(self) -> float:
        share = _SAVE_WHEN_CHANGED * len(self.index)
        return min(max(_SAVE_AT_LEAST, share), _SAVE_AT_MOST)

    def _follow(self) -> None:
        # Another process may have re-embedded the library meanwhile.
        self._store.check_model(self._model)
        revision = self._store.revision()
        if self.index.revision == NEW:
            self._rebuild()
        changes = self._store.changes_since(self.index.revision)
        for change in changes:
            if change.added:
                for first, last in steps(change.first_chunk, change.last_chunk):
                    self.index.add(*self._store.vectors_between(first, last))
            self._unsaved += change.last_chunk - change.first_chunk + 1
        # At once, since to remove looks through all ids, none of which is given twice.
        self.index.remove([(c.first_chunk, c.last_chunk) for c in changes if not c.added])
        self.index.revision = revision

    def _rebuild(self) -> None:
        self.index = vectors_in_store(self._store, self._model)
        self._unsaved = max(1, len(self.index))  # of no vectors, too, there is no file yet

    def _grow(self) -> None:
        """Have an index of the right kind made, to be taken when it is ready."""
        if self.index.load_factor > _OVERDUE and self._growing is None:
            with self._store.snapshot():
                self._rebuild()
        elif self._growing is None:
            self._growing = threading.Thread(target=self._grow_aside, daemon=True)
            self._growing.start()

    def _grow_aside(self) -> None:
        use_one_thread()  # questions go first
        try:
            self._grown = vectors_in_store(self._store, self._model)
        except LibraryError as error:  # it was closed meanwhile
            _logger.debug("the vector index was not made anew: %s", error)

    def _opened(self) -> VectorIndex:
        if self._path is not None:
            self._remove_leftovers(self._path.parent)
            found = VectorIndex.load(self._path, self._model.dimension, self._store)
            if found is not None and self._store.has_been_at(found.revision):
                return found
            self.fault = "was missing"
            if found is not None:
                self.fault = "was of another state of the record"
            elif self._path.exists():
                self.fault = "could not be read"
        return VectorIndex(self._model.dimension, self._store)

    def _remove_leftovers(self, folder: Path) -> None:
        if self._store.writable:
            # Another process that is writing does it when it saves.
            with contextlib.suppress(LibraryError), self._lock.held(wait=False):
                remove_leftovers(folder)


def vectors_in_store(storage: Store, model: ModelIdentity) -> VectorIndex:
    """Return an index of all vectors of a record, of the kind that is right for so many.

    The record may change meanwhile: what came or went since the revision of the index is
    left to be caught up.
    """
    revision, last = storage.extent()
    size = storage.chunk_count()
    if is_many(size):
        sample = _sample(storage, last, sample_size(size) / size)
        made = VectorIndex.approximate(model.dimension, storage, sample, size)
    else:
        made = VectorIndex(model.dimension, storage)
    for first, final in steps(1, last):
        made.add(*storage.vectors_between(first, final))
    made.revision = revision
    return made


def _sample(storage: Store, last: int, share: float) -> Vectors:
    """Return about this share of a record's vectors, drawn anywhere, the same each time."""
    rng = np.random.default_rng(0)
    drawn = []
    for first, final in steps(1, last):
        ids, vectors = storage.vectors_between(first, final)
        if len(ids):  # all of them may have been removed
            drawn.append(vectors[rng.random(len(vectors)) < share])
    return np.concatenate(drawn)


class TextSync:
    """BM25 over the chunks of a record, whatever becomes of its files.

    Where they can be read but not written, links to them in a temporary folder are used;
    where nothing can be written at all, or a disk is full, the index is kept in memory.

    Args:
        folder: Where its files lie; None keeps it in memory.
        storage: The record that it follows.
        lock: Held while files are written.

    Not safe to change from one thread while another searches: the caller locks.
    """

    def __init__(self, folder: Path | None, storage: Store, lock: WriteLock) -> None:
        self._store = storage
        self._lock = lock
        self._borrowed: TemporaryDirectory[str] | None = None
        self.fault: str | None = None
        """What was wrong with the files that were found, if they could not be used."""
        if folder is not None and not storage.writable:
            folder = self._borrow(folder)
        self._folder = folder
        self.index = TextIndex(None) if folder is None else self._opened(folder)

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
        if self.index.revision == self._store.revision():
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
            self.index = self._opened(self._folder) if self._folder else TextIndex(None)

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
            self.index = TextIndex(None)
            self._write()

    def _cleared(self) -> TextIndex:
        """Return the index on disk, freed of what a writer that was killed has left."""
        if self._folder is None:
            return TextIndex(None)
        remove_orphans(self._folder)
        return self._opened(self._folder)

    def _write(self) -> None:
        revision = self._store.revision()
        changes = self._store.changes_since(self.index.revision)
        self.index.update(
            revision,
            (
                (stored.id, searchable_text(stored.chunk))
                for change in changes
                if change.added
                for first, last in steps(change.first_chunk, change.last_chunk)
                for stored in self._store.chunks_between(first, last)
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

    def _opened(self, folder: Path) -> TextIndex:
        """Return the index in ``folder``; an empty one, there or in memory, if it is of no use."""
        found, self.fault = _readable(folder, self._store.has_been_at)
        if found is not None:
            return found
        try:
            with self._lock.held():
                found, _ = _readable(folder, self._store.has_been_at)
                if found is not None:  # another process has made it meanwhile
                    return found
                remove_index(folder)
                return TextIndex(folder)
        except (LibraryError, OSError, ValueError) as error:
            _logger.warning("the word index is kept in memory: %s", error)
            return TextIndex(None)


def searchable_text(chunk: Chunk) -> str:
    """Return what of a chunk is embedded and indexed: its text, under its heading."""
    if chunk.heading and not chunk.text.startswith(chunk.heading):
        return f"{chunk.heading}\n{chunk.text}"
    return chunk.text


def _readable(
    folder: Path, known: Callable[[Revision], bool]
) -> tuple[TextIndex | None, str | None]:
    """Return the index in ``folder``, or what is wrong with it."""
    if not (folder / "meta.json").is_file():
        return None, "was missing"
    try:
        found = TextIndex(folder)
    except (OSError, ValueError) as error:
        return None, f"could not be read ({error})"
    if found.revision == NEW or not known(found.revision):
        return None, "was of another state of the record"
    return found, None
