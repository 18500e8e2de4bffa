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
    max_page_seconds: float = 300.0
    """Recognising one page of a scan, which takes 5 to 15 seconds of one processor; these pages do
    not count for ``max_seconds``."""
    max_pixels: int = 80_000_000
    """One picture. A page of A3 at 600 dots per inch has 70 million."""
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

    def check_pixels(self, width: int, height: int) -> None:
        """Raise TooLarge if a picture has more pixels than ``max_pixels``."""
        if width * height > self.max_pixels:
            msg = (
                f"Its picture of {width:,} × {height:,} pixels is over the limit of "
                f"{self.max_pixels:,} pixels. Make it smaller."
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


_start_page: ContextVar[Callable[[], None]] = ContextVar("start_page", default=lambda: None)


@contextlib.contextmanager
def page_starts(report: Callable[[], None]) -> Iterator[None]:
    """Call ``report`` whenever this thread begins to recognise a page of a scan."""
    token = _start_page.set(report)
    try:
        yield
    finally:
        _start_page.reset(token)


def start_scanned_page() -> None:
    """Call what :func:`page_starts` set, if anything: a page of a scan is recognised next."""
    _start_page.get()()
