"""Turn an error into the sentence that the page shows for it."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from index.errors import ArticleQAError

UNEXPECTED = "Something went wrong on our side. The program's log has the details."

# A path of two names or more; not the path of an address, behind whose colon it begins.
_PATH = re.compile(
    r"""(?<![^\s'"(“‘])(?:(?:/[^\s/'"()“”‘’:,;]+){2,}/?|[A-Za-z]:\\[^\s'"()“”:,;]+)"""
)
_logger = logging.getLogger(__name__)


def sentence(error: Exception) -> str:
    """Return what to tell the visitor, without the folders of this machine.

    An error that is not ours is logged, not shown.
    """
    if isinstance(error, ArticleQAError):
        return _without_folders(error)
    _logger.error("A request failed.", exc_info=error)
    return UNEXPECTED


def _without_folders(error: Exception) -> str:
    """Return the message of ``error``, with the last name alone of every absolute path."""
    message = str(error)
    # Those that the system named first: they may have spaces, by which no pattern knows the end.
    for path in sorted(_paths_behind(error), key=lambda path: -len(str(path))):
        message = message.replace(str(path), path.name)
    return _PATH.sub(lambda match: re.split(r"[/\\]", match[0].rstrip("/\\"))[-1], message)


def _paths_behind(error: BaseException | None) -> set[Path]:
    """Return the absolute paths of the system's errors that led to ``error``, and their folders."""
    found: set[Path] = set()
    while error is not None:
        for name in (getattr(error, "filename", None), getattr(error, "filename2", None)):
            if isinstance(name, str) and Path(name).is_absolute():
                found |= {Path(name), Path(name).parent} - {Path(Path(name).anchor)}
        error = error.__cause__ or error.__context__
    return found
