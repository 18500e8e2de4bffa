"""What a user sees of an error, without the names of the server's folders."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from index.errors import ArticleQAError

UNEXPECTED_ERROR = "Something went wrong on our side. The program's log has the details."

# Two folder levels or more. The path of a web address does not match: a colon precedes it.
_FILE_PATH = re.compile(
    r"""(?<![^\s'"(“‘])(?:(?:/[^\s/'"()“”‘’:,;]+){2,}/?|[A-Za-z]:\\[^\s'"()“”:,;]+)"""
)
_logger = logging.getLogger(__name__)


def error_message(error: Exception) -> str:
    """Return the message to show for an error, without names of the server's folders.

    An error that is not one of ours is logged, and a general message is returned.
    """
    if isinstance(error, ArticleQAError):
        return _without_folders(error)
    _logger.error("A request failed.", exc_info=error)
    return UNEXPECTED_ERROR


def _without_folders(error: Exception) -> str:
    """Return the message of ``error`` with each absolute path shortened to its last name."""
    message = str(error)
    # Paths reported by the system come first: they may contain spaces, so no pattern finds
    # their end.
    for path in sorted(_paths_in_causes(error), key=lambda path: -len(str(path))):
        message = message.replace(str(path), path.name)
    return _FILE_PATH.sub(lambda match: re.split(r"[/\\]", match[0].rstrip("/\\"))[-1], message)


def _paths_in_causes(error: BaseException | None) -> set[Path]:
    """Return the absolute paths, and their folders, of the system errors behind ``error``."""
    paths: set[Path] = set()
    while error is not None:
        for name in (getattr(error, "filename", None), getattr(error, "filename2", None)):
            if isinstance(name, str) and Path(name).is_absolute():
                paths |= {Path(name), Path(name).parent} - {Path(Path(name).anchor)}
        error = error.__cause__ or error.__context__
    return paths
