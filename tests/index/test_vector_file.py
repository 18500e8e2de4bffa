from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from index.search.vector_file import open_vector_file, write_vector_file
from index.store.folder import VECTOR_FILE
from index.store.rows import Revision
from tests.libraries import filled, found, opened

BLOCK = 64
REVISION = Revision(7, 12345)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.search.vector_file._BLOCK_BYTES", BLOCK)


def payload_of(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


def written(path: Path, payload: bytes) -> bytes:
    write_vector_file(path, REVISION, 8, payload)
    return path.read_bytes()


def read(path: Path, dimension: int = 8) -> tuple[Revision, bytes] | None:
    """Return what is in a file, read as FAISS does; None if it is not whole."""
    with open_vector_file(path, dimension) as saved:
        if saved is None:
            return None
        payload = b"".join(iter(lambda: saved.read(50), b""))
        return (saved.revision, payload) if saved.is_intact else None


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK, 40 * BLOCK - 1])
def test_what_is_written_is_read(tmp_path: Path, size: int) -> None:
    written(tmp_path / "v", payload_of(size))
    assert read(tmp_path / "v") == (REVISION, payload_of(size))
    assert read(tmp_path / "v", 9) is None
    assert read(tmp_path / "absent") is None


def test_a_flipped_bit_in_any_block_or_before_them_is_found(tmp_path: Path) -> None:
    path = tmp_path / "v"
    whole = written(path, payload_of(15 * BLOCK + 9))
    before = len(whole) - 15 * BLOCK - 9
    for place in sorted({*range(before), *range(before, len(whole), 7), len(whole) - 1}):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        assert read(path) is None, place


def test_blocks_that_are_lost_swapped_or_too_many_are_found(tmp_path: Path) -> None:
    path = tmp_path / "v"
    payload = payload_of(4 * BLOCK)
    whole = written(path, payload)
    header = whole[: -len(payload)]
    first, second, rest = payload[:BLOCK], payload[BLOCK : 2 * BLOCK], payload[2 * BLOCK :]
    for changed in (b"", rest, first + second, second + first + rest, payload + rest, payload[:-1]):
        path.write_bytes(header + changed)
        assert read(path) is None
    for place in range(len(header)):
        path.write_bytes(header[:place])
        assert read(path) is None
    path.write_bytes(whole)
    assert read(path) == (REVISION, payload)


def test_reading_stops_before_the_first_damaged_block(tmp_path: Path) -> None:
    payload = payload_of(30 * BLOCK)
    whole = bytearray(written(tmp_path / "v", payload))
    whole[-10 * BLOCK] ^= 1
    (tmp_path / "v").write_bytes(whole)
    with open_vector_file(tmp_path / "v", 8) as saved:
        assert saved is not None
        assert b"".join(iter(lambda: saved.read(1_000), b"")) == payload[: 20 * BLOCK]
        assert saved.read(1_000) == b""
        assert not saved.is_intact


def test_a_file_truncated_while_it_is_read_is_not_intact(tmp_path: Path) -> None:
    size = len(written(tmp_path / "v", payload_of(1_000 * BLOCK)))
    with open_vector_file(tmp_path / "v", 8) as saved:
        assert saved is not None
        os.truncate(tmp_path / "v", size - 2 * BLOCK)
        assert len(b"".join(iter(lambda: saved.read(1_000), b""))) == 998 * BLOCK
        assert not saved.is_intact


def test_what_is_not_read_to_its_end_is_not_taken_for_whole(tmp_path: Path) -> None:
    written(tmp_path / "v", payload_of(3 * BLOCK))
    with open_vector_file(tmp_path / "v", 8) as saved:
        assert saved is not None
        assert len(saved.read(BLOCK)) == BLOCK
        assert not saved.is_intact
    assert saved.read(1) == b""  # it is closed


def test_a_file_of_an_unknown_version_is_rebuilt(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    path = folder / VECTOR_FILE
    path.write_bytes(b"AQVEC999" + path.read_bytes()[8:])
    with opened(folder) as index:
        assert list(index.index_problems) == [VECTOR_FILE]
        assert found(index, 1) == ["Title 1"]
        assert not index.find_mismatches().derived
