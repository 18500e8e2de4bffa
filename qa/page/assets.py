"""The page's style sheet, script and HTML templates, read from their files."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from qa.output.escape import escape_markdown
from qa.output.rendering import read_static, template_environment
from qa.output.to_text import in_quotation_marks

PAGE_STYLE = "\n".join(
    (
        read_static("qa.output", "palette.css"),
        read_static("qa.page", "page.css", "chat.css"),
        read_static("qa.output", "marks.css"),
        # Last the rules for some screens only: they override those before them.
        read_static("qa.page", "article.css", "shelf.css", "touch.css", "screens.css"),
    )
)
# One script in the head of the page, so that the policy names a single hash. The functions in
# it are called by the js and js_on_load of Gradio's components, which cannot load a file.
PAGE_SCRIPT = read_static(
    "qa.page",
    "startup.js",
    "keyboard.js",
    "errors.js",
    "shelf.js",
    "adding.js",
    "chat.js",
    "article.js",
    "quotes.js",
)

_templates = template_environment("qa.page")
_templates.filters["quoted"] = in_quotation_marks
# A template that becomes part of a Markdown reply: no character may be Markdown, either.
_templates.filters["literal"] = lambda text: Markup(escape_markdown(text))  # noqa: S704 - escaped


def render(template: str, **values: Any) -> str:  # noqa: ANN401 - what the template names
    """Return the HTML of a template in ``templates/``; each value is escaped unless ``Markup``."""
    return _templates.get_template(template).render(values)
