"""Keep the files that articles were read from, in a folder beside the database."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from index.errors import LibraryUnwritable

_NAME = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".part"


class Originals:
    """Files by the SHA-256 of their bytes, which is their name in the folder.

    Writing and sweeping must happen within a transaction of the store, whose lock keeps another
    process from sweeping a file that is about to be named.

    Args:
        folder: Where they are, created with the first one; None to keep them in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._in_memory: dict[str, bytes] = {}

    def write(self, data: bytes) -> str:
        """Store a file and return its SHA-256 in hex. It is on the disk when this returns.

        Raises:
            LibraryUnwritable: The disk is full, or the folder cannot be written to.
        """
        digest = hashlib.sha256(data).hexdigest()
        if self._folder is None:
            self._in_memory[digest] = data
            return digest
        try:
            self._folder.mkdir(exist_ok=True)
            if not self._is_whole(digest, data):
                self._write(self._folder / digest, data)
        except OSError as error:
            msg = (
                f"The file could not be kept in {self._folder} ({error.strerror}). Free some "
                "space there, or set keep_files to false. Nothing was changed."
            )
            raise LibraryUnwritable(msg) from error
        return digest

    def read(self, digest: str) -> bytes | None:
        """Return the bytes of a file; None if it is missing or damaged."""
        if self._folder is None:
            return self._in_memory.get(digest)
        if not _NAME.fullmatch(digest):
            return None
        try:
            data = (self._folder / digest).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == digest else None

    def sweep(self, kept: frozenset[str]) -> None:
        """Delete the files that are not in ``kept``; one that cannot be deleted stays."""
        for digest in self._in_memory.keys() - kept:
            del self._in_memory[digest]
        for path in self._paths():
            if path.name not in kept:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _paths(self) -> Iterator[Path]:
        if self._folder is not None and self._folder.is_dir():
            for path in self._folder.iterdir():
                if _NAME.fullmatch(path.name.removesuffix(_UNFINISHED)):
                    yield path

    def _is_whole(self, digest: str, data: bytes) -> bool:
        """Return whether the file is there already; a damaged one is written again."""
        assert self._folder is not None  # noqa: S101 - checked by the caller
        path = self._folder / digest
        return path.is_file() and path.stat().st_size == len(data) and self.read(digest) == data

    def _write(self, path: Path, data: bytes) -> None:
        unfinished = path.with_name(path.name + _UNFINISHED)
        try:
            with unfinished.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
            _sync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut, where the system can."""
    with contextlib.suppress(OSError):  # Windows cannot open a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
