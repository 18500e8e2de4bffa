"""The file of vectors: a header, and an index as FAISS writes it.

The header has a magic number, the revision of the record, the dimension and a digest of the
rest: the SHA-256 of the SHA-256s of its blocks, so that several threads may check it. The
rest is given out only if the header agrees, since faiss may abort the process on damaged
bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from index.leftovers import TEMPORARY
from index.processor import usable_cores
from index.revisions import Revision

_MAGIC = b"AQVEC003"
_MAGIC_IN_ONE = b"AQVEC002"
"""Of older files: the digest is the SHA-256 of the payload in one piece."""
_HEADER = struct.Struct("<8sQQI32s")  # magic, revision, dimension, digest of the payload
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SavedVectors:
    """What a whole file holds."""

    revision: Revision
    payload: memoryview

    def reader(self) -> Callable[[int], bytes]:
        """Return what gives out the payload bit by bit: up to so many bytes at each call."""
        at = 0

        def read(size: int) -> bytes:
            nonlocal at
            piece = self.payload[at : at + size].tobytes()
            at += len(piece)
            return piece

        return read


def write_file(path: Path, revision: Revision, dimension: int, payload: Any) -> None:  # noqa: ANN401 - whatever has a buffer
    """Write ``payload`` under its header beside ``path``, sync it, and rename it into place.

    Raises:
        OSError: The disk is full, or may not be written to.
    """
    # Not by threads: while the interpreter ends, as libraries are closed, none can be begun.
    digest = _digest(map(_sha256, _blocks(memoryview(payload).cast("B"))))
    header = _HEADER.pack(_MAGIC, *revision, dimension, digest)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=TEMPORARY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(header)
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def read_file(path: Path, dimension: int) -> SavedVectors | None:
    """Return what is in ``path``; None if it is absent, damaged or of another dimension."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return None
            magic, generation, token, stored_dimension, digest = _HEADER.unpack(header)
            if magic not in {_MAGIC, _MAGIC_IN_ONE} or stored_dimension != dimension:
                return None
            size = os.fstat(file.fileno()).st_size - _HEADER.size
            # Read once, so that what is checked is what is given out; of large arrays, numpy
            # has the system make the memory ready in large pages.
            payload = np.empty(size, dtype=np.uint8).data
            found = _digest_read(file, payload, in_one=magic == _MAGIC_IN_ONE)
    except (EOFError, OSError):
        return None
    return SavedVectors(Revision(generation, token), payload) if found == digest else None


def _digest_read(file: BufferedReader, payload: memoryview, *, in_one: bool) -> bytes:
    """Fill ``payload`` from ``file``, and return the digest of it.

    Raises:
        EOFError: The file has become shorter meanwhile.
    """
    blocks = _filled(file, payload)
    if in_one:
        whole = hashlib.sha256()
        for block in blocks:
            whole.update(block)
        return whole.digest()
    with ThreadPoolExecutor(usable_cores()) as pool:
        # The blocks are read here, while those before are hashed.
        return _digest(pool.map(_sha256, blocks))


def _filled(file: BufferedReader, payload: memoryview) -> Iterator[memoryview]:
    for block in _blocks(payload):
        if file.readinto(block) < len(block):
            raise EOFError
        yield block


def _blocks(payload: memoryview) -> Iterator[memoryview]:
    return (payload[at : at + _BLOCK_BYTES] for at in range(0, len(payload), _BLOCK_BYTES))


def _sha256(block: memoryview) -> bytes:
    return hashlib.sha256(block).digest()


def _digest(of_blocks: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(of_blocks)).digest()
