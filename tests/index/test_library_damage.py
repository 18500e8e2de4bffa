"""Files of a library are lost, cut and flipped; each in a process, so that a crash is seen."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from index.errors import LibraryDamaged, LibraryTooNew
from index.maintenance import Verdict, check_library, salvage_articles
from index.store.folder import STORE_FILE
from tests.libraries import article, derived_files, filled, found, opened, run, titles

pytestmark = pytest.mark.slow

# For each damage of a copy: it is opened, asked, changed and opened again, as if nothing were.
DAMAGE_DERIVED = """
import logging, random, shutil
logging.disable(logging.CRITICAL)
chance, damaged = random.Random(1), 0
def use():
    with opened(copy) as index:
        assert titles(index) == ["Title 2", "Title 3"]
        assert found(index, 2) == ["Title 2"] and found(index, 3) == ["Title 3"]
        assert found(index, 0) == []
        index.add(article(9))
    with opened(copy) as index:
        differences = index.find_mismatches()
        assert not differences.derived and not differences.vectors, differences
copy = folder.with_name("copy")
for file in derived_files(folder):
    content = file.read_bytes()
    size = len(content)
    ways = [None, *(content[:size * part // 4] for part in range(4) if size)]
    for _ in range(2 if size else 0):
        flipped = bytearray(content)
        flipped[chance.randrange(size)] ^= 1 << chance.randrange(8)
        ways.append(bytes(flipped))
    # Every way for the file of vectors; for the many of the words one way each.
    for changed in ways if file.parent == folder else chance.sample(ways, 1):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        if changed is None:
            (copy / file.relative_to(folder)).unlink()
        else:
            (copy / file.relative_to(folder)).write_bytes(changed)
        try:
            use()
        except BaseException as error:
            raise AssertionError((file.name, changed and len(changed), error)) from error
        damaged += 1
print(damaged)
"""


def test_damage_to_the_indexes_loses_nothing(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l", 4, removed=2)
    assert int(run(DAMAGE_DERIVED, folder)) > len(derived_files(folder))


# Any changed bit or cut of the database gives a verdict or a LibraryError.
DAMAGE_DATABASE = """
import logging, random, shutil
from index.maintenance import check_library, salvage_articles
logging.disable(logging.CRITICAL)
chance, outcomes = random.Random(2), []
copy = folder.with_name("copy")
content = (folder / "library.sqlite").read_bytes()
known = {article(number).id for number in range(12)}
for trial in range(24):
    changed = bytearray(content)
    changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    if trial % 4 == 3:
        changed = changed[:chance.randrange(len(content))]
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    (copy / "library.sqlite").write_bytes(changed)
    try:
        outcomes.append(check_library(copy).verdict)
    except LibraryError as error:
        outcomes.append(type(error).__name__)
    try:
        with opened(copy) as index:
            index.store.articles()
            found(index, 3)
    except LibraryError:
        pass
    try:
        assert {a.id for a in salvage_articles(copy) if a} <= known
    except LibraryError:
        pass
print(sorted(set(outcomes)))
"""


def test_a_damaged_record_never_ends_the_process_and_check_tells_it(tmp_path: Path) -> None:
    output = run(DAMAGE_DATABASE, filled(tmp_path / "l", 12))
    assert "damaged" in output
    assert "reembed" in output


def with_a_wal(folder: Path) -> Path:
    """Return a library as a writer that was killed leaves it, its last article in the WAL."""
    filled(folder)
    killed = folder.with_name("killed")
    with opened(folder) as index:
        index.add(article(8))
        shutil.copytree(folder, killed)
    return killed


@pytest.mark.parametrize("damage", ["none", "removed", "cut", "flipped"])
def test_a_wal_that_is_lost_or_damaged_leaves_an_earlier_state(tmp_path: Path, damage: str) -> None:
    folder = with_a_wal(tmp_path / "l")
    wal = folder / f"{STORE_FILE}-wal"
    content = wal.read_bytes()
    if damage == "removed":
        wal.unlink()
    elif damage == "cut":
        wal.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        wal.write_bytes(bytes(byte ^ (i == 60) for i, byte in enumerate(content)))
    with opened(folder) as index:
        kept = titles(index)
        assert kept[:3] == ["Title 0", "Title 1", "Title 2"]
        assert kept[3:] == (["Title 8"] if damage == "none" else [])
        assert found(index, 8) == kept[3:]
        assert found(index, 1) == ["Title 1"]
    assert check_library(folder).verdict is Verdict.SOUND


def changed_by(folder: Path, sql: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(folder / STORE_FILE)) as db, db:
        db.execute(sql, values)


def test_a_changed_text_is_found_and_the_others_are_saved(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    changed_by(folder, "UPDATE texts SET text = replace(text, 'beside', 'near') WHERE article = 2")
    report = check_library(folder)
    assert (report.verdict, report.articles) == (Verdict.DAMAGED, 2)
    saved = list(salvage_articles(folder))
    assert [one and one.title for one in saved] == ["Title 0", None, "Title 2"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE chunks SET text = 'other' WHERE id = 4",
        "UPDATE chunks SET start = start + 1 WHERE id = 4",
        "UPDATE vectors SET vector = zeroblob(128) WHERE chunk = 4",
        "UPDATE vectors SET vector = x'00' WHERE chunk = 4",
        "DELETE FROM vectors WHERE chunk = 4",
        "DELETE FROM chunks WHERE article = 2",
        "DELETE FROM changes WHERE generation = 2",
    ],
)
def test_re_embedding_repairs_damaged_passages(tmp_path: Path, damage: str) -> None:
    folder = filled(tmp_path / "l")
    changed_by(folder, damage)
    report = check_library(folder)
    assert (report.verdict, report.articles) == (Verdict.REEMBED, 3)
    with opened(folder) as index:
        index.reembed()
        assert found(index, 1) == ["Title 1"]
    assert check_library(folder).verdict is Verdict.SOUND


def test_a_vector_with_a_flipped_sign_is_found(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    with contextlib.closing(sqlite3.connect(folder / STORE_FILE)) as db:
        (vector,) = db.execute("SELECT vector FROM vectors WHERE chunk = 2").fetchone()
    changed_by(folder, "UPDATE vectors SET vector = ? WHERE chunk = 2", flipped_sign(vector))
    assert check_library(folder).verdict is Verdict.REEMBED
    assert check_library(folder).verdict is Verdict.REEMBED  # until it is done


def flipped_sign(vector: bytes) -> bytes:
    return vector[:3] + bytes([vector[3] ^ 0x80]) + vector[4:]


def test_a_database_restored_from_a_backup_is_noticed_and_the_indexes_rebuilt(
    tmp_path: Path,
) -> None:
    folder = filled(tmp_path / "l")
    backup = (folder / STORE_FILE).read_bytes()
    with opened(folder) as index:
        index.remove(article(0).id)
    (folder / STORE_FILE).write_bytes(backup)
    report = check_library(folder)
    assert report.verdict is Verdict.REPAIRED
    assert any("another state" in sentence for sentence in report.found)
    assert check_library(folder).verdict is Verdict.SOUND


def test_a_file_that_is_no_database_is_damage_and_left_alone(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    (folder / STORE_FILE).write_bytes(b"no database at all" * 1000)
    before = (folder / STORE_FILE).read_bytes()
    assert check_library(folder).verdict is Verdict.DAMAGED
    with pytest.raises(LibraryDamaged):
        list(salvage_articles(folder))
    assert (folder / STORE_FILE).read_bytes() == before


def test_a_library_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    changed_by(folder, "PRAGMA user_version = 99")
    before = {path: path.read_bytes() for path in derived_files(folder)}
    for use in (opened, check_library):
        with pytest.raises(LibraryTooNew):
            use(folder)
    assert {path: path.read_bytes() for path in derived_files(folder)} == before
