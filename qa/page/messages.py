"""Render the page's templates, its status line and its error messages."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from markupsafe import Markup

from index.errors import ArticleQAError
from qa.output.escape import escape_html, escape_markdown
from qa.output.rendering import template_environment
from qa.output.to_text import in_quotation_marks

UNEXPECTED_ERROR = "Something went wrong on our side. The program's log has the details."

# Two folder levels or more. The path of a web address does not match: a colon precedes it.
_FILE_PATH = re.compile(
    r"""(?<![^\s'"(“‘])(?:(?:/[^\s/'"()“”‘’:,;]+){2,}/?|[A-Za-z]:\\[^\s'"()“”:,;]+)"""
)
_logger = logging.getLogger(__name__)

_templates = template_environment("qa.page")
_templates.filters["quoted"] = in_quotation_marks
# For a template inside a Markdown reply, where no character may act as Markdown either.
_templates.filters["literal"] = lambda text: Markup(escape_markdown(text))  # noqa: S704 - escaped


def render(template: str, **values: Any) -> str:  # noqa: ANN401 - what the template names
    """Return the HTML of a template in ``templates/``; each value is escaped unless ``Markup``."""
    return _templates.get_template(template).render(values)


def status_html(state: str, text: str, turn: int = 0) -> str:
    """Return the status line; ``state`` is one word that the style sheet and script know."""
    return (
        f'<p class="status" role="status" data-state="{escape_html(state)}" '
        f'data-turn="{turn}">{escape_html(text)}</p>'
    )


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
