"""Markdown → text, title and headings; the text keeps its marks."""

from __future__ import annotations

from index.headings import markdown_headings
from index.limits import LoadLimits
from index.loaded import Loaded


def read(data: bytes, _: LoadLimits) -> Loaded:
    """Return the Markdown text in ``data``, which is UTF-8, and its headings.

    The title is the first heading of the first level.
    """
    text = data.decode()
    headings = markdown_headings(text)
    title = next((text[h.start : h.end] for h in headings if h.level == 1), "")
    return Loaded(text, title, headings)
