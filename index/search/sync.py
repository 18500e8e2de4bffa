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
from index.search.chunk_cache import title_as_context
from index.search.embedded_chunks import searchable_text
from index.search.text_index import IndexedText, TextIndex, remove_index
from index.search.text_index_files import linked_copy, remove_orphans
from index.search.vector_file import remove_leftovers
from index.search.vector_index import VectorIndex, is_many, sample_size, use_one_thread
from index.store.folder import WriteLock
from index.store.rows import NEW, Revision, StoredChunk, steps
from index.store.store import Store

# The file is saved once this share of it has changed, so that the cost of adding an article
# does not grow with the library; opening catches up on unsaved changes from the store.
_SAVE_WHEN_CHANGED = 0.1
_SAVE_AT_LEAST, _SAVE_AT_MOST = 1_000, 20_000
_SAVE_AT_CLOSING = 0.01
# An index that has outgrown its type is rebuilt in the background. Beyond this load factor, as
# when many short-lived processes each add a little, it is rebuilt at once.
_OVERDUE = 2.0

_logger = logging.getLogger(__name__)


class VectorSync:
    """A vector index that follows its store, and is rebuilt if its file is lost or damaged.

    Args:
        path: The index file; None for memory.
        store: The store to follow.
        model: The model of the store's vectors.
        lock: Held while the file is written.

    Not thread-safe: the caller locks.
    """

    def __init__(
        self, path: Path | None, store: Store, model: ModelIdentity, lock: WriteLock
    ) -> None:
        self._path = path
        self._store = store
        self._model = model
        self._lock = lock
        self._unsaved = 0
        self._rebuild_thread: threading.Thread | None = None
        self._rebuilt: VectorIndex | None = None
        self.problem: str | None = None
        """What was wrong with the file, if it could not be used."""
        self.index = self._open()

    def close(self) -> None:
        """Save the index if opening it again would otherwise have much to catch up on."""
        if self._unsaved > _SAVE_AT_CLOSING * len(self.index):
            self.save()

    def reset(self) -> None:
        """Rebuild the index, after all vectors in the store were replaced."""
        self.index = VectorIndex(self._model.dimension, self._store)
        self._rebuilt = self._rebuild_thread = None
        self.catch_up(self._store.revision())
        if self._unsaved:
            self.save()

    def catch_up(self, revision: Revision) -> None:
        """Apply the store's changes up to ``revision``, the store's current one."""
        if self._rebuilt is not None:
            # It has the vectors from when its rebuild began; later changes are applied below.
            self.index, self._rebuilt, self._rebuild_thread = self._rebuilt, None, None
            self._unsaved = len(self.index)
        if self.index.revision != revision:
            # Another thread or process may be writing.
            with self._store.snapshot():
                self._apply_changes()
        if self.index.load_factor > 1:
            self._replace_type()
        if self._unsaved >= self._save_when():
            self.save()

    def save(self) -> None:
        """Write the index to its file, if it has one."""
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
            # The next opening rebuilds it from the store.
            _logger.warning("the vector index was not saved: %s", error)

    def _save_when(self) -> float:
        share = _SAVE_WHEN_CHANGED * len(self.index)
        return min(max(_SAVE_AT_LEAST, share), _SAVE_AT_MOST)

    def _apply_changes(self) -> None:
        # Another process may have re-embedded the library.
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
        # In one call, since removing scans all ids; ids are never reused.
        self.index.remove([(c.first_chunk, c.last_chunk) for c in changes if not c.added])
        self.index.revision = revision

    def _rebuild(self) -> None:
        self.index = build_vector_index(self._store, self._model)
        self._unsaved = max(1, len(self.index))  # an empty index has no file yet either

    def _replace_type(self) -> None:
        """Replace the index by one of the right type, in the background if that can wait."""
        if self.index.load_factor > _OVERDUE and self._rebuild_thread is None:
            with self._store.snapshot():
                self._rebuild()
        elif self._rebuild_thread is None:
            self._rebuild_thread = threading.Thread(target=self._rebuild_in_background, daemon=True)
            self._rebuild_thread.start()

    def _rebuild_in_background(self) -> None:
        use_one_thread()  # leaves the other cores to questions
        try:
            self._rebuilt = build_vector_index(self._store, self._model)
        except LibraryError as error:  # the store was closed meanwhile
            _logger.debug("the vector index was not rebuilt: %s", error)

    def _open(self) -> VectorIndex:
        if self._path is not None:
            self._remove_leftovers(self._path.parent)
            found = VectorIndex.load(self._path, self._model.dimension, self._store)
            if found is not None and self._store.contains_revision(found.revision):
                return found
            self.problem = "was missing"
            if found is not None:
                self.problem = "was from another state of the library"
            elif self._path.exists():
                self.problem = "could not be read"
        return VectorIndex(self._model.dimension, self._store)

    def _remove_leftovers(self, folder: Path) -> None:
        if self._store.writable:
            # If another process is writing, it removes them when it saves.
            with contextlib.suppress(LibraryError), self._lock.held(wait=False):
                remove_leftovers(folder)


def build_vector_index(store: Store, model: ModelIdentity) -> VectorIndex:
    """Return an index of all vectors in a store, exact or approximate by their number.

    The store may change meanwhile; later changes are left to :meth:`VectorSync.catch_up`.
    """
    revision, last = store.extent()
    size = store.chunk_count()
    if is_many(size):
        sample = _sample(store, last, sample_size(size) / size)
        made = VectorIndex.approximate(model.dimension, store, sample, size)
    else:
        made = VectorIndex(model.dimension, store)
    for first, final in steps(1, last):
        made.add(*store.vectors_between(first, final))
    made.revision = revision
    return made


def _sample(store: Store, last: int, share: float) -> Vectors:
    """Return about this share of the store's vectors, drawn at random with a fixed seed."""
    rng = np.random.default_rng(0)
    drawn = []
    for first, final in steps(1, last):
        ids, vectors = store.vectors_between(first, final)
        if len(ids):  # all of them may have been removed
            drawn.append(vectors[rng.random(len(vectors)) < share])
    return np.concatenate(drawn)


class TextSync:
    """A text index that follows its store, and is rebuilt if its files are lost or damaged.

    In a read-only library it is opened through links in a temporary folder. If that fails, or
    the disk is full, the index is kept in memory.

    Args:
        folder: The folder of the index; None for memory.
        store: The store to follow.
        lock: Held while files are written.

    Not thread-safe: the caller locks.
    """

    def __init__(self, folder: Path | None, store: Store, lock: WriteLock) -> None:
        self._store = store
        self._lock = lock
        self._read_copy: TemporaryDirectory[str] | None = None
        self.problem: str | None = None
        """What was wrong with the files, if they could not be used."""
        if folder is not None and not store.writable:
            folder = self._link_files(folder)
        self._folder = folder
        self.index = TextIndex(None) if folder is None else self._open(folder)

    def close(self) -> None:
        """Delete the temporary folder, if there is one."""
        if self._read_copy is not None:
            self._read_copy.cleanup()

    def catch_up(self, revision: Revision) -> None:
        """Apply the store's changes up to ``revision``, unless another process is doing so."""
        if self.index.revision == revision:
            return
        self._refresh()  # the process that changed the store may have updated the files
        if self.index.revision == self._store.revision():
            return
        try:
            with self._lock.held(wait=False):
                self._update()
        except LibraryLocked:
            # Until the other process has finished, this one searches the previous revision.
            _logger.debug("another process is updating the text index")

    def _refresh(self) -> None:
        try:
            self.index.refresh()
        except (OSError, ValueError) as error:  # removed by another process, or the disk fails
            _logger.warning("the text index is opened again: %s", error)
            self.index = self._open(self._folder) if self._folder else TextIndex(None)

    def _update(self) -> None:
        """Write the changes; after an error, try again on cleaned files, then in memory."""
        try:
            self._write()
        except (OSError, ValueError) as error:
            _logger.warning("the text index was not saved: %s", error)
            self.index = self._reopen_cleaned()
            self._write_or_use_memory()

    def _write_or_use_memory(self) -> None:
        try:
            self._write()
        except (OSError, ValueError) as error:
            _logger.warning("the text index is kept in memory: %s", error)
            self.index = TextIndex(None)
            self._write()

    def _reopen_cleaned(self) -> TextIndex:
        """Return the index without the files that a killed writer left."""
        if self._folder is None:
            return TextIndex(None)
        remove_orphans(self._folder)
        return self._open(self._folder)

    def _write(self) -> None:
        revision = self._store.revision()
        changes = self._store.changes_since(self.index.revision)
        self.index.update(
            revision,
            (
                indexed_text(stored)
                for change in changes
                if change.added
                for first, last in steps(change.first_chunk, change.last_chunk)
                for stored in self._store.chunks_between(first, last)
            ),
            [(change.first_chunk, change.last_chunk) for change in changes if not change.added],
        )

    def _link_files(self, folder: Path) -> Path | None:
        try:
            self._read_copy = linked_copy(folder)
        except OSError as error:
            _logger.warning("the text index is kept in memory: %s", error)
            return None
        return Path(self._read_copy.name)

    def _open(self, folder: Path) -> TextIndex:
        """Return the index in ``folder``, or if it is unusable, an empty one there or in memory."""
        found, self.problem = _readable(folder, self._store.contains_revision)
        if found is not None:
            return found
        try:
            with self._lock.held():
                found, _ = _readable(folder, self._store.contains_revision)
                if found is not None:  # another process has rebuilt it
                    return found
                remove_index(folder)
                return TextIndex(folder)
        except (LibraryError, OSError, ValueError) as error:
            _logger.warning("the text index is kept in memory: %s", error)
            return TextIndex(None)


def indexed_text(stored: StoredChunk) -> IndexedText:
    """Return what the text index has of a chunk: always with its article's present title."""
    title = title_as_context(stored.chunk, stored.title)
    return IndexedText(stored.id, searchable_text(stored.chunk), title)


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
        return None, "was from another state of the library"
    return found, None
