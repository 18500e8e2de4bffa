"""What is kept for visitors, where the folder cannot be written to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from qa.visitors.shelves import Shelves
from qa.visitors.state_database import STATE_FILE, StateDatabase


def without_permission_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every folder one that this process may only read; root may write to any."""
    access = os.access

    def may(path: Any, mode: int) -> bool:  # noqa: ANN401 - as of os.access
        return mode != os.W_OK and access(path, mode)

    monkeypatch.setattr(os, "access", may)


def test_a_folder_that_is_read_only_is_read_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = StateDatabase(tmp_path)
    Shelves(state).put("a", "anna", is_new=True)
    state.close()
    before = (tmp_path / STATE_FILE).read_bytes()
    without_permission_to_write(monkeypatch)
    state = StateDatabase(tmp_path)
    Shelves(state).put("b", "ben", is_new=True)
    assert Shelves(state).shelves() == {"a": {"anna"}, "b": {"ben"}}
    assert state.path is None
    state.close()
    assert (tmp_path / STATE_FILE).read_bytes() == before


def test_a_folder_that_is_read_only_and_empty_stays_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_permission_to_write(monkeypatch)
    state = StateDatabase(tmp_path)
    assert Shelves(state).shelves() == {}
    state.close()
    assert list(tmp_path.iterdir()) == []
