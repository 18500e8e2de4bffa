"""A file, its bytes or a web address → the article in it, within the limits of the settings."""

from __future__ import annotations

from pathlib import Path

from index.types import Article
from qa.config import Settings


def read_bytes(data: bytes, name: str, settings: Settings, *, title: str = "") -> Article:
    """Return the article in a file's bytes; ``name`` gives the format and, if need be, the title.

    Raises:
        InputError: The bytes cannot be used; see :mod:`index.errors`.
    """
    from index.loaders import load_bytes

    return load_bytes(data, name, title=title, limits=settings.load_limits)


def read_file(path: Path, settings: Settings, *, title: str = "") -> Article:
    """Return the article in a file.

    Raises:
        InputError: The file cannot be used; see :mod:`index.errors`.
    """
    from index.loaders import load_file

    return load_file(path, title=title, limits=settings.load_limits)


def read_url(url: str, settings: Settings, *, title: str = "") -> Article:
    """Return the article at a web address, which is fetched.

    Raises:
        FetchError: The page cannot be fetched, or must not be.
        InputError: What came back cannot be used; see :mod:`index.errors`.
    """
    from index.fetch import FetchLimits, fetch
    from index.loaders import load_bytes

    limits = settings.load_limits
    page = fetch(url, limits=FetchLimits(max_bytes=limits.max_bytes))
    return load_bytes(
        page.data,
        page.name,
        title=title,
        source=page.url,
        content_type=page.content_type,
        limits=limits,
    )
