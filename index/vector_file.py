"""The file of vectors: a header, and an index as FAISS writes it.

The header has a magic number, the revision of the record, the dimension and the SHA-256 of
the rest. The rest is given out only if the header agrees, since faiss may abort the process
on damaged bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.leftovers import TEMPORARY
from index.revisions import Revision

_MAGIC = b"AQVEC002"
_HEADER = struct.Struct("<8sQQI32s")  # magic, revision, dimension, digest of the payload


@dataclass(frozen=True, slots=True)
class SavedVectors:
    """What a whole file holds."""

    revision: Revision
    payload: memoryview


def write_file(path: Path, revision: Revision, dimension: int, payload: Any) -> None:  # noqa: ANN401 - whatever has a buffer
    """Write ``payload`` under its header beside ``path``, sync it, and rename it into place.

    Raises:
        OSError: The disk is full, or may not be written to.
    """
    digest = hashlib.sha256(payload).digest()
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
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) < _HEADER.size:
        return None
    magic, generation, token, stored_dimension, digest = _HEADER.unpack_from(data)
    payload = memoryview(data)[_HEADER.size :]
    if (magic, stored_dimension) != (_MAGIC, dimension):
        return None
    if hashlib.sha256(payload).digest() != digest:
        return None
    return SavedVectors(Revision(generation, token), payload)
