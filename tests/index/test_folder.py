"""When a folder becomes a library, what reading leaves behind, and how a lost record is noticed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bench.crash_work import LIMITS
from index.errors import LibraryDamaged, LibraryError, LibraryMissing, LibraryUnwritable
from index.maintenance import Verdict, check_library, salvage_articles
from index.search.passage_index import PassageIndex
from index.store.folder import STORE_FILE, TEXT_FOLDER, VECTOR_FILE
from qa import ArticleQA
from tests.libraries import TOY, article, filled, found, opened, state, titles

pytestmark = pytest.mark.slow
WAL = f"{STORE_FILE}-wal"


def reading(folder: Path) -> PassageIndex:
    return PassageIndex(folder, TOY, limits=LIMITS, create=False, read_only=True)


def changing(folder: Path) -> PassageIndex:
    return PassageIndex(folder, TOY, limits=LIMITS, create=False)


OPENINGS: list[Callable[[Path], object]] = [
    reading,
    changing,
    check_library,
    lambda folder: list(salvage_articles(folder)),
    lambda folder: ArticleQA.open(folder, create=False),
    lambda folder: ArticleQA.open(folder, read_only=True),
    ArticleQA.reembed,
]


@pytest.mark.parametrize("use", OPENINGS)
@pytest.mark.parametrize("place", ["absent", "empty", "other files", "empty database", "a file"])
def test_only_adding_makes_a_library(
    tmp_path: Path, place: str, use: Callable[[Path], object]
) -> None:
    folder = tmp_path / "l"
    if place == "a file":
        folder.write_text("in the way")
    elif place != "absent":
        folder.mkdir()
    if place == "other files":
        (folder / "notes.txt").write_text("mine")
    if place == "empty database":  # as a killed creator leaves it
        (folder / STORE_FILE).touch()
    before = state(tmp_path)
    with pytest.raises(LibraryMissing, match=r"There is no library in .* article-qa add FILE"):
        use(folder)
    assert state(tmp_path) == before


@pytest.mark.parametrize("place", ["absent", "empty", "other files", "empty database"])
def test_adding_makes_a_library_and_leaves_other_files_alone(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "l"
    if place != "absent":
        folder.mkdir()
    if place == "other files":
        (folder / "notes.txt").write_text("mine")
    if place == "empty database":
        (folder / STORE_FILE).touch()
    filled(folder)
    with reading(folder) as index:
        assert found(index, 1) == ["Title 1"]
    if place == "other files":
        assert (folder / "notes.txt").read_text() == "mine"


def lost(folder: Path, how: str) -> str:
    """Lose the record of a library, and return what is to be said of it."""
    record = folder / STORE_FILE
    content = record.read_bytes()
    record.unlink()
    match how:
        case "emptied":
            record.touch()
            return "library.sqlite is empty"
        case "a folder":
            record.mkdir()
            return "library.sqlite is a folder"
        case "a dangling link":
            record.symlink_to(folder.parent / "gone.sqlite")
            return "library.sqlite is a link to .*gone.sqlite, which does not exist"
        case "the WAL alone":
            shutil.rmtree(folder / TEXT_FOLDER)
            (folder / VECTOR_FILE).unlink()
            (folder / WAL).write_bytes(content)
            return "library.sqlite-wal is there"
        case "without tables":
            with closing(sqlite3.connect(record)) as db:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("VACUUM")
            return "lost its articles"
    return "library.sqlite is missing"


@pytest.mark.parametrize("use", [opened, ArticleQA.open, *OPENINGS])
@pytest.mark.parametrize(
    "how", ["removed", "emptied", "a folder", "a dangling link", "the WAL alone"]
)
def test_a_lost_record_is_an_error_and_never_an_empty_library(
    tmp_path: Path, how: str, use: Callable[[Path], object]
) -> None:
    message = lost(filled(tmp_path / "l"), how)
    before = state(tmp_path)
    with pytest.raises(LibraryDamaged, match=message):
        use(tmp_path / "l")
    assert state(tmp_path) == before


@pytest.mark.parametrize("kept", [VECTOR_FILE, TEXT_FOLDER])
def test_one_derived_index_tells_that_there_was_a_record(tmp_path: Path, kept: str) -> None:
    folder = filled(tmp_path / "l")
    for path in folder.iterdir():
        if path.name != kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(LibraryDamaged, match=f"although {kept} is there"):
        opened(folder)


def test_a_record_that_has_lost_its_tables_is_an_error(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    lost(folder, "without tables")
    for use in (opened, reading, changing):
        with pytest.raises(LibraryDamaged, match="it has no tables"):
            use(folder)
    assert check_library(folder).verdict is Verdict.DAMAGED


@pytest.mark.parametrize("name", ["a folder", "a dangling link"])
def test_a_record_that_is_no_file_is_not_replaced(tmp_path: Path, name: str) -> None:
    record = tmp_path / STORE_FILE
    if name == "a folder":
        record.mkdir()
    else:
        record.symlink_to(tmp_path / "gone.sqlite")
    with pytest.raises(LibraryDamaged, match=r"Put library\.sqlite back"):
        opened(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [STORE_FILE]


@pytest.mark.parametrize("use", [opened, reading, changing])
def test_another_programs_database_is_not_touched(
    tmp_path: Path, use: Callable[[Path], object]
) -> None:
    with closing(sqlite3.connect(tmp_path / STORE_FILE)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = state(tmp_path)
    with pytest.raises(LibraryDamaged, match="another program"):
        use(tmp_path)
    assert (tmp_path / STORE_FILE).read_bytes() == before[str(tmp_path / STORE_FILE)][2]


def test_a_record_may_be_a_link(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    (folder / STORE_FILE).rename(tmp_path / "elsewhere.sqlite")
    (folder / STORE_FILE).symlink_to(tmp_path / "elsewhere.sqlite")
    with opened(folder) as index:
        index.add(article(9))
        with reading(folder) as reader:  # the WAL is beside the file itself
            assert found(reader, 9) == ["Title 9"]
    with reading(folder) as reader:
        assert found(reader, 9) == ["Title 9"]
    assert (folder / STORE_FILE).is_symlink()


def use_all(folder: Path) -> None:
    with reading(folder) as index:
        assert titles(index) == ["Title 0", "Title 1", "Title 2"]
        assert found(index, 1) == ["Title 1"]
        index.chunks(article(1).id)
    assert check_library(folder).verdict is Verdict.SOUND


def test_reading_changes_no_byte_and_no_time_of_the_folder(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    before = state(folder)
    use_all(folder)
    assert state(folder) == before


def test_reading_only_refuses_every_change(tmp_path: Path) -> None:
    with reading(filled(tmp_path / "l")) as index:
        for change in (
            lambda: index.add(article(9)),
            lambda: index.remove(article(1).id),
            lambda: index.store.rename(article(1).id, "New"),
            index.reembed,
        ):
            with pytest.raises(LibraryUnwritable, match="opened for reading only"):
                change()


def test_a_reader_catches_up_without_writing(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    derived = shutil.copytree(folder, tmp_path / "before")
    with opened(folder) as index:
        index.add(article(9))
    for name in (VECTOR_FILE, TEXT_FOLDER):  # as they were before the last article came
        shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()
    shutil.copytree(derived / TEXT_FOLDER, folder / TEXT_FOLDER)
    shutil.copyfile(derived / VECTOR_FILE, folder / VECTOR_FILE)
    before = state(folder)
    with reading(folder) as index:
        assert found(index, 9) == ["Title 9"]
    assert state(folder) == before


@pytest.mark.parametrize("name", [VECTOR_FILE, TEXT_FOLDER])
def test_a_reader_rebuilds_missing_indexes_on_disk(tmp_path: Path, name: str) -> None:
    folder = filled(tmp_path / "l")
    shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()
    with reading(folder) as index:
        assert name in index.index_problems
        assert found(index, 1) == ["Title 1"]
    before = state(folder)
    use_all(folder)
    assert state(folder) == before


def test_a_reader_sees_later_changes(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l")
    with reading(folder) as reader:
        assert found(reader, 9) == []
        with opened(folder) as writer:
            writer.add(article(9))
            assert found(reader, 9) == ["Title 9"]
        assert found(reader, 9) == ["Title 9"]


def test_a_folder_that_may_not_be_read_is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(LibraryError, match=r"cannot be read .Permission denied"):
        opened(tmp_path)
