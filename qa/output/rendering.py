"""Render the HTML templates of a package, and read its style sheets and scripts."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from qa.output.escape import escape_html

# Line breaks beside a tag, which are removed; any other line break becomes a space.
_BESIDE_TAG = re.compile(r"(?<=[>}])\s*\n\s*|\s*\n\s*(?=[<{])")
_LINE_BREAK = re.compile(r"\s*\n\s*")


def template_environment(package: str) -> Environment:
    """Return an environment for the ``templates`` folder of a package.

    Every value is escaped by :func:`qa.output.escape.escape_html`, unless it is a ``Markup``,
    and an unknown name is an error.
    """
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_escaped,
        extensions=[_OneLine],
        auto_reload=False,
    )


def read_static(package: str, *names: str) -> str:
    """Return the text of files in the package's ``static`` folder, joined by line breaks."""
    folder = resources.files(package) / "static"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def _escaped(value: Any) -> Any:  # noqa: ANN401 - whatever a template is given
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return Markup(escape_html(value)) if is_text else value  # noqa: S704 - it is escaped here


class _OneLine(Extension):
    """Joins the lines of a template, as some white space between tags would be visible."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        del name, filename
        return _LINE_BREAK.sub(" ", _BESIDE_TAG.sub("", source.strip()))
