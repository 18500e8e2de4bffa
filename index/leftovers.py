"""What a writer that was killed leaves in a library's folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

TEMPORARY = ".tmp"
"""What the name of a file ends with until it is renamed into place."""


def remove_leftovers(folder: Path) -> None:
    """Remove half-written files; the caller holds the write lock, so that none is being written."""
    for path in folder.glob(f"*{TEMPORARY}"):
        with contextlib.suppress(OSError):
            path.unlink()
