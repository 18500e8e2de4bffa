"""The option --encode-with, as far as Ray need not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from qa.cli.commands import app
from qa.cli.folders import files_of

USAGE_ERROR = 2
MILVUS = "milvus://127.0.0.1:1"


def add(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["add", "--encode-with", "ray", *arguments])
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("library", "advice"),
    [
        ("library/", "needs one on a Milvus server: milvus://host:19530/database"),
        ("milvus-lite:x.db", "milvus-lite server --data-dir DIR --host 127.0.0.1"),
    ],
)
def test_a_library_with_one_writer_is_wrong_usage(library: str, advice: str) -> None:
    code, output = add("a.txt", "--library", library)
    assert code == USAGE_ERROR
    assert advice in output


@pytest.mark.parametrize("options", [["-"], ["a.txt", "--title", "T"], ["folder", "--watch"]])
def test_what_it_cannot_do_is_wrong_usage(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    code, output = add(*options, "--library", MILVUS)
    assert code == USAGE_ERROR
    assert "no --title or --watch" in output


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    (tmp_path / "notes" / "old").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for name in ("b.txt", "old/a.txt", ".hidden"):
        (tmp_path / "notes" / name).write_text("Text.", encoding="utf-8")
    sources = ["https://example.org/", str(tmp_path / "notes"), str(tmp_path / "empty"), "c.txt"]
    files, problems = files_of(sources)
    notes = tmp_path / "notes"
    assert files == [sources[0], str(notes / "b.txt"), str(notes / "old" / "a.txt"), "c.txt"]
    assert [(source, reason[:16]) for source, reason in problems] == [
        (str(tmp_path / "empty"), "There is no file")
    ]
