"""Markdown → text, title and headings; the text keeps its marks."""

from __future__ import annotations

from index.limits import LoadLimits
from index.sources.document import ParsedDocument
from index.sources.plain_text import markdown_headings


def read(data: bytes, _: LoadLimits) -> ParsedDocument:
    """Return the Markdown text in ``data``, which is UTF-8, and its headings.

    The title is the first heading of the first level.
    """
    text = data.decode()
    headings = markdown_headings(text)
    title = next((text[h.start : h.end] for h in headings if h.level == 1), "")
    return ParsedDocument(text, title, headings)
