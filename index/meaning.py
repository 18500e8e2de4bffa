"""The index of vectors beside a record: opened or made anew, and kept in step with it."""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path

import numpy as np

from index.embedder import ModelIdentity, Vectors
from index.errors import LibraryError, LibraryLocked
from index.leftovers import remove_leftovers
from index.revisions import NEW, Revision, steps
from index.storage import Storage
from index.vectors import VectorIndex, is_many, sample_size, use_one_thread
from index.write_lock import WriteLock

# The file is written anew once this share of it has changed, so that adding an article costs
# by its own size; opening catches up on the rest from the record.
_SAVE_WHEN_CHANGED = 0.1
_SAVE_AT_LEAST, _SAVE_AT_MOST = 1_000, 20_000
_SAVE_AT_CLOSING = 0.01
# An index that has outgrown its kind is made anew beside the questions; one that has by
# this factor, as where many processes each add a little, before anything else.
_OVERDUE = 2.0

_logger = logging.getLogger(__name__)


class Meaning:
    """Nearness by vectors over the chunks of a record, whatever becomes of its file.

    Args:
        path: Where it is kept; None for memory.
        storage: The record that it follows.
        model: Whose vectors the record holds.
        lock: Held while the file is written.

    Not safe to change from one thread while another searches: the caller locks.
    """

    def __init__(
        self, path: Path | None, storage: Storage, model: ModelIdentity, lock: WriteLock
    ) -> None:
        self._path = path
        self._storage = storage
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

    def start_anew(self) -> None:
        """Make the index anew from the record, as after all of its vectors were replaced."""
        self.index = VectorIndex(self._model.dimension, self._storage)
        self._grown = self._growing = None
        self.catch_up(self._storage.revision())
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
            with self._storage.snapshot():
                self._follow()
        if self.index.load_factor > 1:
            self._grow()
        if self._unsaved >= self._save_when():
            self.save()

    def save(self) -> None:
        """Write the file, if there is to be one."""
        if self._path is None or not self._storage.writable:
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
        self._storage.check_model(self._model)
        revision = self._storage.revision()
        if self.index.revision == NEW:
            self._rebuild()
        changes = self._storage.changes_since(self.index.revision)
        for change in changes:
            if change.added:
                for first, last in steps(change.first_chunk, change.last_chunk):
                    self.index.add(*self._storage.vectors_between(first, last))
            self._unsaved += change.last_chunk - change.first_chunk + 1
        # At once, since to remove looks through all ids, none of which is given twice.
        self.index.remove([(c.first_chunk, c.last_chunk) for c in changes if not c.added])
        self.index.revision = revision

    def _rebuild(self) -> None:
        self.index = vectors_of_record(self._storage, self._model)
        self._unsaved = max(1, len(self.index))  # of no vectors, too, there is no file yet

    def _grow(self) -> None:
        """Have an index of the right kind made, to be taken when it is ready."""
        if self.index.load_factor > _OVERDUE and self._growing is None:
            with self._storage.snapshot():
                self._rebuild()
        elif self._growing is None:
            self._growing = threading.Thread(target=self._grow_aside, daemon=True)
            self._growing.start()

    def _grow_aside(self) -> None:
        use_one_thread()  # questions go first
        try:
            self._grown = vectors_of_record(self._storage, self._model)
        except LibraryError as error:  # it was closed meanwhile
            _logger.debug("the vector index was not made anew: %s", error)

    def _opened(self) -> VectorIndex:
        if self._path is not None:
            self._remove_leftovers(self._path.parent)
            found = VectorIndex.load(self._path, self._model.dimension, self._storage)
            if found is not None and self._storage.has_been_at(found.revision):
                return found
            self.fault = "was missing"
            if found is not None:
                self.fault = "was of another state of the record"
            elif self._path.exists():
                self.fault = "could not be read"
        return VectorIndex(self._model.dimension, self._storage)

    def _remove_leftovers(self, folder: Path) -> None:
        if self._storage.writable:
            # Another process that is writing does it when it saves.
            with contextlib.suppress(LibraryError), self._lock.held(wait=False):
                remove_leftovers(folder)


def vectors_of_record(storage: Storage, model: ModelIdentity) -> VectorIndex:
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


def _sample(storage: Storage, last: int, share: float) -> Vectors:
    """Return about this share of a record's vectors, drawn anywhere, the same each time."""
    rng = np.random.default_rng(0)
    drawn = []
    for first, final in steps(1, last):
        ids, vectors = storage.vectors_between(first, final)
        if len(ids):  # all of them may have been removed
            drawn.append(vectors[rng.random(len(vectors)) < share])
    return np.concatenate(drawn)
