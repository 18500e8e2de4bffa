from __future__ import annotations

import threading
from pathlib import Path

import pytest

from index.types import Article
from qa.page.adding import AdditionQueue, AdditionState, Source, add_each
from qa.page.uploads import UploadedFiles
from tests.page.handling import handlers_of
from tests.page.test_handlers import VISITOR, ScriptedQA, answer_of


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "hash" / "report.txt"
    path.parent.mkdir()
    path.write_text("A report.", encoding="utf-8")
    return path


def test_an_upload_and_its_folder_are_deleted_after_use(upload: Path) -> None:
    files = UploadedFiles()
    files.acquire([upload])
    files.release([upload])
    assert not upload.parent.exists()


def test_a_file_uploaded_by_two_visitors_stays_until_both_are_done(upload: Path) -> None:
    files = UploadedFiles()
    files.acquire([upload])
    files.acquire([upload])
    files.release([upload])
    assert upload.exists()
    files.release([upload])
    assert not upload.exists()


def test_a_file_uploaded_again_meanwhile_is_not_deleted(upload: Path) -> None:
    files = UploadedFiles()
    files.acquire([upload])
    again = upload.with_name("again")
    again.write_text("A report.", encoding="utf-8")
    again.replace(upload)
    files.release([upload])
    assert upload.exists()


def test_a_file_given_twice_at_once_is_deleted(upload: Path) -> None:
    files = UploadedFiles()
    files.acquire([upload, upload])
    files.release([upload, upload])
    assert not upload.exists()


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied", "/srv/uploads/report.txt")


def test_a_failed_deletion_does_not_block_the_queue(
    upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = handlers_of(ScriptedQA(outcome=answer_of()))
    monkeypatch.setattr(Path, "unlink", refuse)
    for _ in range(12):  # more than the queue holds
        *_, (note, added, _files) = handlers.additions.add_files([str(upload)], VISITOR)
        assert added
        assert "Report" in note
        assert "/srv" not in note


def test_a_failed_clean_up_still_ends_the_addition() -> None:
    queue = AdditionQueue()
    failed = threading.Event()

    def clean_up() -> None:
        failed.set()
        raise OSError("The file cannot be deleted.")

    source = Source("one", lambda _: Article.from_text("one"))
    *_, last = add_each([source], queue, "visitor", clean_up)
    assert failed.is_set()
    assert len(last.added) == 1
    assert queue.join("next") is not None


def test_a_thread_that_cannot_be_started_leaves_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = AdditionQueue()
    released: list[str] = []

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    source = Source("one", lambda _: Article.from_text("one"))
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)
        states = list(add_each([source], queue, "visitor", lambda: released.append("files")))
    assert isinstance(states[-1], AdditionState)
    assert states[-1].problems
    assert released == ["files"]
    place = queue.join("next")
    assert place is not None
    assert place.ahead == 0
