"""Write and read the vector index file, with SHA-256 digests of every block."""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import tempfile
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BufferedReader
from pathlib import Path
from typing import Any

from index.embedding.int8 import usable_cores
from index.store.rows import Revision

TEMPORARY = ".tmp"
"""Suffix of a file until it is complete and renamed."""


def remove_leftovers(folder: Path) -> None:
    """Delete incomplete files of killed writers. The caller holds the write lock."""
    for path in folder.glob(f"*{TEMPORARY}"):
        with contextlib.suppress(OSError):
            path.unlink()


_HEADER = struct.Struct("<8sQQI")  # magic, revision, dimension
_LENGTH = struct.Struct("<Q")
_MAGIC = b"AQVEC003"
_BLOCK_BYTES = 1 << 20
_DIGEST_BYTES = hashlib.sha256().digest_size
_MOST_THREADS = 4


class SavedVectors:
    """The payload of a file, to be read once.

    Args:
        revision: The store's revision when the file was saved.
        size: Bytes of the payload.
        blocks: The verified blocks of the payload; they end before the first damaged one.
    """

    def __init__(self, revision: Revision, size: int, blocks: Iterator[bytes]) -> None:
        self.revision = revision
        self._remaining = size
        self._blocks = blocks
        self._block = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return up to ``size`` more bytes; none at the end or at damage."""
        if not self._block:
            self._block = memoryview(next(self._blocks, b""))
        piece = self._block[:size].tobytes()
        self._block = self._block[size:]
        self._remaining -= len(piece)
        return piece

    @property
    def is_intact(self) -> bool:
        """Whether all of the payload was read and verified."""
        return self._remaining == 0


def write_vector_file(path: Path, revision: Revision, dimension: int, payload: Any) -> None:  # noqa: ANN401 - any buffer
    """Write a file with this payload: to a temporary name, synced, then renamed to ``path``.

    Raises:
        OSError: The disk is full or read-only.
    """
    content = memoryview(payload).cast("B")
    header = _HEADER.pack(_MAGIC, *revision, dimension) + _LENGTH.pack(len(content))
    # No threads here: none can be started while the interpreter exits and closes libraries.
    blocks = (content[at : at + _BLOCK_BYTES] for at in range(0, len(content), _BLOCK_BYTES))
    digests = b"".join(map(_sha256, blocks))
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=TEMPORARY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(header + _sha256(header + digests) + digests)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


@contextlib.contextmanager
def open_vector_file(path: Path, dimension: int) -> Iterator[SavedVectors | None]:
    """Yield the payload of ``path``; None if the file is absent, damaged or of another dimension.

    Damage to the payload is noticed only while it is read.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            saved = _read_header(file, dimension, stack)
        except (OSError, struct.error):  # absent, or shorter than a header
            saved = None
        yield saved


def _read_header(
    file: BufferedReader, dimension: int, stack: contextlib.ExitStack
) -> SavedVectors | None:
    header = file.read(_HEADER.size)
    magic, generation, token, stored_dimension = _HEADER.unpack(header)
    if magic != _MAGIC or stored_dimension != dimension:
        return None
    header += file.read(_LENGTH.size)
    (length,) = _LENGTH.unpack_from(header, _HEADER.size)
    digest, digests_bytes = file.read(_DIGEST_BYTES), _DIGEST_BYTES * -(-length // _BLOCK_BYTES)
    if os.fstat(file.fileno()).st_size != file.tell() + digests_bytes + length:
        return None
    digests = file.read(digests_bytes)
    if _sha256(header + digests) != digest:
        return None
    blocks = stack.enter_context(contextlib.closing(_verified_blocks(file, digests)))
    return SavedVectors(Revision(generation, token), length, blocks)


def _verified_blocks(file: BufferedReader, digests: bytes) -> Generator[bytes, None, None]:
    """Yield the blocks of the payload up to the first damaged one."""
    expected = [digests[at : at + _DIGEST_BYTES] for at in range(0, len(digests), _DIGEST_BYTES)]
    threads = min(usable_cores(), _MOST_THREADS)
    ahead = 2 * threads
    pending: deque[tuple[bytes, Future[bytes]]] = deque()
    with ThreadPoolExecutor(threads) as pool, contextlib.suppress(OSError):
        for number in range(len(expected) + ahead):
            if number < len(expected):
                block = file.read(_BLOCK_BYTES)
                pending.append((block, pool.submit(_sha256, block)))
            if number >= ahead:
                block, digest = pending.popleft()
                if digest.result() != expected[number - ahead]:
                    return
                yield block


def _sha256(block: bytes | memoryview) -> bytes:
    return hashlib.sha256(block).digest()
