"""What PDFium tells of a PDF: lines and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

Outline = dict[int, dict[str, int]]
"""By page, the titles of its bookmarks in lower case, and the level of each."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, in points from the page's lower left corner."""

    page: int
    """From 1."""
    text: str
    left: float
    right: float
    baseline: float
    size: float
    """Of its letters."""
