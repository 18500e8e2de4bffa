"""A library that is kept in step with the files of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import EmptyArticle, UnreadableFile
from qa.article_qa import ArticleQA
from qa.folder_sync import FolderSync, is_skipped
from qa.visitors.state_database import StateDatabase
from qa.visitors.tags import Tags

BRIDGE = "The harbour bridge opened in 1932. It is 1,149 metres long."
TOWER = "The radio tower was finished in 1926. It is 150 metres tall."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "notes" / "deep").mkdir(parents=True)
    (tmp_path / "notes" / "bridge.txt").write_text(BRIDGE, encoding="utf-8")
    return tmp_path / "notes"


@pytest.fixture
def library(folder: Path) -> Iterator[ArticleQA]:
    with ArticleQA.open(folder / "library") as qa:  # inside, where it must not be read
        yield qa


@pytest.fixture
def state(library: ArticleQA) -> Iterator[StateDatabase]:
    database = StateDatabase(library.folder)
    yield database
    database.close()


@pytest.fixture
def sync(folder: Path, library: ArticleQA, state: StateDatabase) -> FolderSync:
    return FolderSync(folder, library, state)


def update(sync: FolderSync) -> None:
    for path in sync.new(sync.files()):
        sync.add(path)
    for file in sync.gone(sync.files()):
        sync.remove(file)


def texts(library: ArticleQA) -> set[str]:
    return {article.text for article in library.articles()}


def test_files_are_added_replaced_and_removed(
    folder: Path, library: ArticleQA, state: StateDatabase, sync: FolderSync
) -> None:
    by_hand = library.add_text("A text that came from elsewhere.")
    (folder / "deep" / "tower.txt").write_text(TOWER, encoding="utf-8")
    update(sync)
    assert texts(library) == {BRIDGE, TOWER, by_hand.text}
    (bridge,) = (info.id for info in library.catalogue() if info.title == "Bridge")
    Tags(state).add(bridge, "bridges")
    again = FolderSync(folder, library, state)  # as after a restart
    assert not again.new(again.files())
    assert not again.gone(again.files())
    changed = BRIDGE + " It was repainted in 2001."
    (folder / "bridge.txt").write_text(changed, encoding="utf-8")
    (folder / "deep" / "tower.txt").rename(folder / "mast.txt")
    update(again)
    assert texts(library) == {changed, TOWER, by_hand.text}
    assert list(Tags(state).by_article().values()) == [["bridges"]]
    (folder / "bridge.txt").unlink()
    (folder / "mast.txt").unlink()
    update(again)
    assert texts(library) == {by_hand.text}


def test_an_article_that_was_there_before_or_has_another_file_is_kept(
    folder: Path, library: ArticleQA, sync: FolderSync
) -> None:
    library.add_text(BRIDGE)
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text(TOWER, encoding="utf-8")
    update(sync)
    (folder / "bridge.txt").unlink()
    (folder / "one.txt").unlink()
    update(sync)
    assert texts(library) == {BRIDGE, TOWER}


def test_links_hidden_and_unfinished_files_and_the_library_are_skipped(
    tmp_path: Path, folder: Path, sync: FolderSync
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("A secret.", encoding="utf-8")
    (folder / "deep" / "linked").symlink_to(outside)
    (folder / "deep" / "secret.txt").symlink_to(outside / "secret.txt")
    (folder / "deep" / "circle").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    for name in (".hidden.txt", "paper.pdf.part", "paper.PDF.crdownload", "~$report.docx"):
        (folder / name).write_text("Not yet.", encoding="utf-8")
    (folder / ".git").mkdir()
    (folder / ".git" / "config.txt").write_text("Not this.", encoding="utf-8")
    assert list(sync.files().stamps) == [folder / "bridge.txt"]


@pytest.mark.parametrize("name", ["party.txt", "a.b.txt", "temp", "download.pdf", "~notes.txt"])
def test_a_name_that_only_looks_unfinished_is_added(name: str) -> None:
    assert not is_skipped(name)


def test_a_file_swapped_for_a_link_is_not_read(
    tmp_path: Path, folder: Path, sync: FolderSync
) -> None:
    (tmp_path / "secret.txt").write_text("A secret.", encoding="utf-8")
    (path,) = sync.new(sync.files())
    path.unlink()
    path.symlink_to(tmp_path / "secret.txt")
    with pytest.raises(UnreadableFile, match="not a file of this folder"):
        sync.add(path)
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path)
    with pytest.raises(UnreadableFile):
        sync.add(folder / "secret.txt")


def test_a_file_that_cannot_be_used_is_tried_again_only_when_it_changes(
    folder: Path, library: ArticleQA, sync: FolderSync
) -> None:
    update(sync)
    blank = folder / "bridge.txt"
    blank.write_text(" ", encoding="utf-8")
    (path,) = sync.new(sync.files())
    with pytest.raises(EmptyArticle):
        sync.add(path)
    update(sync)
    assert texts(library) == {BRIDGE}  # the last that could be used
    blank.write_text(TOWER, encoding="utf-8")
    update(sync)
    assert texts(library) == {TOWER}


def test_nothing_is_removed_while_the_folder_cannot_be_listed(
    tmp_path: Path, folder: Path, library: ArticleQA, sync: FolderSync
) -> None:
    update(sync)
    folder.rename(tmp_path / "unplugged")
    assert sync.gone(sync.files()) == []
    (tmp_path / "unplugged").rename(folder)
    update(sync)
    assert texts(library) == {BRIDGE}


def test_what_was_being_added_when_the_program_ended_still_belongs_to_its_file(
    folder: Path, library: ArticleQA, state: StateDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = FolderSync(folder, library, state)
    (path,) = sync.new(sync.files())
    with monkeypatch.context() as patched:
        patched.setattr(FolderSync, "_keep_tags", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sync.add(path)
    assert texts(library) == {BRIDGE}
    again = FolderSync(folder, library, state)
    update(again)
    path.unlink()
    update(again)
    assert texts(library) == set()
