"""How much of a file is read, at most. A file over a limit is refused, and the message names it."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_MAX_BYTES = 50_000_000
DEFAULT_MAX_CHARS = 20_000_000
DEFAULT_MAX_PAGES = 5_000


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Bounds on one file. The first three are settings, too; their defaults are the same."""

    max_bytes: int = DEFAULT_MAX_BYTES
    """The file itself; the setting ``max_article_bytes``."""
    max_chars: int = DEFAULT_MAX_CHARS
    """The text in it; the setting ``max_article_chars``."""
    max_pages: int = DEFAULT_MAX_PAGES
    """Pages or slides; the setting ``max_pages``."""
    max_entries: int = 20_000
    """Files within a zip."""
    max_unpacked_bytes: int = 400_000_000
    """All files of a zip together, unpacked."""
    max_ratio: int = 250
    """How many times larger than packed a file of a zip may be. Deflate comes to 1,032 at
    most; the XML of 100,000 paragraphs that differ by a number comes to 32."""
    max_xml_bytes: int = 64_000_000
    """One XML file of a zip, unpacked: its tree takes about ten times as much memory."""
    max_seconds: float = 300.0
    """Reading any file but plain text, from when its process is ready to begin."""
    max_start_seconds: float = 120.0
    """Starting that process, which takes half a second on an idle machine."""
    max_memory_bytes: int = 2_000_000_000
    """The address space of that process, where the system can bound it."""


DEFAULT_LIMITS = LoadLimits()
