from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from index.passage_index import VECTORS
from index.revisions import Revision
from index.vector_file import SavedVectors, read_file, write_file
from index.vectors import VectorIndex
from tests.libraries import TOY, article, filled, found, opened, titles

BLOCK = 64
REVISION = Revision(7, 12345)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.vector_file._BLOCK_BYTES", BLOCK)


def payload_of(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


def written(path: Path, payload: bytes) -> bytes:
    write_file(path, REVISION, 8, payload)
    return path.read_bytes()


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK - 1])
def test_what_is_written_is_read(tmp_path: Path, size: int) -> None:
    written(tmp_path / "v", payload_of(size))
    saved = read_file(tmp_path / "v", 8)
    assert saved is not None
    assert saved.revision == REVISION
    assert bytes(saved.payload) == payload_of(size)


def test_a_flipped_bit_in_any_block_or_in_the_header_is_found(tmp_path: Path) -> None:
    path = tmp_path / "v"
    whole = written(path, payload_of(5 * BLOCK + 9))
    revision = range(8, 24)  # a wrong one is no damage: the record has not been at it
    for place in sorted({*range(0, len(whole), 7), *range(8), len(whole) - 1} - {*revision}):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        assert read_file(path, 8) is None, place


def test_blocks_that_are_lost_swapped_or_too_many_are_found(tmp_path: Path) -> None:
    path = tmp_path / "v"
    payload = payload_of(4 * BLOCK)
    whole = written(path, payload)
    header = whole[: -len(payload)]
    first, second, rest = payload[:BLOCK], payload[BLOCK : 2 * BLOCK], payload[2 * BLOCK :]
    for changed in (b"", rest, first + second, second + first + rest, payload + rest, payload[:-1]):
        path.write_bytes(header + changed)
        assert read_file(path, 8) is None
    path.write_bytes(header + payload)
    assert read_file(path, 8) is not None


def test_a_file_that_becomes_shorter_while_it_is_read_is_not_given_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(written(tmp_path / "v", payload_of(2 * BLOCK)))
    monkeypatch.setattr(os, "fstat", lambda _: SimpleNamespace(st_size=size + BLOCK))
    assert read_file(tmp_path / "v", 8) is None


def test_a_payload_is_given_out_in_the_pieces_that_are_asked_for() -> None:
    read = SavedVectors(REVISION, memoryview(b"abcdefgh")).reader()
    assert [read(3), read(4), read(5), read(6)] == [b"abc", b"defg", b"h", b""]


def as_version_2(whole: bytes) -> bytes:
    """Return a file as it was before its digest was of blocks."""
    header = struct.Struct("<8sQQI32s")
    _, generation, token, dimension, _ = header.unpack_from(whole)
    payload = whole[header.size :]
    digest = hashlib.sha256(payload).digest()
    return header.pack(b"AQVEC002", generation, token, dimension, digest) + payload


def test_an_older_file_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "v"
    older = as_version_2(written(path, payload_of(3 * BLOCK)))
    path.write_bytes(older)
    saved = read_file(path, 8)
    assert saved == SavedVectors(REVISION, memoryview(payload_of(3 * BLOCK)))
    for place in range(24, len(older), 5):
        path.write_bytes(older[:place] + bytes([older[place] ^ 4]) + older[place + 1 :])
        assert read_file(path, 8) is None, place


def test_a_library_with_an_older_file_opens_as_it_is_and_saves_a_newer(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    path = folder / VECTORS
    newer = path.read_bytes()
    path.write_bytes(as_version_2(newer))
    with opened(folder) as index:
        assert index.faults == {}
        assert titles(index) == ["Title 0", "Title 1", "Title 2"]
        assert found(index, 1) == ["Title 1"]
        index.add(article(5))
        index._meaning.save()
    assert path.read_bytes()[:8] == newer[:8]
    assert VectorIndex.load(path, TOY.identity.dimension, index._storage) is not None
    with opened(folder) as index:
        assert index.faults == {}
        assert found(index, 5) == ["Title 5"]


def test_a_file_of_a_version_that_is_not_known_is_made_anew(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    path = folder / VECTORS
    path.write_bytes(b"AQVEC999" + path.read_bytes()[8:])
    with opened(folder) as index:
        assert list(index.faults) == [VECTORS]
        assert found(index, 1) == ["Title 1"]
        assert not index.disagreements().derived
