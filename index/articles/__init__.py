"""The bundled article (see README.md for its author and licence)."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources

from index.types import Article

_FILE = "us-urges-india-pakistan-dialogue.txt"
_EXAMPLES = "examples.json"
_TITLE = "US urges India–Pakistan dialogue"


@dataclass(frozen=True, slots=True)
class Example:
    """An example question about the bundled article, and the name that its answer quotes."""

    question: str
    name: str


def bundled_article() -> Article:
    """Return the bundled article."""
    from index.sources.loaders import load_bytes

    data = resources.files(__name__).joinpath(_FILE).read_bytes()
    return load_bytes(data, _FILE, title=_TITLE)


def examples_for(article_id: str) -> tuple[Example, ...]:
    """Return the example questions for an article; only the bundled one has any."""
    return _examples() if article_id == _bundled_id() else ()


@functools.cache
def _bundled_id() -> str:
    return bundled_article().id


@functools.cache
def _examples() -> tuple[Example, ...]:
    text = resources.files(__name__).joinpath(_EXAMPLES).read_text(encoding="utf-8")
    return tuple(Example(**each) for each in json.loads(text))
