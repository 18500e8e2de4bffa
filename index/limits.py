"""Limit how much is read from one file, and let a caller cancel long work."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from index.errors import TooLarge

DEFAULT_MAX_BYTES = 50_000_000
DEFAULT_MAX_CHARS = 20_000_000
DEFAULT_MAX_PAGES = 5_000


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Limits on one file. The first three are also settings, with the same defaults."""

    max_bytes: int = DEFAULT_MAX_BYTES
    """Size of the file; the setting ``max_article_bytes``."""
    max_chars: int = DEFAULT_MAX_CHARS
    """Length of its text; the setting ``max_article_chars``."""
    max_pages: int = DEFAULT_MAX_PAGES
    """Pages or slides; the setting ``max_pages``."""
    max_entries: int = 20_000
    """Files in a zip archive."""
    max_unpacked_bytes: int = 400_000_000
    """All files of a zip archive together, unpacked."""
    max_ratio: int = 250
    """Unpacked size of a zipped file as a multiple of its packed size. Deflate reaches 1,032;
    the XML of 100,000 paragraphs that differ by a number reaches 32."""
    max_xml_bytes: int = 64_000_000
    """One XML file of a zip archive, unpacked: its tree takes about ten times as much memory."""
    max_seconds: float = 300.0
    """Reading any file but plain text, from when the subprocess is ready."""
    max_start_seconds: float = 120.0
    """Starting the subprocess, which takes half a second on an idle machine."""
    max_memory_bytes: int = 2_000_000_000
    """The subprocess's address space, on systems that can limit it."""

    def check_chars(self, chars: int) -> None:
        """Raise TooLarge if a text has more characters than ``max_chars``."""
        if chars > self.max_chars:
            msg = (
                f"Its text is over the limit of {self.max_chars:,} characters. Split it, or raise "
                "the setting max_article_chars."
            )
            raise TooLarge(msg)

    def check_pages(self, pages: int) -> None:
        """Raise TooLarge if a file has more pages than ``max_pages``."""
        if pages > self.max_pages:
            msg = (
                f"It has more pages than the limit of {self.max_pages:,}. Split it, or raise the "
                "setting max_pages."
            )
            raise TooLarge(msg)


DEFAULT_LIMITS = LoadLimits()

_check: ContextVar[Callable[[], None]] = ContextVar("check", default=lambda: None)


@contextlib.contextmanager
def cancel_check(check: Callable[[], None]) -> Iterator[None]:
    """Call ``check`` several times a second while this thread reads or chunks an article.

    An exception that it raises cancels the work and is passed on to the caller.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def check_cancelled() -> None:
    """Call the check that :func:`cancel_check` set, if any."""
    _check.get()()
