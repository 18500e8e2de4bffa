"""How ``article-qa mcp`` is started; what it answers is tested in tests/api."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from index.errors import LibraryMissing, ModelUnavailable
from qa.api import mcp_endpoint
from qa.cli.commands import app


def test_a_library_and_an_article_cannot_both_be_named(tmp_path: Path) -> None:
    options = ["--library", str(tmp_path), "--article", str(tmp_path / "a.txt")]
    result = CliRunner().invoke(app, ["mcp", *options])
    assert result.exit_code == 2
    assert "not both" in result.output


def test_a_library_to_read_must_exist(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["mcp", "--library", str(tmp_path / "none")])
    assert isinstance(result.exception, LibraryMissing)
    assert result.stdout == ""


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_endpoint, "is_mcp_installed", lambda: False)
    result = CliRunner().invoke(app, ["mcp"])
    assert isinstance(result.exception, ModelUnavailable)
    assert "pip install 'article-qa[mcp]'" in str(result.exception)
