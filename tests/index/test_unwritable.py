from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import LibraryUnwritable
from index.maintenance import Verdict, check_library
from index.search.passage_index import PassageIndex
from index.store.database import ReadOnlyDatabase
from tests.libraries import article, derived_files, filled, found, opened, run, titles

pytestmark = pytest.mark.slow
MOUNT, UMOUNT = shutil.which("mount"), shutil.which("umount")


def mounted(folder: Path, options: str) -> bool:
    folder.mkdir(exist_ok=True)
    command = [MOUNT or "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    if not MOUNT or not UMOUNT or not mounted(tmp_path / "disk", "size=2m"):
        pytest.skip("a disk cannot be mounted here: it takes root's rights and mount")
    yield tmp_path / "disk"
    subprocess.run([UMOUNT, "-l", str(tmp_path / "disk")], check=True)


def add_many(index: PassageIndex) -> None:
    for number in range(10, 40):
        index.add(article(number))


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        for size in (4096, 64):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return ballast


def test_a_full_disk_is_an_error_and_loses_nothing(small_disk: Path) -> None:
    folder = filled(small_disk / "l")
    with opened(folder) as index:
        ballast = fill(small_disk)
        with pytest.raises(LibraryUnwritable, match=r"full|room"):
            add_many(index)  # the first few find room in what SQLite has set aside
        before = titles(index)
        assert found(index, 1) == ["Title 1"]
        ballast.unlink()
        index.add(article(90))
        assert found(index, 90) == ["Title 90"]
    report = check_library(folder)
    assert (report.verdict in {Verdict.SOUND, Verdict.REPAIRED}, report.articles) == (
        True,
        len(before) + 1,
    )


def test_a_library_on_a_full_disk_can_be_read(small_disk: Path) -> None:
    folder = filled(small_disk / "l")
    fill(small_disk)
    with opened(folder) as index:
        assert found(index, 1) == ["Title 1"]
        with pytest.raises(LibraryUnwritable):
            add_many(index)


OVER_THE_LIMIT = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
index = opened(folder)
size = (folder / "library.sqlite").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size // 4, size))
try:
    for number in range(10, 60):
        index.add(article(number))
except LibraryUnwritable as error:
    print(len(titles(index)), found(index, 1), error)
"""


def test_a_file_that_may_not_grow_loses_nothing(tmp_path: Path) -> None:
    folder = filled(tmp_path / "l", 6)
    output = run(OVER_THE_LIMIT, folder)
    assert "Title 1" in output
    assert "Nothing was changed" in output
    report = check_library(folder)
    assert report.verdict in {Verdict.SOUND, Verdict.REPAIRED}
    assert report.articles == int(output.split()[0])


def test_words_that_cannot_be_written_are_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = filled(tmp_path / "l")
    with opened(folder) as index:
        for file in derived_files(folder):
            if file.name == "meta.json":
                shutil.rmtree(file.parent)
                file.parent.write_text("in the way")
        index.add(article(9))
        assert found(index, 9) == ["Title 9"]
        assert found(index, 1) == ["Title 1"]
    monkeypatch.undo()
    with opened(folder) as index:
        assert found(index, 9) == ["Title 9"]


# Root may write where nobody may: the process becomes nobody first.
AS_NOBODY = """
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
index = opened(folder)
assert found(index, 1) == ["Title 1"], found(index, 1)
for change in (lambda: index.add(article(9)), lambda: index.remove(article(1).id),
               lambda: index.store.rename(article(1).id, "New"), index.reembed):
    try:
        change()
    except LibraryUnwritable as error:
        assert "cannot be opened for writing" in str(error), error
    else:
        raise AssertionError("it was changed")
assert titles(index) == ["Title 0", "Title 1", "Title 2"]
index.close()
print(sorted(path.name for path in Path(os.environ["TMPDIR"]).iterdir()))
"""


@pytest.fixture
def anyones() -> Iterator[Path]:
    """A folder that every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def protect(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("left", ["closed", "in use", "with a WAL"])
def test_a_library_that_may_only_be_read_is_read(
    anyones: Path, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = filled(anyones / "l")
    temporary = anyones / "tmp"
    temporary.mkdir()
    temporary.chmod(0o777)
    monkeypatch.setenv("TMPDIR", str(temporary))
    with contextlib.ExitStack() as stack:
        if left != "closed":
            index = stack.enter_context(opened(folder))
            index.store.rename(article(2).id, "Another")
            index.store.rename(article(2).id, "Title 2")
        if left == "with a WAL":  # as a writer that was killed leaves it
            shutil.copytree(folder, anyones / "killed")
            folder = anyones / "killed"
            (folder / "library.sqlite-shm").unlink()
            assert (folder / "library.sqlite-wal").stat().st_size
        protect(folder)
        before = contents(folder)
        assert run(AS_NOBODY, folder) == "[]"
        assert contents(folder) == before


def test_a_read_only_disk_is_read(small_disk: Path) -> None:
    folder = filled(small_disk / "l")
    subprocess.run([MOUNT or "", "-o", "remount,ro", str(small_disk)], check=True)
    with opened(folder) as index:
        assert not index.writable
        assert found(index, 1) == ["Title 1"]
        with pytest.raises(LibraryUnwritable):
            index.add(article(9))
    assert check_library(folder).verdict is Verdict.SOUND


def test_a_reader_of_a_read_only_library_sees_changes_of_others(small_disk: Path) -> None:
    folder = filled(small_disk / "l")
    shared = small_disk.parent / "shared"
    shared.mkdir()
    subprocess.run([MOUNT or "", "--bind", str(small_disk), str(shared)], check=True)
    try:
        subprocess.run([MOUNT or "", "-o", "remount,bind,ro", str(shared)], check=True)
        with opened(shared / "l") as reader:
            assert found(reader, 1) == ["Title 1"]
            with opened(folder) as writer:
                writer.add(article(9))
            assert found(reader, 9) == ["Title 9"]
    finally:
        subprocess.run([UMOUNT or "", "-l", str(shared)], check=True)


def test_a_record_that_may_only_be_read_beside_a_writable_folder(anyones: Path) -> None:
    folder = filled(anyones / "l")
    (folder / "library.sqlite").chmod(0o444)
    folder.chmod(0o777)
    for path in derived_files(folder):
        path.parent.chmod(0o777)
        path.chmod(0o666)
    script = AS_NOBODY.split("for change", maxsplit=1)[0]
    run(script + "try:\n    index.add(article(9))\nexcept LibraryUnwritable:\n    pass", folder)
    assert check_library(folder).verdict is Verdict.SOUND


def test_a_record_that_needs_a_copy_in_a_full_temporary_folder_is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/srv/private")

    path = tmp_path / "library.sqlite"
    path.write_bytes(b"")
    Path(f"{path}-wal").write_bytes(b"something")
    monkeypatch.setattr(ReadOnlyDatabase, "_can_open", lambda _: False)
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(LibraryUnwritable, match=r"TMPDIR.*Nothing was changed"):
        ReadOnlyDatabase(path)
