from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from index.search.text_index_files import check_files, remove_orphans
from index.search.vector_file import TEMPORARY
from index.store.folder import TEXT_FOLDER
from tests.libraries import article, filled, found, opened


def test_a_deletion_that_a_killed_writer_did_not_commit_is_no_obstacle(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    before = {path.name for path in (folder / TEXT_FOLDER).iterdir()}
    shutil.copytree(folder, tmp_path / "other")
    with opened(tmp_path / "other") as index:
        index.remove(article(0).id)
    deletions = [
        p for p in (tmp_path / "other" / TEXT_FOLDER).glob("*.del") if p.name not in before
    ]
    assert deletions
    for deletion in deletions:
        shutil.copy(deletion, folder / TEXT_FOLDER)
    with opened(folder) as index:
        index.remove(article(0).id)
        assert found(index, 0) == []
    with opened(folder) as index:
        assert index.index_problems == {}
        assert found(index, 1) == ["Title 1"]


def test_only_orphaned_files_are_deleted(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l", 3, removed=1) / TEXT_FOLDER
    before = {path.name for path in folder.iterdir()}
    (folder / "0123456789abcdef0123456789abcdef.store").write_bytes(b"half")
    check_files(folder)  # they are no damage
    remove_orphans(folder)
    assert {path.name for path in folder.iterdir()} <= before
    check_files(folder)
    remove_orphans(tmp_path / "absent")


def test_each_file_of_an_index_is_checked(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l") / TEXT_FOLDER
    for path in folder.glob("*.*[a-z]"):
        if path.suffix in {".store", ".idx", ".term", ".fast", ".fieldnorm"}:
            content = path.read_bytes()
            path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
            with pytest.raises(ValueError, match=f"{path.name} is damaged"):
                check_files(folder)
            path.write_bytes(content)
    check_files(folder)


def test_a_flipped_bit_or_a_cut_anywhere_in_a_file_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.search.text_index_files._READ_BYTES", 64)
    folder = filled(tmp_path / "l", 8) / TEXT_FOLDER
    path = max(folder.glob("*.store"), key=lambda each: each.stat().st_size)
    content = path.read_bytes()
    payload = len(content) - 8 - int.from_bytes(content[-8:-4], "little")  # before the footer
    assert payload > 4 * 64
    for place in range(0, payload, 32):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place // 32 % 8
        for damaged in (bytes(flipped), content[:place]):
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match=f"{path.name} is damaged"):
                check_files(folder)
    path.write_bytes(content)
    check_files(folder)


def test_a_text_index_deleted_under_an_open_library_is_rebuilt(tmp_path: Path) -> None:
    with opened(filled(tmp_path / "l")) as index:
        shutil.rmtree(tmp_path / "l" / TEXT_FOLDER)
        index.add(article(9))
        assert found(index, 9) == ["Title 9"]
        assert found(index, 1) == ["Title 1"]
    with opened(tmp_path / "l") as index:
        assert found(index, 9) == ["Title 9"]


def test_half_written_files_are_removed_when_a_library_is_opened(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    (folder / f"vectors.faiss1234{TEMPORARY}").write_bytes(b"half")
    with opened(folder):
        assert not list(folder.glob(f"*{TEMPORARY}"))
