"""How much of a file is read, at most. What is over a limit is refused, and the limit named."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Bounds on one file. The first three are settings of the same name or nearly so."""

    max_bytes: int = DEFAULT_MAX_BYTES
    """The file as it is given; the setting ``max_article_bytes``."""
    max_chars: int = 20_000_000
    """The text that comes out; the setting ``max_article_chars``."""
    max_pages: int = 5_000
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
    """The whole reading of a PDF, e-book or office document, which has a process of its own."""
    max_memory_bytes: int = 2_000_000_000
    """The address space of that process, where the system can bound it."""


DEFAULT_LIMITS = LoadLimits()
