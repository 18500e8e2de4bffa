from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import LibraryUnwritable, UnreadableFile
from qa.output.error_messages import UNEXPECTED_ERROR, error_message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("The library /srv/data/lib is full.", "The library lib is full."),
        ("'/srv/a/b.txt' is damaged.", "'b.txt' is damaged."),
        ("It is at C:\\Users\\me\\lib now.", "It is at lib now."),
        ("https://example.org/a/b.html cannot be fetched.",) * 2,
        ("Either text/plain or text/html and/or a part.",) * 2,
    ],
)
def test_a_message_names_no_folder_of_the_server(message: str, shown: str) -> None:
    assert error_message(LibraryUnwritable(message)) == shown


def test_a_path_with_spaces_from_a_system_error_is_not_shown(tmp_path: Path) -> None:
    missing = tmp_path / "two words" / "a file.txt"
    try:
        missing.read_bytes()
    except OSError as cause:
        error = UnreadableFile(f"{missing} cannot be read: {cause}")
        error.__cause__ = cause
    assert str(tmp_path) not in error_message(error)
    assert error_message(error).startswith("a file.txt cannot be read")


def test_a_system_error_is_logged_and_not_shown() -> None:
    assert (
        error_message(PermissionError(13, "Permission denied", "/srv/data/lib")) == UNEXPECTED_ERROR
    )


def test_a_long_message_is_handled_in_linear_time() -> None:
    assert error_message(UnreadableFile("/a" * 200_000)) == "a"
