"""Adding a folder on the command line, and watching it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qa.cli.commands import app
from qa.cli.terminal import EXIT_ERROR, EXIT_INTERRUPTED

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def test_a_folder_is_added_and_what_cannot_be_read_is_listed(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    (notes / "old").mkdir(parents=True)
    (notes / "bridge.txt").write_text("The bridge opened in 1932.", encoding="utf-8")
    (notes / "old" / "tower.txt").write_text("The tower is 150 metres tall.", encoding="utf-8")
    (notes / "old" / "blank.txt").write_text(" ", encoding="utf-8")
    (notes / "program.bin").write_bytes(bytes(range(256)))
    command = ["add", str(notes), "--library", str(tmp_path / "library")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == EXIT_ERROR
    assert "bridge.txt" in result.output
    assert "tower.txt" in result.output
    assert "2 of 4 added. Not added:" in result.output
    assert "blank.txt" in result.output
    assert "program.bin" in result.output
    (notes / "old" / "blank.txt").unlink()
    (notes / "program.bin").unlink()
    assert CliRunner().invoke(app, command).exit_code == 0
    assert "single folder" in CliRunner().invoke(app, [*command, str(notes), "--watch"]).output


def test_a_watched_folder_is_followed_until_ctrl_c(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    bridge = notes / "bridge.txt"
    bridge.write_text("The bridge opened in 1932.", encoding="utf-8")
    command = ["add", str(notes), "--watch", "--library", str(tmp_path / "library")]
    with subprocess.Popen(
        [sys.executable, "-m", "qa", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            assert process.stdout
            assert "Watching" in process.stdout.readline()
            assert process.stdout.readline() == "Added “Bridge”.\n"
            bridge.write_text("The bridge opened in 1933.", encoding="utf-8")
            assert process.stdout.readline() == "Added “Bridge”.\n"
            assert process.stdout.readline() == "Removed the earlier article of bridge.txt.\n"
            bridge.unlink()
            assert process.stdout.readline() == "Removed the article of bridge.txt.\n"
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=30) == ("", "Interrupted.\n")
            assert process.returncode == EXIT_INTERRUPTED
        finally:
            process.kill()
