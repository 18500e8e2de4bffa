"""Render the page's templates and its status line."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from qa.output.escape import escape_html, escape_markdown
from qa.output.rendering import template_environment
from qa.output.to_text import in_quotation_marks

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
