"""The article that comes with the chatbot (see README.md for whose it is)."""

from __future__ import annotations

from importlib import resources

from index.types import Article

_FILE = "us-urges-india-pakistan-dialogue.txt"
_TITLE = "US urges India–Pakistan dialogue"


def bundled_article() -> Article:
    """Return the article that comes along."""
    from index.loaders import load_bytes

    data = resources.files(__name__).joinpath(_FILE).read_bytes()
    return load_bytes(data, _FILE, title=_TITLE)
