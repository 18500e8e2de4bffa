"""What a visitor is told when something goes wrong."""

from __future__ import annotations

import logging

from index.errors import ArticleQAError

UNEXPECTED = "Something went wrong on our side. The details are in the log of the program."

_logger = logging.getLogger(__name__)


def sentence(error: Exception) -> str:
    """Return what to tell the visitor; an error that is not ours is logged, not shown."""
    if isinstance(error, ArticleQAError):
        return str(error)
    _logger.error("A request failed.", exc_info=error)
    return UNEXPECTED
